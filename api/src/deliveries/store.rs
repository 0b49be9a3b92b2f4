//! SQL of deliveries.

use uuid::Uuid;

use super::enqueue::{HINT_CHANNEL, NewDelivery};
use crate::database::{Crossing, TenantTx};
use crate::error::ApiError;

/// Let nobody else queue deliveries of these subscriptions and keys until this transaction ends. Keys share 256 locks of their
/// subscription, or a batch of events would need more of them than Postgres has.
pub(super) async fn lock_order(
    tx: &mut TenantTx,
    in_order: &[(Uuid, &str)],
) -> Result<(), ApiError> {
    let (subscription_ids, order_keys): (Vec<Uuid>, Vec<String>) = in_order
        .iter()
        .map(|(subscription_id, order_key)| (*subscription_id, (*order_key).to_owned()))
        .unzip();
    sqlx::query!(
        r#"
        select count(pg_advisory_xact_lock(lock))
        from (
            select distinct hashtextextended(subscription_id::text, hashtextextended(order_key, 0) & 255) as lock
            from unnest($1::uuid[], $2::text[]) o (subscription_id, order_key)
            -- In one order, so that two transactions wait for each other at most one way.
            order by lock
        ) locks
        "#,
        &subscription_ids,
        &order_keys,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// Queue these with one statement, and say so to workers when the transaction commits. What waits for an earlier one of its
/// order key is held as if paused: the ending of that one frees it, and so it is in nobody's way until then.
pub(super) async fn insert(tx: &mut TenantTx, new: &[NewDelivery]) -> Result<(), ApiError> {
    let delivery_ids: Vec<Uuid> = new.iter().map(|one| one.delivery_id).collect();
    let event_ids: Vec<Uuid> = new.iter().map(|one| one.event_id).collect();
    let subscription_ids: Vec<Option<Uuid>> = new.iter().map(|one| one.subscription_id).collect();
    let function_ids: Vec<Uuid> = new.iter().map(|one| one.function_id.uuid()).collect();
    let lanes: Vec<i16> = new.iter().map(|one| one.lane.number()).collect();
    let order_keys: Vec<Option<String>> = new.iter().map(|one| one.order_key.clone()).collect();
    let held: Vec<bool> = new.iter().map(|one| one.held).collect();
    let expires_after_s: Vec<i32> = new.iter().map(|one| one.expires_after_s).collect();
    let replay_ids: Vec<Option<Uuid>> = new
        .iter()
        .map(|one| one.replay.and_then(|(batch, _)| batch))
        .collect();
    let replay_of: Vec<Option<Uuid>> = new.iter().map(|one| one.replay.map(|(_, of)| of)).collect();
    sqlx::query!(
        r#"
        with new as (
            select * from unnest(
                $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::smallint[], $7::text[], $8::boolean[], $9::integer[],
                $10::uuid[], $11::uuid[]
            ) n (delivery_id, event_id, subscription_id, function_id, lane, order_key, held, expires_after_s, replay_id, replay_of)
        ),
        flow as (
            insert into queue_flow (tenant_id, lane) select distinct $1::uuid, lane from new on conflict do nothing
        ),
        queued as (
            insert into delivery (
                tenant_id, delivery_id, event_id, subscription_id, function_id, lane, order_key, ready_at, expires_at, replay_id,
                replay_of
            )
            select $1, n.delivery_id, n.event_id, n.subscription_id, n.function_id, n.lane, n.order_key,
                case when n.held or n.order_key is not null and (exists (
                    select from delivery d
                    where d.tenant_id = $1 and d.subscription_id = n.subscription_id and d.order_key = n.order_key
                ) or row_number() over (partition by n.subscription_id, n.order_key order by n.delivery_id) > 1)
                then 'infinity' else statement_timestamp() end,
                statement_timestamp() + n.expires_after_s * interval '1 second', n.replay_id, n.replay_of
            from new n
        )
        select pg_notify($12, $1::uuid::text)
        "#,
        tx.tenant().uuid(),
        &delivery_ids,
        &event_ids,
        &subscription_ids as &[Option<Uuid>],
        &function_ids,
        &lanes,
        &order_keys as &[Option<String>],
        &held,
        &expires_after_s,
        &replay_ids as &[Option<Uuid>],
        &replay_of as &[Option<Uuid>],
        HINT_CHANNEL,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// Make the partitions of yesterday, today and a week ahead.
pub(super) async fn create_days(crossing: &mut Crossing) -> Result<(), ApiError> {
    sqlx::query!("select event_create_days(1, 8)")
        .execute(crossing.connection())
        .await?;
    Ok(())
}

/// Where the data of events before the last so many days is, from this event on.
pub(super) async fn objects(
    crossing: &mut Crossing,
    days_kept: i32,
    after: Uuid,
    rows_max: i32,
) -> Result<Vec<(Uuid, String)>, ApiError> {
    let rows = sqlx::query!(
        r#"
        select event_id as "event_id!", object_key as "object_key!" from event_objects($1, $2, $3)
        "#,
        days_kept,
        after,
        rows_max,
    )
    .fetch_all(crossing.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.event_id, row.object_key))
        .collect())
}

/// Drop the partitions of days before the last so many. Answers how many there were.
pub(super) async fn drop_days(crossing: &mut Crossing, days_kept: i32) -> Result<usize, ApiError> {
    let dropped = sqlx::query!("select event_drop_days($1)", days_kept)
        .fetch_all(crossing.connection())
        .await?;
    Ok(dropped.len())
}

/// Whether this worker is the one that removes what is over, for so many seconds from now on.
pub(super) async fn keep_house(
    crossing: &mut Crossing,
    worker: Uuid,
    seconds: i32,
) -> Result<bool, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"select event_keep_house($1, $2) as "keeps!""#,
        worker,
        seconds
    )
    .fetch_one(crossing.connection())
    .await?)
}

/// Forget what was seen before the last so many days, and chains that began then: so many of each at most.
pub(super) async fn forget_seen(
    crossing: &mut Crossing,
    days_kept: i32,
    rows_max: i32,
) -> Result<i64, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"select event_seen_forget($1, $2) as "forgotten!""#,
        days_kept,
        rows_max
    )
    .fetch_one(crossing.connection())
    .await?)
}

/// Forget lanes of tenants in which nothing is.
pub(super) async fn forget_flows(crossing: &mut Crossing) -> Result<i64, ApiError> {
    Ok(
        sqlx::query_scalar!(r#"select queue_forget_flows() as "forgotten!""#)
            .fetch_one(crossing.connection())
            .await?,
    )
}
