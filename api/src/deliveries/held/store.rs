//! SQL of holding and releasing.

use uuid::Uuid;

use crate::database::TenantTx;
use crate::deliveries::enqueue::HINT_CHANNEL;
use crate::error::ApiError;

pub(super) async fn hold(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    at_once: i32,
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
        i64::from(at_once),
    )
    .execute(tx.connection())
    .await?;
    Ok(held.rows_affected())
}

/// Release up to so many that have no order key; says how many that were.
pub(super) async fn release_without_key(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    at_once: i32,
) -> Result<u64, ApiError> {
    let released = sqlx::query_scalar!(
        r#"
        with released as (
            update delivery set ready_at = statement_timestamp()
            where tenant_id = $1 and delivery_id in (
                select d.delivery_id from delivery d
                where d.tenant_id = $1 and d.subscription_id = $2 and d.ready_at = 'infinity' and d.order_key is null
                    and d.lease_owner is null
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
        i64::from(at_once),
        HINT_CHANNEL,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(u64::try_from(released).unwrap_or(0))
}

/// Release the first of each of so many order keys, those after this one, where none of the key is with a worker. Answers the
/// key up to which it came, or `None` when there are no more.
pub(super) async fn release_first_of_keys(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    after: Option<&str>,
    keys: i32,
) -> Result<Option<String>, ApiError> {
    let up_to = sqlx::query_scalar!(
        "select delivery_release_keys($1, $2, $3, $4) as up_to",
        tx.tenant().uuid(),
        subscription_id,
        after,
        keys,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(up_to)
}
