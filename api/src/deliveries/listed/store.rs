//! SQL of deliveries as they are listed.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::TenantTx;
use crate::error::ApiError;

/// A delivery, live or ended.
pub(crate) struct DeliveryRow {
    pub(crate) delivery_id: Uuid,
    pub(crate) event_id: Uuid,
    pub(crate) subscription_id: Option<Uuid>,
    pub(crate) function: String,
    pub(crate) lane: i16,
    pub(crate) order_key: Option<String>,
    pub(crate) status: String,
    pub(crate) cause: Option<String>,
    pub(crate) attempts: i16,
    pub(crate) next_attempt_at: Option<DateTime<Utc>>,
    pub(crate) held: bool,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) last_error: Option<String>,
    pub(crate) invocation_id: Option<Uuid>,
    pub(crate) replay_id: Option<Uuid>,
    pub(crate) replay_of: Option<Uuid>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) event_type: Option<String>,
}

/// Which deliveries.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) status: Option<&'static str>,
    pub(crate) function_id: Option<Uuid>,
    pub(crate) subscription_id: Option<Uuid>,
    pub(crate) event_id: Option<Uuid>,
    pub(crate) replay_id: Option<Uuid>,
    pub(crate) cause: Option<String>,
    /// The least id, and the first that is too great.
    pub(crate) from: Option<Uuid>,
    pub(crate) to: Option<Uuid>,
    /// Older than this one.
    pub(crate) before: Option<Uuid>,
}

/// The newest of these. Both tables are read by one statement, so that what ends meanwhile is in exactly one of them.
pub(crate) async fn page(
    tx: &mut TenantTx,
    wanted: &Wanted,
    rows: i64,
) -> Result<Vec<DeliveryRow>, ApiError> {
    Ok(sqlx::query_as!(
        DeliveryRow,
        r#"
        with found as (
            (
                select d.delivery_id, d.event_id, d.subscription_id, d.function_id, d.lane, d.order_key,
                    case when d.lease_owner is null then 'pending' else 'running' end as status, null as cause, d.attempts,
                    nullif(d.ready_at, 'infinity') as next_attempt_at, d.ready_at = 'infinity' as held, d.expires_at, d.last_error,
                    d.invocation_id, d.replay_id, d.replay_of, null::timestamptz as started_at, null::timestamptz as ended_at
                from delivery d
                where d.tenant_id = $1 and ($3::text is null or ($3 = 'pending') = (d.lease_owner is null) and $3 in ('pending', 'running'))
                  and ($4::uuid is null or d.function_id = $4) and ($5::uuid is null or d.subscription_id = $5)
                  and ($6::uuid is null or d.event_id = $6) and ($11::uuid is null or d.replay_id = $11) and $7::text is null
                  and d.delivery_id >= coalesce($8::uuid, '00000000-0000-0000-0000-000000000000')
                  and d.delivery_id < coalesce($9::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                  and d.delivery_id < coalesce($10::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                order by d.delivery_id desc limit $2
            )
            union all
            (
                select d.delivery_id, d.event_id, d.subscription_id, d.function_id, d.lane, d.order_key, d.status, d.cause, d.attempts,
                    null, false, null, d.last_error, d.invocation_id, d.replay_id, d.replay_of, d.started_at, d.ended_at
                from delivery_ended d
                where d.tenant_id = $1 and ($3::text is null or d.status = $3)
                  and ($4::uuid is null or d.function_id = $4) and ($5::uuid is null or d.subscription_id = $5)
                  and ($6::uuid is null or d.event_id = $6) and ($11::uuid is null or d.replay_id = $11)
                  and ($7::text is null or d.cause = $7)
                  and d.delivery_id >= coalesce($8::uuid, '00000000-0000-0000-0000-000000000000')
                  and d.delivery_id < coalesce($9::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                  and d.delivery_id < coalesce($10::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                order by d.delivery_id desc limit $2
            )
            order by delivery_id desc limit $2
        )
        select d.delivery_id as "delivery_id!", d.event_id as "event_id!", d.subscription_id, f.name as function, d.lane as "lane!",
            d.order_key, d.status as "status!", d.cause, d.attempts as "attempts!", d.next_attempt_at, d.held as "held!",
            d.expires_at, d.last_error, d.invocation_id, d.replay_id, d.replay_of, d.started_at, d.ended_at, e.event_type as "event_type?"
        from found d
        join function f on f.tenant_id = $1 and f.function_id = d.function_id
        left join event e on e.tenant_id = $1 and e.event_id = d.event_id
        order by d.delivery_id desc
        "#,
        tx.tenant().uuid(),
        rows,
        wanted.status,
        wanted.function_id,
        wanted.subscription_id,
        wanted.event_id,
        wanted.cause,
        wanted.from,
        wanted.to,
        wanted.before,
        wanted.replay_id,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// The delivery with this id.
pub(crate) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<DeliveryRow, ApiError> {
    let found = sqlx::query_as!(
        DeliveryRow,
        r#"
        with found as (
            select d.delivery_id, d.event_id, d.subscription_id, d.function_id, d.lane, d.order_key,
                case when d.lease_owner is null then 'pending' else 'running' end as status, null as cause, d.attempts,
                nullif(d.ready_at, 'infinity') as next_attempt_at, d.ready_at = 'infinity' as held, d.expires_at, d.last_error,
                d.invocation_id, d.replay_id, d.replay_of, null::timestamptz as started_at, null::timestamptz as ended_at
            from delivery d
            where d.tenant_id = $1 and d.delivery_id = $2
            union all
            select d.delivery_id, d.event_id, d.subscription_id, d.function_id, d.lane, d.order_key, d.status, d.cause, d.attempts,
                null, false, null, d.last_error, d.invocation_id, d.replay_id, d.replay_of, d.started_at, d.ended_at
            from delivery_ended d
            where d.tenant_id = $1 and d.delivery_id = $2
        )
        select d.delivery_id as "delivery_id!", d.event_id as "event_id!", d.subscription_id, f.name as function, d.lane as "lane!",
            d.order_key, d.status as "status!", d.cause, d.attempts as "attempts!", d.next_attempt_at, d.held as "held!",
            d.expires_at, d.last_error, d.invocation_id, d.replay_id, d.replay_of, d.started_at, d.ended_at, e.event_type as "event_type?"
        from found d
        join function f on f.tenant_id = $1 and f.function_id = d.function_id
        left join event e on e.tenant_id = $1 and e.event_id = d.event_id
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    found.ok_or(ApiError::NotFound("delivery"))
}

/// An attempt that was not the last, or a fault of ours.
pub(crate) struct AttemptRow {
    pub(crate) attempt: i16,
    pub(crate) invocation_id: Option<Uuid>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) ended_at: DateTime<Utc>,
    pub(crate) outcome: String,
    pub(crate) error: Option<String>,
}

/// Faults of ours that are shown, at most: a fleet that is down for an hour leaves many.
const ATTEMPTS_MAX: i64 = 200;

/// The attempts of a delivery that are over, but the last.
pub(crate) async fn attempts(tx: &mut TenantTx, id: Uuid) -> Result<Vec<AttemptRow>, ApiError> {
    Ok(sqlx::query_as!(
        AttemptRow,
        r#"
        select attempt, invocation_id, started_at, ended_at, outcome, error from delivery_attempt
        where tenant_id = $1 and delivery_id = $2
        order by started_at, attempt
        limit $3
        "#,
        tx.tenant().uuid(),
        id,
        ATTEMPTS_MAX,
    )
    .fetch_all(tx.connection())
    .await?)
}
