//! SQL of schedules.

use cartwright_domain::ids::FunctionId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Missed, NewSchedule};
use crate::database::{Crossing, TenantTx};
use crate::error::ApiError;

const ABSENT: ApiError = ApiError::NotFound("schedule");

/// Why a schedule is paused whose function is no more.
pub(super) const FUNCTION_DELETED: &str = "its function was deleted";

/// A schedule's row, with the name of its function.
#[derive(Debug, Clone)]
pub(super) struct ScheduleRow {
    pub(super) schedule_id: Uuid,
    pub(super) function_id: Uuid,
    pub(super) function: String,
    pub(super) function_deleted: bool,
    pub(super) cron: String,
    pub(super) timezone: String,
    pub(super) input: String,
    pub(super) missed: Missed,
    pub(super) paused: bool,
    pub(super) paused_because: Option<String>,
    pub(super) next_at: Option<DateTime<Utc>>,
    pub(super) last_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) created_by: String,
}

pub(super) async fn count(tx: &mut TenantTx) -> Result<i64, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from schedule where tenant_id = $1 and deleted_at is null"#,
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?)
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    function_id: FunctionId,
    new: &NewSchedule,
    next_at: Option<DateTime<Utc>>,
    by: &str,
) -> Result<Uuid, ApiError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        r#"
        insert into schedule
            (tenant_id, schedule_id, function_id, cron, timezone, input, missed, paused, next_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        tx.tenant().uuid(),
        id,
        function_id.uuid(),
        new.cron,
        new.timezone,
        new.input.get(),
        new.missed as Missed,
        new.paused,
        next_at,
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

pub(super) async fn list(
    tx: &mut TenantTx,
    function: Option<&str>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<ScheduleRow>, ApiError> {
    Ok(sqlx::query_as!(
        ScheduleRow,
        r#"
        select s.schedule_id, s.function_id, f.name as function, f.deleted_at is not null as "function_deleted!", s.cron,
            s.timezone, s.input, s.missed as "missed: Missed", s.paused, s.paused_because, s.next_at, s.last_at, s.created_at,
            s.created_by
        from schedule s join function f on f.tenant_id = s.tenant_id and f.function_id = s.function_id
        where s.tenant_id = $1 and s.deleted_at is null and ($2::uuid is null or s.schedule_id > $2)
            and ($4::text is null or f.name = $4)
        order by s.schedule_id
        limit $3
        "#,
        tx.tenant().uuid(),
        after,
        rows,
        function,
    )
    .fetch_all(tx.connection())
    .await?)
}

pub(super) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<ScheduleRow, ApiError> {
    let row = sqlx::query_as!(
        ScheduleRow,
        r#"
        select s.schedule_id, s.function_id, f.name as function, f.deleted_at is not null as "function_deleted!", s.cron,
            s.timezone, s.input, s.missed as "missed: Missed", s.paused, s.paused_because, s.next_at, s.last_at, s.created_at,
            s.created_by
        from schedule s join function f on f.tenant_id = s.tenant_id and f.function_id = s.function_id
        where s.tenant_id = $1 and s.schedule_id = $2 and s.deleted_at is null
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    row.ok_or(ABSENT)
}

/// The same, locked, so that it neither fires nor changes meanwhile.
pub(super) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<ScheduleRow, ApiError> {
    sqlx::query!(
        "select schedule_id from schedule where tenant_id = $1 and schedule_id = $2 for no key update",
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ABSENT)?;
    find(tx, id).await
}

/// Lock it if it is due and nobody else fires it; and what the database's clock says.
pub(super) async fn lock_due(
    tx: &mut TenantTx,
    id: Uuid,
) -> Result<Option<(ScheduleRow, DateTime<Utc>)>, ApiError> {
    let now = sqlx::query_scalar!(
        r#"
        select now() as "now!" from schedule
        where tenant_id = $1 and schedule_id = $2 and next_at <= now()
        for no key update skip locked
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    match now {
        None => Ok(None),
        Some(now) => Ok(Some((find(tx, id).await?, now))),
    }
}

/// Write what may change.
pub(super) async fn update(tx: &mut TenantTx, row: &ScheduleRow) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update schedule
        set function_id = $3, cron = $4, timezone = $5, input = $6, missed = $7, paused = $8, paused_because = $9, next_at = $10
        where tenant_id = $1 and schedule_id = $2
        "#,
        tx.tenant().uuid(),
        row.schedule_id,
        row.function_id,
        row.cron,
        row.timezone,
        row.input,
        row.missed as Missed,
        row.paused,
        row.paused_because,
        row.next_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// It fired, at last at this time, and fires next at the other.
pub(super) async fn fired(
    tx: &mut TenantTx,
    id: Uuid,
    last_at: Option<DateTime<Utc>>,
    next_at: DateTime<Utc>,
) -> Result<(), ApiError> {
    sqlx::query!(
        "update schedule set last_at = coalesce($3, last_at), next_at = $4 where tenant_id = $1 and schedule_id = $2",
        tx.tenant().uuid(),
        id,
        last_at,
        next_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Pause it for a reason of ours.
pub(super) async fn pause(tx: &mut TenantTx, id: Uuid, because: &str) -> Result<(), ApiError> {
    sqlx::query!(
        "update schedule set paused = true, paused_because = $3, next_at = null where tenant_id = $1 and schedule_id = $2",
        tx.tenant().uuid(),
        id,
        because,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Pause what fires a function that is being deleted, and tell whoever wants to know.
pub(crate) async fn pause_of_function(
    tx: &mut TenantTx,
    function_id: FunctionId,
) -> Result<(), ApiError> {
    let firing = sqlx::query_scalar!(
        "select schedule_id from schedule where tenant_id = $1 and function_id = $2 and deleted_at is null and not paused",
        tx.tenant().uuid(),
        function_id.uuid(),
    )
    .fetch_all(tx.connection())
    .await?;
    for id in firing {
        let row = lock(tx, id).await?;
        super::fire::give_up(tx, &row, FUNCTION_DELETED).await?;
    }
    Ok(())
}

pub(super) async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "update schedule set deleted_at = now(), next_at = null where tenant_id = $1 and schedule_id = $2",
        tx.tenant().uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Which schedules are due, of which tenants.
pub(super) async fn due(
    crossing: &mut Crossing,
    schedules_max: i32,
) -> Result<Vec<(Uuid, Uuid)>, ApiError> {
    let rows = sqlx::query!(
        r#"select tenant_id as "tenant_id!", schedule_id as "schedule_id!" from schedules_due($1)"#,
        schedules_max,
    )
    .fetch_all(crossing.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.tenant_id, row.schedule_id))
        .collect())
}
