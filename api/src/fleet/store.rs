//! SQL of the fleet. The table has no tenant: only the operator and the roles see it.

use anyhow::Context;
use cartwright_domain::ids::WriterId;
use cartwright_domain::wire::{ExecutorReport, LOST_AFTER};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::Crossing;
use crate::error::ApiError;

/// Executors that the table holds at most: a credential that was stolen must not fill the database.
const EXECUTORS_MAX: i64 = 10_000;

/// A lost executor is forgotten so many seconds after its last report, once another has its log.
const FORGOTTEN_AFTER_S: f64 = 3_600.0;

/// An executor's row.
pub(super) struct ExecutorRow {
    pub(super) executor_id: Uuid,
    pub(super) report: Json<ExecutorReport>,
    pub(super) registered_at: DateTime<Utc>,
    pub(super) last_seen_at: DateTime<Utc>,
    /// By the database's clock, so that no other's counts.
    pub(super) unseen_s: f64,
    pub(super) drain_since: Option<DateTime<Utc>>,
    pub(super) drain_by: Option<String>,
    pub(super) taken_over_by: Option<Uuid>,
}

pub(super) async fn list(
    crossing: &mut Crossing,
    after: Option<WriterId>,
    rows: i64,
) -> Result<Vec<ExecutorRow>, ApiError> {
    Ok(sqlx::query_as!(
        ExecutorRow,
        r#"
        select executor_id, report as "report: Json<ExecutorReport>", registered_at, last_seen_at,
            extract(epoch from now() - last_seen_at)::double precision as "unseen_s!",
            drain_since, drain_by, taken_over_by
        from executor
        where $1::uuid is null or executor_id > $1
        order by executor_id
        limit $2
        "#,
        after.map(WriterId::uuid),
        rows,
    )
    .fetch_all(crossing.connection())
    .await?)
}

pub(super) async fn find(crossing: &mut Crossing, id: WriterId) -> Result<ExecutorRow, ApiError> {
    let row = sqlx::query_as!(
        ExecutorRow,
        r#"
        select executor_id, report as "report: Json<ExecutorReport>", registered_at, last_seen_at,
            extract(epoch from now() - last_seen_at)::double precision as "unseen_s!",
            drain_since, drain_by, taken_over_by
        from executor
        where executor_id = $1
        "#,
        id.uuid(),
    )
    .fetch_optional(crossing.connection())
    .await?;
    row.ok_or(ApiError::NotFound("executor"))
}

/// Write down what an executor said. Answers whether it is to be drained.
pub(super) async fn note(
    crossing: &mut Crossing,
    report: &ExecutorReport,
) -> Result<bool, ApiError> {
    let drain = sqlx::query_scalar!(
        r#"
        insert into executor (executor_id, internal_url, ready, unshipped, report)
        select $1, $2, $3, $4, $5
        where exists (select from executor where executor_id = $1) or (select count(*) from executor) < $6
        on conflict (executor_id) do update set
            internal_url = excluded.internal_url, ready = excluded.ready, unshipped = excluded.unshipped,
            report = excluded.report, last_seen_at = now(), taken_over_by = null
        returning drain_since is not null as "drain!"
        "#,
        report.executor_id.uuid(),
        report.internal_url,
        report.missing.is_empty() && !report.ending,
        i64::try_from(report.meter_log.unshipped).context("a count of records")?,
        Json(report) as _,
        EXECUTORS_MAX,
    )
    .fetch_optional(crossing.connection())
    .await?;
    drain.ok_or_else(|| {
        ApiError::Conflict(format!(
            "the fleet holds {EXECUTORS_MAX} executors already: forget those that are lost (DELETE /v1/platform/fleet/{{id}})"
        ))
    })
}

/// A living executor ships the logs of these.
pub(super) async fn note_taken_over(
    crossing: &mut Crossing,
    by: WriterId,
    taken_over: &[WriterId],
) -> Result<(), ApiError> {
    let taken_over: Vec<Uuid> = taken_over.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "update executor set taken_over_by = $1 where executor_id = any($2) and executor_id <> $1",
        by.uuid(),
        &taken_over,
    )
    .execute(crossing.connection())
    .await?;
    Ok(())
}

