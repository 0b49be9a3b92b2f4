//! SQL of the queue, and of what a compiled version gets written.

use anyhow::Context;
use cartwright_domain::ids::FunctionId;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::Task;
use super::claim::Claimed;
use super::compile::Verdict;
use crate::database::{Crossing, TenantTx};
use crate::error::ApiError;
use crate::functions;

/// Queue a task. A worker hears of it when the transaction commits.
pub(crate) async fn insert(tx: &mut TenantTx, task: &Task) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into job (tenant_id, job_id, task) values ($1, $2, $3)",
        tx.tenant().uuid(),
        Uuid::now_v7(),
        Json(task) as _,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!("select pg_notify($1, '')", super::HINT_CHANNEL)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Take a job that is due. `owner` is new with every claim.
pub(super) async fn claim(
    crossing: &mut Crossing,
    owner: Uuid,
    lease_ms: i32,
    kinds: &[&str],
) -> Result<Option<Claimed>, ApiError> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let claimed = sqlx::query_as!(
        Claimed,
        r#"
        select tenant_id as "tenant_id!", job_id as "job_id!", task as "task!: Json<Task>", attempts as "attempts!",
               last_error
        from job_claim($1, $2, 1, $3)
        "#,
        owner,
        lease_ms,
        &kinds,
    )
    .fetch_optional(crossing.connection())
    .await?;
    Ok(claimed)
}

