//! SQL of holding and releasing.

use uuid::Uuid;

use crate::database::TenantTx;
use crate::deliveries::enqueue::HINT_CHANNEL;
use crate::error::ApiError;

pub(super) async fn hold(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    at_once: i64,
) -> Result<u64, ApiError> {
    let held = sqlx::query!(
        r#"
        update delivery set ready_at = 'infinity'
        where tenant_id = $1 and delivery_id in (
            select delivery_id from delivery
            where tenant_id = $1 and subscription_id = $2 and lease_owner is null and ready_at < 'infinity'
            limit $3
            for update skip locked
        )
        "#,
        tx.tenant().uuid(),
        subscription_id,
        at_once,
    )
    .execute(tx.connection())
    .await?;
    Ok(held.rows_affected())
}

pub(super) async fn release(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    at_once: i64,
) -> Result<u64, ApiError> {
    let released = sqlx::query_scalar!(
        r#"
        with released as (
            update delivery set ready_at = statement_timestamp()
            where tenant_id = $1 and delivery_id in (
                select d.delivery_id from delivery d
                where d.tenant_id = $1 and d.subscription_id = $2 and d.ready_at = 'infinity' and d.lease_owner is null
                    and (d.order_key is null or not exists (
                        select from delivery earlier
                        where earlier.tenant_id = $1 and earlier.subscription_id = $2 and earlier.order_key = d.order_key
                            and earlier.delivery_id < d.delivery_id
                    ) and not exists (
                        select from delivery taken
                        where taken.tenant_id = $1 and taken.subscription_id = $2 and taken.order_key = d.order_key
                            and taken.lease_owner is not null
                    ))
                limit $3
                for update of d skip locked
            )
            returning delivery_id
        ),
        told as (select pg_notify($4, $1::uuid::text) where exists (select from released))
        select (select count(*) from released) + 0 * (select count(*) from told) as "released!"
        "#,
        tx.tenant().uuid(),
        subscription_id,
        at_once,
        HINT_CHANNEL,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(u64::try_from(released).unwrap_or(0))
}
