//! The way to Postgres: a transaction that sees one tenant, one of the platform, or a crossing, which see none.
//!
//! Ids: a column `uuid` becomes any id of the domain by itself (`query_as!` converts with `From`); as a parameter, pass `id.uuid()`.

use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use cartwright_domain::ids::TenantId;
use cartwright_domain::names::TargetName;
use cartwright_domain::wire::Change;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::mpsc;

use crate::config::DatabaseConfig;
use crate::error::ApiError;

/// How long a request waits for a connection before it hears that the database is not ready.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(3);

/// What a session is told at its start. A statement or a lock that takes longer than these would outlast whoever waits
/// for it, and a transaction that is forgotten would hold up everyone behind its locks.
const SESSION: [(&str, &str); 3] = [
    ("statement_timeout", "8s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "15s"),
];

/// Changes that may wait to be announced. More are dropped: announcing is a hint, executors also ask.
const ANNOUNCEMENTS_MAX: usize = 1024;

/// A pool of connections that nobody else can reach.
#[derive(Clone)]
pub(crate) struct Database {
    pool: PgPool,
    announce: mpsc::Sender<Change>,
}

impl Database {
    /// A pool that connects when first asked, so that a process starts without its database, and the receiver of what
    /// its transactions changed.
    pub(crate) fn new(config: &DatabaseConfig) -> anyhow::Result<(Self, mpsc::Receiver<Change>)> {
        let options = PgConnectOptions::from_str(config.database_url.expose_secret())
            .context("DATABASE_URL is not a Postgres address")?
            .application_name("cartwright-api")
            .options(SESSION);
        let pool = PgPoolOptions::new()
            .max_connections(config.database_connections_max)
            .acquire_timeout(ACQUIRE_WITHIN)
            .connect_lazy_with(options);
        let (announce, announced) = mpsc::channel(ANNOUNCEMENTS_MAX);
        Ok((Self { pool, announce }, announced))
    }

    /// Begin a transaction that sees the rows of this tenant and no other.
    pub(crate) async fn tenant_tx(&self, tenant: TenantId) -> Result<TenantTx, ApiError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "select set_config('app.tenant_id', $1, true)",
            tenant.to_string()
        )
        .fetch_one(&mut *tx)
        .await?;
        Ok(TenantTx {
            tx,
            tenant,
            changes: Vec::new(),
            announce: self.announce.clone(),
        })
    }

    /// Begin a transaction that sees no tenant's rows: for what the platform changes of its own.
    pub(crate) async fn platform_tx(&self) -> Result<PlatformTx, ApiError> {
        Ok(PlatformTx {
            tx: self.pool.begin().await?,
            changes: Vec::new(),
            announce: self.announce.clone(),
        })
    }

    /// A connection that sees no tenant's rows: for the `security definer` functions that cross tenants, and for tables
    /// without a tenant.
    pub(crate) async fn crossing(&self) -> Result<Crossing, ApiError> {
        Ok(Crossing {
            connection: self.pool.acquire().await?,
        })
    }

    /// A connection on which Postgres says what was notified. It is taken from the pool for as long as it lives.
    pub(crate) async fn listener(&self) -> Result<PgListener, ApiError> {
        Ok(PgListener::connect_with(&self.pool).await?)
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("select 1").execute(&self.pool).await.map(drop)
    }
}

/// A transaction that sees one tenant at a time. Dropped without [`TenantTx::commit`], it leaves nothing.
pub(crate) struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
    changes: Vec<Change>,
    announce: mpsc::Sender<Change>,
}

impl TenantTx {
    /// For the queries of a `store.rs`.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Whose rows it sees.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Turn to this tenant: from here on it sees that one's rows and no other's, and one commit keeps what was written for each.
    /// For events that the platform sends of several tenants at once.
    pub(crate) async fn turn_to(&mut self, tenant: TenantId) -> Result<(), ApiError> {
        if self.tenant == tenant {
            return Ok(());
        }
        sqlx::query!(
            "select set_config('app.tenant_id', $1, true)",
            tenant.to_string()
        )
        .fetch_one(self.connection())
        .await?;
        self.tenant = tenant;
        Ok(())
    }

    /// Note that what executors hold of this tenant is old from this commit on.
    pub(crate) async fn note_tenant_change(&mut self) -> Result<(), ApiError> {
        let is_noted = |change: &Change| matches!(change, Change::Tenant { .. });
        if self.changes.iter().any(is_noted) {
            return Ok(());
        }
        let generation = sqlx::query_scalar!(r#"select note_tenant_change() as "generation!""#)
            .fetch_one(self.connection())
            .await?;
        self.changes.push(Change::Tenant {
            tenant_id: self.tenant,
            generation: u64::try_from(generation).context("a generation is positive")?,
        });
        Ok(())
    }

    /// Note that what executors hold of this key is old from this commit on.
    pub(crate) async fn note_key_change(&mut self, key_id: &str) -> Result<(), ApiError> {
        sqlx::query!("select note_key_change($1)", key_id)
            .fetch_one(self.connection())
            .await?;
        self.changes.push(Change::Key {
            key_id: key_id.to_owned(),
        });
        Ok(())
    }

    /// Make it stand, and announce what it changed.
    pub(crate) async fn commit(self) -> Result<(), ApiError> {
        self.tx.commit().await?;
        announce(&self.announce, self.changes);
        Ok(())
    }
}

fn announce(to: &mpsc::Sender<Change>, changes: Vec<Change>) {
    for change in changes {
        if to.try_send(change).is_err() {
            tracing::debug!("an announcement was dropped; executors will ask");
        }
    }
}

/// A transaction that sees no tenant's rows, and changes what is the platform's. Dropped without [`PlatformTx::commit`], it
/// leaves nothing.
pub(crate) struct PlatformTx {
    tx: Transaction<'static, Postgres>,
    changes: Vec<Change>,
    announce: mpsc::Sender<Change>,
}

impl PlatformTx {
    /// For the queries of a `store.rs`.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Note that what executors hold of the tenants that answer this target is old from this commit on; of every tenant
    /// when none is named.
    pub(crate) async fn note_target_change(
        &mut self,
        target: Option<&TargetName>,
    ) -> Result<(), ApiError> {
        let noted = sqlx::query!(
            r#"select tenant_id as "tenant_id!", generation as "generation!" from note_target_change($1)"#,
            target.map(TargetName::as_str),
        )
        .fetch_all(self.connection())
        .await?;
        for row in noted {
            self.changes.push(Change::Tenant {
                tenant_id: row.tenant_id.into(),
                generation: u64::try_from(row.generation).context("a generation is positive")?,
            });
        }
        Ok(())
    }

    /// Make it stand, and announce what it changed.
    pub(crate) async fn commit(self) -> Result<(), ApiError> {
        self.tx.commit().await?;
        announce(&self.announce, self.changes);
        Ok(())
    }
}

/// A connection that sees no tenant's rows.
pub(crate) struct Crossing {
    connection: sqlx::pool::PoolConnection<Postgres>,
}

impl Crossing {
    /// For the queries of a `store.rs`.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