/// An executor ended, and left nothing to be shipped.
pub(super) async fn leave(crossing: &mut Crossing, id: WriterId) -> Result<(), ApiError> {
    sqlx::query!("delete from executor where executor_id = $1", id.uuid())
        .execute(crossing.connection())
        .await?;
    Ok(())
}

/// Order a drain by someone, or take the order back. A second order changes nothing of the first.
pub(super) async fn order(
    crossing: &mut Crossing,
    id: WriterId,
    drain_by: Option<&str>,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update executor set
            drain_since = case when $2::text is null then null else coalesce(drain_since, now()) end,
            drain_by = case when $2::text is null then null else coalesce(drain_by, $2) end
        where executor_id = $1
        "#,
        id.uuid(),
        drain_by,
    )
    .execute(crossing.connection())
    .await?;
    Ok(())
}

/// Forget an executor that is lost. Whether it was.
pub(super) async fn forget(crossing: &mut Crossing, id: WriterId) -> Result<bool, ApiError> {
    let forgotten = sqlx::query!(
        "delete from executor where executor_id = $1 and last_seen_at <= now() - make_interval(secs => $2)",
        id.uuid(),
        LOST_AFTER.as_secs_f64(),
    )
    .execute(crossing.connection())
    .await?;
    Ok(forgotten.rows_affected() > 0)
}

/// An executor that takes runs.
#[derive(Clone)]
pub(crate) struct ReadyExecutor {
    pub(crate) executor_id: Uuid,
    pub(crate) internal_url: String,
    /// What it lets a caller in with.
    pub(crate) run_token: String,
}

/// Those that take runs now.
pub(crate) async fn ready(crossing: &mut Crossing) -> Result<Vec<ReadyExecutor>, ApiError> {
    Ok(sqlx::query_as!(
        ReadyExecutor,
        r#"
        select executor_id, internal_url, report->>'run_token' as "run_token!" from executor
        where ready and report->>'run_token' <> '' and drain_since is null and last_seen_at > now() - make_interval(secs => $1)
        "#,
        LOST_AFTER.as_secs_f64(),
    )
    .fetch_all(crossing.connection())
    .await?)
}

/// How many there are in each state, and what the lost ones left that nobody ships.
#[derive(Debug, Default)]
pub(crate) struct Census {
    pub(crate) ready: i64,
    pub(crate) draining: i64,
    pub(crate) not_ready: i64,
    pub(crate) lost: i64,
    /// Lost executors whose logs nobody took over.
    pub(crate) orphaned_logs: i64,
    /// The records that these had not shipped, as far as they said.
    pub(crate) orphaned_records: i64,
}

/// Count the fleet.
pub(crate) async fn census(crossing: &mut Crossing) -> Result<Census, ApiError> {
    Ok(sqlx::query_as!(
        Census,
        r#"
        with seen as (
            select *, last_seen_at <= now() - make_interval(secs => $1) as lost,
                drain_since is not null or (report->>'ending')::boolean as drains
            from executor
        )
        select count(*) filter (where not lost and not drains and ready) as "ready!",
            count(*) filter (where not lost and drains) as "draining!",
            count(*) filter (where not lost and not drains and not ready) as "not_ready!",
            count(*) filter (where lost) as "lost!",
            count(*) filter (where lost and taken_over_by is null) as "orphaned_logs!",
            coalesce(sum(unshipped) filter (where lost and taken_over_by is null), 0)::bigint as "orphaned_records!"
        from seen
        "#,
        LOST_AFTER.as_secs_f64(),
    )
    .fetch_one(crossing.connection())
    .await?)
}

/// Forget lost executors whose logs others have had for long enough. How many.
pub(crate) async fn prune(crossing: &mut Crossing) -> Result<u64, ApiError> {
    let pruned = sqlx::query!(
        "delete from executor where taken_over_by is not null and last_seen_at < now() - make_interval(secs => $1)",
        FORGOTTEN_AFTER_S,
    )
    .execute(crossing.connection())
    .await?;
    Ok(pruned.rows_affected())
}
