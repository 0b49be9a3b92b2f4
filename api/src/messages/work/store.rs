//! SQL of sending: taking messages across tenants, and writing what became of each for its tenant.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{Crossing, TenantTx};
use crate::error::ApiError;

/// A message as it was taken.
pub(super) struct Claimed {
    pub(super) tenant_id: Uuid,
    pub(super) message_id: Uuid,
    pub(super) endpoint_id: Uuid,
    pub(super) url: String,
    pub(super) payload: String,
    /// Before this one.
    pub(super) attempts: i16,
    /// Wrapped.
    pub(super) secrets: Vec<Vec<u8>>,
}

/// How many may be under way at once.
pub(super) struct Caps {
    pub(super) messages: i32,
    pub(super) per_endpoint: i32,
    pub(super) per_tenant: i32,
}

pub(super) async fn claim(
    crossing: &mut Crossing,
    owner: Uuid,
    lease: Duration,
    caps: &Caps,
) -> Result<Vec<Claimed>, ApiError> {
    Ok(sqlx::query_as!(
        Claimed,
        r#"
        select tenant_id as "tenant_id!", message_id as "message_id!", endpoint_id as "endpoint_id!", url as "url!",
            payload as "payload!", attempts as "attempts!", coalesce(secrets, '{}') as "secrets!"
        from message_claim($1, $2, $3, $4, $5)
        "#,
        owner,
        i32::try_from(lease.as_millis()).unwrap_or(i32::MAX),
        caps.messages,
        caps.per_endpoint,
        caps.per_tenant,
    )
    .fetch_all(crossing.connection())
    .await?)
}

/// What became of a message with an attempt.
pub(super) struct Settled {
    pub(super) status: &'static str,
    /// Until the next attempt.
    pub(super) delay: Duration,
    pub(super) last_error: Option<String>,
}

/// Write it. False when the lease was lost: then another attempt is under way, whose ending counts.
pub(super) async fn settle(
    tx: &mut TenantTx,
    message_id: Uuid,
    owner: Uuid,
    settled: &Settled,
) -> Result<bool, ApiError> {
    let written = sqlx::query!(
        r#"
        update message
        set status = $4, attempts = attempts + 1, ready_at = now() + $5 * interval '1 second', last_error = $6,
            ended_at = case when $4 = 'pending' then null else now() end, lease_owner = null, lease_until = null
        where tenant_id = $1 and message_id = $2 and lease_owner = $3
        "#,
        tx.tenant().uuid(),
        message_id,
        owner,
        settled.status,
        settled.delay.as_secs_f64(),
        settled.last_error,
    )
    .execute(tx.connection())
    .await?;
    Ok(written.rows_affected() == 1)
}

pub(super) async fn insert_attempt(
    tx: &mut TenantTx,
    message_id: Uuid,
    started_at: DateTime<Utc>,
    took: Duration,
    outcome: &str,
    status: Option<i16>,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        insert into message_attempt (tenant_id, message_id, attempt_id, started_at, duration_ms, outcome, status)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        tx.tenant().uuid(),
        message_id,
        Uuid::now_v7(),
        started_at,
        i32::try_from(took.as_millis()).unwrap_or(i32::MAX),
        outcome,
        status,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The endpoint received something. Written only when it had failed before.
pub(super) async fn endpoint_succeeded(
    tx: &mut TenantTx,
    endpoint_id: Uuid,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update endpoint set failures = 0, failing_since = null, blocked_until = null
        where tenant_id = $1 and endpoint_id = $2 and (failures <> 0 or blocked_until is not null)
        "#,
        tx.tenant().uuid(),
        endpoint_id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The endpoint failed: count it, and leave it alone for as long as it asked for; from the fifth failure in a row on for
/// half a minute at least, twice as long with each further one, ten minutes at most. True when it has failed for five days,
/// and ten times at least.
pub(super) async fn endpoint_failed(
    tx: &mut TenantTx,
    endpoint_id: Uuid,
    throttle: Option<Duration>,
) -> Result<bool, ApiError> {
    let hopeless = sqlx::query_scalar!(
        r#"
        update endpoint
        set failures = failures + 1, failing_since = coalesce(failing_since, now()), blocked_until = greatest(
            blocked_until,
            now() + $3 * interval '1 second',
            case when failures >= 4 then now() + least(30 * 2 ^ least(failures - 4, 10), 600) * interval '1 second' end
        )
        where tenant_id = $1 and endpoint_id = $2
        returning failures >= 10 and failing_since < now() - interval '5 days' as "hopeless!"
        "#,
        tx.tenant().uuid(),
        endpoint_id,
        throttle.map(|throttle| throttle.as_secs_f64()),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(hopeless.unwrap_or_default())
}

/// Disable an endpoint. Answers its name, if it was enabled.
pub(super) async fn disable(
    tx: &mut TenantTx,
    endpoint_id: Uuid,
    because: &str,
) -> Result<Option<String>, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"
        update endpoint set disabled_at = now(), disabled_because = $3
        where tenant_id = $1 and endpoint_id = $2 and disabled_at is null and deleted_at is null
        returning name
        "#,
        tx.tenant().uuid(),
        endpoint_id,
        because,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// Tell of deaths of deliveries that were not told of, so many at most.
pub(super) async fn tell_of_deaths(
    crossing: &mut Crossing,
    deaths_max: i32,
) -> Result<i32, ApiError> {
    Ok(
        sqlx::query_scalar!(r#"select delivery_dead_notices($1) as "made!""#, deaths_max)
            .fetch_one(crossing.connection())
            .await?,
    )
}

/// End what nobody received in time, and forget what was made so many days ago. Answers how many.
pub(super) async fn tidy(crossing: &mut Crossing, days_kept: i32) -> Result<(i64, i64), ApiError> {
    let row = sqlx::query!(
        r#"select messages_expire() as "expired!", messages_forget($1) as "forgotten!""#,
        days_kept
    )
    .fetch_one(crossing.connection())
    .await?;
    Ok((row.expired, row.forgotten))
}

/// How many messages wait, and how long the one that is due longest has waited, in seconds.
pub(super) async fn backlog(crossing: &mut Crossing) -> Result<(i64, f64), ApiError> {
    let row = sqlx::query!(
        r#"select messages as "messages!", waiting_s as "waiting_s!" from message_backlog()"#
    )
    .fetch_one(crossing.connection())
    .await?;
    Ok((row.messages, row.waiting_s))
}
