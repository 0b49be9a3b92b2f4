//! SQL of batches of replays. That of their runs is in [`runs::store`].

use cartwright_domain::ids::FunctionId;
use cartwright_domain::wire::Record;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::batch::{NewBatch, Status};
use super::runs;
use super::summary::Summary;
use crate::database::TenantTx;
use crate::error::ApiError;

/// A batch as it is stored.
pub(crate) struct BatchRow {
    pub(crate) batch_id: Uuid,
    pub(crate) function_id: Uuid,
    pub(crate) version: i32,
    pub(crate) against: Option<i32>,
    pub(crate) config_version: Option<i32>,
    pub(crate) last: i32,
    pub(crate) from_at: Option<DateTime<Utc>>,
    pub(crate) to_at: Option<DateTime<Utc>>,
    pub(crate) outcome: Option<String>,
    pub(crate) status: Status,
    pub(crate) error: Option<String>,
    pub(crate) summary: Option<Json<Summary>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) created_by: String,
    pub(crate) begun_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    function_id: FunctionId,
    new: &NewBatch,
    by: &str,
) -> Result<Uuid, ApiError> {
    let batch_id = Uuid::now_v7();
    sqlx::query!(
        r#"
        insert into replay_batch (
            tenant_id, batch_id, function_id, version, against, config_version, last, from_at, to_at, outcome, created_by
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        "#,
        tx.tenant().uuid(),
        batch_id,
        function_id.uuid(),
        new.version,
        new.against,
        new.config_version,
        new.last,
        new.from,
        new.to,
        new.outcome.map(|outcome| outcome.as_str()),
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(batch_id)
}

/// How many batches of the tenant have not ended. Who counts holds the tenant until its transaction ends: of two that ask at
/// once, the second sees what the first began.
pub(super) async fn open(tx: &mut TenantTx) -> Result<i64, ApiError> {
    sqlx::query!(
        "select tenant_id from tenant where tenant_id = $1 for no key update",
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    let open = sqlx::query_scalar!(
        r#"select count(*) as "open!" from replay_batch where tenant_id = $1 and ended_at is null"#,
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(open)
}

/// Batches of a function, the newest first: those before one, or just one.
pub(super) async fn page(
    tx: &mut TenantTx,
    function_id: FunctionId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<BatchRow>, ApiError> {
    let batches = sqlx::query_as!(
        BatchRow,
        r#"
        select batch_id, function_id, version, against, config_version, last, from_at, to_at, outcome,
            status as "status: Status", error, summary as "summary: Json<Summary>", created_at, created_by, begun_at, ended_at
        from replay_batch
        where tenant_id = $1 and function_id = $2 and ($3::uuid is null or batch_id < $3)
        order by batch_id desc
        limit $4
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        before,
        limit,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(batches)
}

/// One batch.
pub(crate) async fn find(tx: &mut TenantTx, batch_id: Uuid) -> Result<Option<BatchRow>, ApiError> {
    let batch = sqlx::query_as!(
        BatchRow,
        r#"
        select batch_id, function_id, version, against, config_version, last, from_at, to_at, outcome,
            status as "status: Status", error, summary as "summary: Json<Summary>", created_at, created_by, begun_at, ended_at
        from replay_batch where tenant_id = $1 and batch_id = $2
        "#,
        tx.tenant().uuid(),
        batch_id,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(batch)
}

/// Cancel a batch that has not ended. What it found out so far stays.
pub(super) async fn cancel(tx: &mut TenantTx, batch_id: Uuid) -> Result<bool, ApiError> {
    let cancelled = sqlx::query!(
        r#"
        update replay_batch set status = 'cancelled', ended_at = now()
        where tenant_id = $1 and batch_id = $2 and ended_at is null
        "#,
        tx.tenant().uuid(),
        batch_id,
    )
    .execute(tx.connection())
    .await?;
    Ok(cancelled.rows_affected() == 1)
}

/// Begin a batch with these runs. False when it has ended meanwhile.
pub(crate) async fn begin(
    tx: &mut TenantTx,
    batch_id: Uuid,
    records: &[Record],
) -> Result<bool, ApiError> {
    let begun = sqlx::query!(
        r#"
        update replay_batch set status = 'running', begun_at = now()
        where tenant_id = $1 and batch_id = $2 and status = 'queued'
        "#,
        tx.tenant().uuid(),
        batch_id,
    )
    .execute(tx.connection())
    .await?;
    if begun.rows_affected() == 0 {
        return Ok(false);
    }
    runs::store::insert(tx, batch_id, records).await?;
    Ok(true)
}

/// A batch ends, unless it was cancelled: with what it came to, or why it failed.
pub(crate) async fn end(
    tx: &mut TenantTx,
    batch_id: Uuid,
    ended: Result<&Summary, &str>,
) -> Result<(), ApiError> {
    let status = match ended {
        Ok(_) => Status::Finished,
        Err(_) => Status::Failed,
    };
    let summary = ended.ok().map(serde_json::to_string).transpose();
    sqlx::query!(
        r#"
        update replay_batch set status = $3, summary = $4::text::json, error = $5, ended_at = now()
        where tenant_id = $1 and batch_id = $2 and ended_at is null
        "#,
        tx.tenant().uuid(),
        batch_id,
        status as Status,
        summary.map_err(anyhow::Error::from)?,
        // Postgres takes no NUL in a text.
        ended.err().map(|error| error.replace('\0', "")),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The newest finished batch of a version that filters by no outcome, and compares with what was recorded or with what the
/// alias points at: a comparison with just any version would say nothing of the move.
pub(super) async fn newest_finished(
    tx: &mut TenantTx,
    function_id: FunctionId,
    version: i32,
    alias: &str,
) -> Result<Option<BatchRow>, ApiError> {
    let batch = sqlx::query_as!(
        BatchRow,
        r#"
        select batch_id, function_id, version, against, config_version, last, from_at, to_at, outcome,
            status as "status: Status", error, summary as "summary: Json<Summary>", created_at, created_by, begun_at, ended_at
        from replay_batch
        where tenant_id = $1 and function_id = $2 and version = $3 and status = 'finished' and outcome is null
            and (against is null or against = (
                select alias.version from alias where tenant_id = $1 and function_id = $2 and name = $4
            ))
        order by ended_at desc
        limit 1
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
        alias,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(batch)
}
