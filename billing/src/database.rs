//! The way to Postgres: a transaction that sees one tenant, or one that sees none and calls the functions that cross.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use cartwright_domain::ids::TenantId;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use crate::config::DatabaseConfig;
use crate::error::BillingError;

/// How long a request waits for a connection before it hears that the database is not ready.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(3);

/// What a session is told at its start. A statement or a lock that takes longer than these would outlast the call that
/// waits for it. Plans are made for each call's own filters, of which none is the rule.
const SESSION: [(&str, &str); 4] = [
    ("statement_timeout", "8s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "15s"),
    ("plan_cache_mode", "force_custom_plan"),
];

/// A pool of connections that nobody else can reach.
#[derive(Clone)]
pub(crate) struct Database {
    pool: PgPool,
}

impl Database {
    /// A pool that connects when first asked, so that the process starts without its database.
    pub(crate) fn new(config: &DatabaseConfig) -> Result<Self> {
        let options = PgConnectOptions::from_str(config.database_url.expose_secret())
            .context("DATABASE_URL is not a Postgres address")?
            .application_name("cartwright-billing")
            .options(SESSION);
        let pool = PgPoolOptions::new()
            .max_connections(config.database_connections_max)
            .acquire_timeout(ACQUIRE_WITHIN)
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// Begin a transaction that sees the rows of this tenant and no other.
    pub(crate) async fn tenant_tx(&self, tenant: TenantId) -> Result<TenantTx, BillingError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "select set_config('app.tenant_id', $1, true)",
            tenant.to_string()
        )
        .fetch_one(&mut *tx)
        .await?;
        Ok(TenantTx { tx, tenant })
    }

    /// Begin a transaction that sees no tenant's rows: for tables without a tenant, and for the functions that cross.
    pub(crate) async fn crossing(&self) -> Result<Crossing, BillingError> {
        let tx = self.pool.begin().await?;
        Ok(Crossing { tx })
    }
}

/// A transaction that sees one tenant. It only reads, so there is nothing to commit.
pub(crate) struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
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
}

/// A transaction that sees no tenant's rows. Dropped without [`Crossing::commit`], it leaves nothing.
pub(crate) struct Crossing {
    tx: Transaction<'static, Postgres>,
}

impl Crossing {
    /// For the queries of a `store.rs`.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Make it stand.
    pub(crate) async fn commit(self) -> Result<(), BillingError> {
        Ok(self.tx.commit().await?)
    }
}