/// Keep the lease for so long from now. False when it was lost.
pub(super) async fn renew(
    tx: &mut TenantTx,
    job_id: Uuid,
    owner: Uuid,
    lease_ms: i32,
) -> Result<bool, ApiError> {
    let renewed = sqlx::query!(
        r#"
        update job set lease_until = now() + $4 * interval '1 millisecond'
        where tenant_id = $1 and job_id = $2 and lease_owner = $3
        "#,
        tx.tenant().uuid(),
        job_id,
        owner,
        f64::from(lease_ms),
    )
    .execute(tx.connection())
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Let go of the job, and do it again after this time. Without a failure there is no error.
pub(super) async fn put_off(
    tx: &mut TenantTx,
    job_id: Uuid,
    owner: Uuid,
    delay_ms: i32,
    error: Option<&str>,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update job set run_at = now() + $4 * interval '1 millisecond', lease_until = null, last_error = $5
        where tenant_id = $1 and job_id = $2 and lease_owner = $3
        "#,
        tx.tenant().uuid(),
        job_id,
        owner,
        f64::from(delay_ms),
        error,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The job is this from now on. False when its lease was lost: then this transaction must not commit.
pub(super) async fn go_on_with(
    tx: &mut TenantTx,
    job_id: Uuid,
    owner: Uuid,
    rest: &Task,
) -> Result<bool, ApiError> {
    let noted = sqlx::query!(
        "update job set task = $4 where tenant_id = $1 and job_id = $2 and lease_owner = $3",
        tx.tenant().uuid(),
        job_id,
        owner,
        Json(rest) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// The job is done. False when its lease was lost: then whoever holds it now finishes, and this transaction must not commit.
pub(super) async fn finish(tx: &mut TenantTx, job_id: Uuid, owner: Uuid) -> Result<bool, ApiError> {
    let done = sqlx::query!(
        "delete from job where tenant_id = $1 and job_id = $2 and lease_owner = $3",
        tx.tenant().uuid(),
        job_id,
        owner,
    )
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many jobs there are, and how long the oldest that is due has waited, in seconds.
pub(super) async fn backlog(crossing: &mut Crossing) -> Result<(i64, f64), ApiError> {
    let backlog =
        sqlx::query!(r#"select jobs as "jobs!", waiting_s as "waiting_s!" from job_backlog()"#)
            .fetch_one(crossing.connection())
            .await?;
    Ok((backlog.jobs, backlog.waiting_s))
}

/// A version that waits for the compiler.
pub(super) struct Waiting {
    pub(super) function: String,
    pub(super) sha256: Vec<u8>,
    pub(super) size_bytes: i64,
}

/// The version, if it still waits. Locks nothing: the lease says who works on it.
pub(super) async fn waiting(
    tx: &mut TenantTx,
    function_id: FunctionId,
    version: i32,
) -> Result<Option<Waiting>, ApiError> {
    let waiting = sqlx::query_as!(
        Waiting,
        r#"
        select f.name as function, v.sha256, v.size_bytes
        from version v
        join function f on f.tenant_id = v.tenant_id and f.function_id = v.function_id
        where v.tenant_id = $1 and v.function_id = $2 and v.version = $3 and v.status = 'compiling'
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(waiting)
}

/// The alias that waits for a version, who asked for that, and when.
pub(super) struct Promotion {
    pub(super) alias: String,
    pub(super) by: String,
    pub(super) asked_at: DateTime<Utc>,
}

/// Write what was found out about a version. Answers the alias to move, which is told once.
pub(super) async fn settle(
    tx: &mut TenantTx,
    function_id: FunctionId,
    version: i32,
    verdict: &Verdict,
) -> Result<Option<Promotion>, ApiError> {
    functions::store::lock(tx, function_id).await?;
    // `returning` would give the row as it is after the update.
    let promotion = sqlx::query!(
        r#"
        select promote_alias, promote_by, promote_asked_at from version
        where tenant_id = $1 and function_id = $2 and version = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
    )
    .fetch_one(tx.connection())
    .await?;
    let artifact = verdict.artifact.as_ref();
    // As text: sqlx would send jsonb, which sorts what is in a settings schema.
    let report = serde_json::to_string(&verdict.report).context("a report is plain JSON")?;
    sqlx::query!(
        r#"
        update version
        set status = case when $4::bytea is null then 'refused' else 'ready' end, report = $5::text::json, settled_at = now(),
            artifact_sha256 = $4, artifact_bytes = $6, signature = $7, engine_epoch = $8,
            promote_alias = null, promote_by = null, promote_asked_at = null
        where tenant_id = $1 and function_id = $2 and version = $3
        "#,
        tx.tenant().uuid(),
        function_id.uuid(),
        version,
        artifact.map(|artifact| artifact.sha256.as_slice()),
        report,
        artifact.map(|artifact| artifact.bytes),
        artifact.map(|artifact| artifact.signature.as_slice()),
        i32::from(verdict.report.engine_epoch),
    )
    .execute(tx.connection())
    .await?;
    Ok(promotion
        .promote_alias
        .zip(promotion.promote_by)
        .zip(promotion.promote_asked_at)
        .map(|((alias, by), asked_at)| Promotion {
            alias,
            by,
            asked_at,
        }))
}

/// Keep the partitions of run logs: make those of the days ahead, and drop those whose days are over. Answers how many were dropped.
pub(super) async fn turn_run_log_days(
    crossing: &mut Crossing,
    days_kept: i32,
) -> Result<i32, ApiError> {
    sqlx::query!("select run_log_create_days(1, 8)")
        .execute(crossing.connection())
        .await?;
    let dropped = sqlx::query_scalar!(r#"select run_log_drop_days($1) as "dropped!""#, days_kept)
        .fetch_one(crossing.connection())
        .await?;
    Ok(dropped)
}

/// Forget changes that every executor has heard of.
pub(super) async fn prune_changes(crossing: &mut Crossing) -> Result<i64, ApiError> {
    let pruned = sqlx::query_scalar!(r#"select prune_changes() as "pruned!""#)
        .fetch_one(crossing.connection())
        .await?;
    Ok(pruned)
}

/// Forget sessions that were over long ago.
pub(super) async fn prune_sessions(crossing: &mut Crossing) -> Result<i64, ApiError> {
    let pruned = sqlx::query_scalar!(r#"select prune_sessions() as "pruned!""#)
        .fetch_one(crossing.connection())
        .await?;
    Ok(pruned)
}
