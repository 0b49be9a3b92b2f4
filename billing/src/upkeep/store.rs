//! SQL of upkeep.

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};

use crate::app::App;
use crate::error::BillingError;

/// A day that had no partition.
pub(super) struct Day {
    pub(super) day: NaiveDate,
    /// Whether it has one now.
    pub(super) made: bool,
}

/// What is stored and differs from what was taken in.
pub(super) struct Drift {
    /// Batches that were checked.
    pub(super) manifests: u64,
    /// Batches whose records are not those of their manifest.
    pub(super) manifest_drift: u64,
    /// Rollups that a recount does not confirm.
    pub(super) rollup_drift: u64,
    /// Some of them, by name.
    pub(super) examples: Vec<String>,
}

/// Whether the database answers.
pub(super) async fn ping(app: &App) -> Result<(), BillingError> {
    let mut tx = app.database.crossing().await?;
    sqlx::query!("select 1 as one")
        .fetch_one(tx.connection())
        .await?;
    Ok(())
}

/// Make the partitions of the coming days that lack one.
pub(super) async fn make_partitions(app: &App, days: i32) -> Result<Vec<Day>, BillingError> {
    let mut tx = app.database.crossing().await?;
    let made = sqlx::query_as!(
        Day,
        r#"select day as "day!", made as "made!" from meter_partitions_ahead($1)"#,
        days
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(made)
}

/// Forget charge keys whose time is over.
pub(super) async fn forget_charge_keys(app: &App) -> Result<(), BillingError> {
    let mut tx = app.database.crossing().await?;
    sqlx::query!("select charge_keys_forget()")
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await
}

/// How many records lie in no day's partition.
pub(super) async fn strays(app: &App) -> Result<i64, BillingError> {
    let mut tx = app.database.crossing().await?;
    let strays = sqlx::query_scalar!(r#"select meter_strays() as "strays!""#)
        .fetch_one(tx.connection())
        .await?;
    Ok(strays)
}

/// Compare what was shipped since then with what is stored.
pub(super) async fn drift(app: &App, since: DateTime<Utc>) -> Result<Drift, BillingError> {
    let mut tx = app.database.crossing().await?;
    // It reads every record of ten minutes, and nobody waits for it.
    sqlx::query!("set local statement_timeout = '120s'")
        .execute(tx.connection())
        .await?;
    let row = sqlx::query!(
        r#"
        select manifests as "manifests!", manifest_drift as "manifest_drift!", rollup_drift as "rollup_drift!",
            examples as "examples!"
        from meter_drift($1)
        "#,
        since
    )
    .fetch_one(tx.connection())
    .await?;
    let count = |number: i64| u64::try_from(number).context("a count is not negative");
    Ok(Drift {
        manifests: count(row.manifests)?,
        manifest_drift: count(row.manifest_drift)?,
        rollup_drift: count(row.rollup_drift)?,
        examples: row.examples,
    })
}
