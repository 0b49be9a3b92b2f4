//! SQL of what people do to deliveries.

use uuid::Uuid;

use crate::database::TenantTx;
use crate::deliveries::enqueue::HINT_CHANNEL;
use crate::error::ApiError;

/// End a delivery that nobody has taken. False when there is none such.
pub(super) async fn cancel(tx: &mut TenantTx, id: Uuid) -> Result<bool, ApiError> {
    let cancelled = sqlx::query_scalar!(
        r#"
        with gone as (
            delete from delivery where tenant_id = $1 and delivery_id = $2 and lease_owner is null
            returning *
        ),
        kept as (
            insert into delivery_ended (
                tenant_id, delivery_id, event_id, subscription_id, function_id, lane, order_key, status, attempts, invocation_id,
                seed_id, last_error, replay_id, replay_of
            )
            select tenant_id, delivery_id, event_id, subscription_id, function_id, lane, order_key, 'cancelled', attempts,
                invocation_id, seed_id, last_error, replay_id, replay_of
            from gone
        ),
        freed as (
            update delivery d set ready_at = statement_timestamp()
            from gone g
            where g.order_key is not null and d.lease_owner is null and d.tenant_id = $1 and d.delivery_id = (
                select next.delivery_id from delivery next
                where next.tenant_id = $1 and next.subscription_id = g.subscription_id and next.order_key = g.order_key
                    and next.delivery_id <> $2
                order by next.delivery_id limit 1
            )
            returning d.delivery_id
        ),
        told as (select pg_notify($3, $1::uuid::text) where exists (select from freed))
        select (select count(*) from gone) + 0 * (select count(*) from told) as "cancelled!"
        "#,
        tx.tenant().uuid(),
        id,
        HINT_CHANNEL,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(cancelled == 1)
}

/// The delivery that a replay of this one under this key made first: `new`, if there was none. Kept among what was seen, with
/// the old delivery as its origin, and forgotten with it.
pub(super) async fn first_under(
    tx: &mut TenantTx,
    of: Uuid,
    key: &str,
    new: Uuid,
) -> Result<Uuid, ApiError> {
    sqlx::query!(
        r#"
        insert into event_seen (tenant_id, origin, external_id, event_id) values ($1, $2, $3, $4)
        on conflict do nothing
        "#,
        tx.tenant().uuid(),
        of,
        key,
        new,
    )
    .execute(tx.connection())
    .await?;
    Ok(sqlx::query_scalar!(
        "select event_id from event_seen where tenant_id = $1 and origin = $2 and external_id = $3",
        tx.tenant().uuid(),
        of,
        key,
    )
    .fetch_one(tx.connection())
    .await?)
}

/// A delivery that is to be repeated, and what of it is left.
pub(super) struct Subject {
    pub(super) event_id: Uuid,
    pub(super) subscription_id: Option<Uuid>,
    pub(super) function_id: Uuid,
    pub(super) is_live: bool,
    pub(super) event_gone: bool,
    pub(super) function_gone: bool,
    pub(super) subscription_gone: bool,
    pub(super) paused: bool,
    pub(super) expires_after_s: Option<i32>,
}

impl Subject {
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let why = if self.is_live {
            "it has not ended: cancel it first, or wait"
        } else if self.event_gone {
            "its event is no longer kept"
        } else if self.function_gone {
            "its function was deleted"
        } else if self.subscription_gone {
            "its subscription was deleted"
        } else {
            return Ok(());
        };
        Err(ApiError::Conflict(format!(
            "this delivery cannot be replayed: {why}"
        )))
    }
}

pub(super) async fn subject(tx: &mut TenantTx, id: Uuid) -> Result<Subject, ApiError> {
    let subject = sqlx::query_as!(
        Subject,
        r#"
        select d.event_id as "event_id!", d.subscription_id, d.function_id as "function_id!", d.is_live as "is_live!",
            e.event_id is null as "event_gone!", f.deleted_at is not null as "function_gone!",
            coalesce(s.deleted_at is not null, false) as "subscription_gone!", coalesce(s.paused, false) as "paused!",
            s.expires_after_s as "expires_after_s?"
        from (
            select event_id, subscription_id, function_id, false as is_live from delivery_ended
            where tenant_id = $1 and delivery_id = $2
            union all
            select event_id, subscription_id, function_id, true from delivery where tenant_id = $1 and delivery_id = $2
        ) d
        join function f on f.tenant_id = $1 and f.function_id = d.function_id
        left join event e on e.tenant_id = $1 and e.event_id = d.event_id
        left join subscription s on s.tenant_id = $1 and s.subscription_id = d.subscription_id
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    subject.ok_or(ApiError::NotFound("delivery"))
}
