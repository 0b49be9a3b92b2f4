//! `cartwright-api migrate`: brings the database to the newest migration and gives the logins of the roles their passwords.

use std::time::Duration;

use anyhow::{Context, ensure};
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::clients::object_store::{ObjectStore, ObjectStoreConfig};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// What `migrate` needs.
#[derive(clap::Args)]
pub(crate) struct MigrateConfig {
    /// Postgres, as the owner of the database: one who may create tables and roles.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
    /// Password of the login `cartwright_api`. Stays as it is when absent.
    #[arg(long, env = "CARTWRIGHT_API_DATABASE_PASSWORD", hide_env_values = true)]
    api_database_password: Option<SecretString>,
    /// Password of the login `cartwright_worker`. Stays as it is when absent.
    #[arg(
        long,
        env = "CARTWRIGHT_WORKER_DATABASE_PASSWORD",
        hide_env_values = true
    )]
    worker_database_password: Option<SecretString>,
    /// Password of the login `cartwright_billing`. Stays as it is when absent.
    #[arg(
        long,
        env = "CARTWRIGHT_BILLING_DATABASE_PASSWORD",
        hide_env_values = true
    )]
    billing_database_password: Option<SecretString>,
    /// Make the bucket too, unless it is there. An S3 service that has just been started is waited for.
    #[arg(long)]
    create_bucket: bool,
    #[command(flatten)]
    object_store: ObjectStoreConfig,
}

/// How often, a second apart, an S3 service is asked for its bucket.
const BUCKET_ATTEMPTS: u32 = 30;

/// Migrate. Safe to run again, and by several at a time: one after the other.
pub(crate) async fn migrate(config: MigrateConfig) -> anyhow::Result<()> {
    let mut owner = PgConnection::connect(config.database_url.expose_secret())
        .await
        .context("cannot reach Postgres at DATABASE_URL")?;
    MIGRATIONS
        .run(&mut owner)
        .await
        .context("the migrations stopped")?;
    let logins = [
        ("cartwright_api", config.api_database_password),
        ("cartwright_worker", config.worker_database_password),
        ("cartwright_billing", config.billing_database_password),
    ];
    for (login, password) in logins {
        if let Some(password) = password {
            give_password(&mut owner, login, &password).await?;
        }
    }
    if config.create_bucket {
        create_bucket(&config.object_store).await?;
    }
    let newest = MIGRATIONS.iter().map(|each| each.version).max();
    println!(
        "the database is at migration {}",
        newest.unwrap_or_default()
    );
    Ok(())
}

async fn create_bucket(config: &ObjectStoreConfig) -> anyhow::Result<()> {
    let store = ObjectStore::new(config).await;
    let mut attempt = 1;
    while let Err(error) = store.create_bucket().await {
        if attempt == BUCKET_ATTEMPTS {
            return Err(error).context("S3 has no bucket and makes none");
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn give_password(
    owner: &mut PgConnection,
    login: &'static str,
    password: &SecretString,
) -> anyhow::Result<()> {
    ensure!(
        !password.expose_secret().is_empty(),
        "the password of {login} is empty"
    );
    // `alter role` takes no parameters; Postgres itself quotes the text.
    let statement: String =
        sqlx::query_scalar("select format('alter role %I password %L', $1, $2)")
            .bind(login)
            .bind(password.expose_secret())
            .fetch_one(&mut *owner)
            .await?;
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(owner)
        .await
        .map_err(|_| {
            anyhow::anyhow!(
                "cannot give {login} its password: the owner must be allowed to alter it"
            )
        })?;
    Ok(())
}
