//! SQL of a step of a batch.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::TenantTx;
use crate::deliveries::replays::batch::Filter;
use crate::deliveries::replays::store::Range;
use crate::error::ApiError;
use crate::page::first_id_at;

/// A batch that goes on.
pub(super) struct Batch {
    pub(super) filter: Json<Filter>,
    pub(super) function_id: Option<Uuid>,
    pub(super) rate_per_s: i32,
    looked_at_id: Uuid,
    created_at: DateTime<Utc>,
}

/// The batch, held until the transaction ends; `None` when it has ended.
pub(super) async fn hold(tx: &mut TenantTx, replay_id: Uuid) -> Result<Option<Batch>, ApiError> {
    Ok(sqlx::query_as!(
        Batch,
        r#"
        update delivery_replay
        set status = 'running', begun_at = coalesce(begun_at, now())
        where tenant_id = $1 and replay_id = $2 and ended_at is null
        returning filter as "filter: Json<Filter>", function_id, rate_per_s, looked_at_id, created_at
        "#,
        tx.tenant().uuid(),
        replay_id,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// How many of the batch wait or run, up to so many.
pub(super) async fn pending(
    tx: &mut TenantTx,
    replay_id: Uuid,
    at_most: i64,
) -> Result<i64, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "pending!"
        from (select from delivery where tenant_id = $1 and replay_id = $2 limit $3) these
        "#,
        tx.tenant().uuid(),
        replay_id,
        at_most,
    )
    .fetch_one(tx.connection())
    .await?)
}

/// A delivery that the filter finds, and what of it is left.
pub(super) struct Found {
    pub(super) delivery_id: Uuid,
    pub(super) event_id: Uuid,
    pub(super) subscription_id: Option<Uuid>,
    pub(super) function_id: Uuid,
    replayed: bool,
    event_gone: bool,
    function_deleted: bool,
    subscription_deleted: bool,
    pub(super) paused: bool,
    pub(super) expires_after_s: Option<i32>,
}

/// The next that ended before the batch was asked for.
pub(super) async fn next(
    tx: &mut TenantTx,
    batch: &Batch,
    range: &Range<'_>,
    rows: i64,
) -> Result<Vec<Found>, ApiError> {
    Ok(sqlx::query_as!(
        Found,
        r#"
        with these as materialized (
            select d.delivery_id, d.event_id, d.subscription_id, d.function_id
            from delivery_ended d
            where d.tenant_id = $1 and d.status = $2 and ($3::uuid is null or d.function_id = $3)
              and ($4::uuid is null or d.subscription_id = $4) and ($5::text is null or d.cause = $5)
              and d.delivery_id >= $6 and d.delivery_id < $7 and d.delivery_id > $8 and d.ended_at <= $9
            order by d.delivery_id
            limit $10
        )
        select d.delivery_id, d.event_id, d.subscription_id, d.function_id,
            (
                exists (select from delivery again where again.tenant_id = $1 and again.replay_of = d.delivery_id)
                or exists (
                    select from delivery_ended again
                    where again.tenant_id = $1 and again.replay_of = d.delivery_id and again.status <> 'cancelled'
                )
            ) as "replayed!",
            e.event_id is null as "event_gone!", f.deleted_at is not null as "function_deleted!",
            coalesce(s.deleted_at is not null, false) as "subscription_deleted!", coalesce(s.paused, false) as "paused!",
            s.expires_after_s as "expires_after_s?"
        from these d
        join function f on f.tenant_id = $1 and f.function_id = d.function_id
        left join event e on e.tenant_id = $1 and e.event_id = d.event_id
        left join subscription s on s.tenant_id = $1 and s.subscription_id = d.subscription_id
        order by d.delivery_id
        "#,
        tx.tenant().uuid(),
        range.status,
        range.function_id,
        range.subscription_id,
        range.cause,
        range.from,
        range.to.min(first_id_at(batch.created_at + TimeDelta::milliseconds(1))),
        batch.looked_at_id,
        batch.created_at,
        rows,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// What a step came to.
pub(super) struct Progress {
    looked_at_id: Uuid,
    pub(super) made: i64,
    event_gone: i64,
    function_deleted: i64,
    subscription_deleted: i64,
}

impl Progress {
    pub(super) fn up_to(looked_at_id: Uuid) -> Self {
        Self {
            looked_at_id,
            made: 0,
            event_gone: 0,
            function_deleted: 0,
            subscription_deleted: 0,
        }
    }

    /// Whether this one is made anew, counted either way. What was replayed meanwhile is nothing of this batch.
    pub(super) fn judge(&mut self, one: &Found) -> bool {
        if one.replayed {
            return false;
        }
        let count = if one.function_deleted {
            &mut self.function_deleted
        } else if one.subscription_deleted {
            &mut self.subscription_deleted
        } else if one.event_gone {
            &mut self.event_gone
        } else {
            self.made += 1;
            return true;
        };
        *count += 1;
        false
    }
}

/// Write how far the batch is. What ended just as it was counted is made too, and then counted.
pub(super) async fn keep(
    tx: &mut TenantTx,
    replay_id: Uuid,
    progress: &Progress,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update delivery_replay
        set looked_at_id = $3, made = made + $4, event_gone = event_gone + $5, function_deleted = function_deleted + $6,
            subscription_deleted = subscription_deleted + $7,
            total = greatest(total, made + event_gone + function_deleted + subscription_deleted + $4 + $5 + $6 + $7)
        where tenant_id = $1 and replay_id = $2
        "#,
        tx.tenant().uuid(),
        replay_id,
        progress.looked_at_id,
        progress.made,
        progress.event_gone,
        progress.function_deleted,
        progress.subscription_deleted,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// All are made. What was counted and is replayed otherwise by now is not of this batch.
pub(super) async fn finish(tx: &mut TenantTx, replay_id: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update delivery_replay
        set status = 'finished', ended_at = now(), total = made + event_gone + function_deleted + subscription_deleted
        where tenant_id = $1 and replay_id = $2
        "#,
        tx.tenant().uuid(),
        replay_id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn fail(tx: &mut TenantTx, replay_id: Uuid, why: &str) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update delivery_replay set status = 'failed', error = $3, ended_at = now()
        where tenant_id = $1 and replay_id = $2 and ended_at is null
        "#,
        tx.tenant().uuid(),
        replay_id,
        why,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
