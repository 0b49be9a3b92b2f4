//! SQL of batches of replayed deliveries.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::batch::{Filter, ReplayRequest, ReplayStatus};
use crate::database::TenantTx;
use crate::error::{ApiError, OnConstraint};
use crate::page::first_id_at;

/// A batch as it is stored, and what became of what it made.
pub(super) struct ReplayRow {
    pub(super) replay_id: Uuid,
    pub(super) name: String,
    pub(super) filter: Json<Filter>,
    pub(super) rate_per_s: i32,
    pub(super) status: ReplayStatus,
    pub(super) error: Option<String>,
    pub(super) total: i64,
    pub(super) made: i64,
    pub(super) event_gone: i64,
    pub(super) function_deleted: i64,
    pub(super) subscription_deleted: i64,
    pub(super) pending: i64,
    pub(super) succeeded: i64,
    pub(super) dead: i64,
    pub(super) expired: i64,
    pub(super) cancelled: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) created_by: String,
    pub(super) begun_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
}

/// Which deliveries that ended.
pub(super) struct Range<'a> {
    pub(super) status: &'static str,
    pub(super) function_id: Option<Uuid>,
    pub(super) subscription_id: Option<Uuid>,
    pub(super) cause: Option<&'a str>,
    /// The least id, and the first that is too great.
    pub(super) from: Uuid,
    pub(super) to: Uuid,
}

impl<'a> Range<'a> {
    pub(super) fn of(filter: &'a Filter, function_id: Option<Uuid>) -> Self {
        Self {
            status: filter.status.as_str(),
            function_id,
            subscription_id: filter.subscription,
            cause: filter.cause.as_deref(),
            from: filter.from.map_or(Uuid::nil(), first_id_at),
            to: filter.to.map_or(Uuid::max(), first_id_at),
        }
    }
}

/// How many batches of the tenant have not ended. Who counts holds the tenant until its transaction ends: of two that ask at
/// once, the second sees what the first made.
pub(super) async fn open(tx: &mut TenantTx) -> Result<i64, ApiError> {
    sqlx::query!(
        "select tenant_id from tenant where tenant_id = $1 for no key update",
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "open!" from delivery_replay where tenant_id = $1 and ended_at is null"#,
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?)
}

/// The batch that was made under a key.
pub(super) struct First {
    pub(super) replay_id: Uuid,
    name: String,
    filter: Json<Filter>,
    rate_per_s: i32,
}

impl First {
    /// Whether it was asked for in these words.
    pub(super) fn is_of(&self, asked: &ReplayRequest) -> bool {
        self.name == asked.name
            && self.filter.0 == asked.filter
            && self.rate_per_s == asked.rate_per_s
    }
}

pub(super) async fn first_under(tx: &mut TenantTx, key: &str) -> Result<Option<First>, ApiError> {
    Ok(sqlx::query_as!(
        First,
        r#"
        select replay_id, name, filter as "filter: Json<Filter>", rate_per_s from delivery_replay
        where tenant_id = $1 and idempotency_key = $2
        "#,
        tx.tenant().uuid(),
        key,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// How many there are of these that have no replay yet, up to so many, and the oldest.
pub(super) async fn count(
    tx: &mut TenantTx,
    range: &Range<'_>,
    at_most: i64,
) -> Result<(i64, Option<Uuid>), ApiError> {
    let found = sqlx::query!(
        r#"
        select count(*) as "total!", (array_agg(delivery_id order by delivery_id))[1] as first
        from (
            select d.delivery_id from delivery_ended d
            where d.tenant_id = $1 and d.status = $2 and ($3::uuid is null or d.function_id = $3)
              and ($4::uuid is null or d.subscription_id = $4) and ($5::text is null or d.cause = $5)
              and d.delivery_id >= $6 and d.delivery_id < $7 and d.ended_at <= now()
              and not exists (
                  select from delivery_ended again
                  where again.tenant_id = $1 and again.replay_of = d.delivery_id and again.status <> 'cancelled'
              )
              and not exists (select from delivery again where again.tenant_id = $1 and again.replay_of = d.delivery_id)
            limit $8
        ) these
        "#,
        tx.tenant().uuid(),
        range.status,
        range.function_id,
        range.subscription_id,
        range.cause,
        range.from,
        range.to,
        at_most,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((found.total, found.first))
}

/// What a new batch has besides what was asked for.
pub(super) struct NewReplay<'a> {
    pub(super) key: Option<&'a str>,
    pub(super) function_id: Option<Uuid>,
    pub(super) total: i64,
    pub(super) by: &'a str,
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    asked: &ReplayRequest,
    new: &NewReplay<'_>,
) -> Result<Uuid, ApiError> {
    let replay_id = Uuid::now_v7();
    sqlx::query!(
        r#"
        insert into delivery_replay (
            tenant_id, replay_id, name, idempotency_key, filter, function_id, rate_per_s, total, created_by
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        tx.tenant().uuid(),
        replay_id,
        asked.name,
        new.key,
        Json(&asked.filter) as _,
        new.function_id,
        asked.rate_per_s,
        new.total,
        new.by,
    )
    .execute(tx.connection())
    .await
    .on_constraint(
        "delivery_replay_name_unique",
        ApiError::NameTaken("batch of replays"),
    )?;
    Ok(replay_id)
}

/// Batches, the newest first: those before one, or just one.
pub(super) async fn page(
    tx: &mut TenantTx,
    before: Option<Uuid>,
    only: Option<Uuid>,
    rows: i64,
) -> Result<Vec<ReplayRow>, ApiError> {
    Ok(sqlx::query_as!(
        ReplayRow,
        r#"
        select r.replay_id, r.name, r.filter as "filter: Json<Filter>", r.rate_per_s, r.status as "status: ReplayStatus", r.error,
            r.total, r.made, r.event_gone, r.function_deleted, r.subscription_deleted, r.created_at, r.created_by, r.begun_at,
            r.ended_at, waiting.pending as "pending!", ended.succeeded as "succeeded!", ended.dead as "dead!",
            ended.expired as "expired!", ended.cancelled as "cancelled!"
        from delivery_replay r
        cross join lateral (
            select count(*) as pending from delivery d where d.tenant_id = $1 and d.replay_id = r.replay_id
        ) waiting
        cross join lateral (
            select count(*) filter (where d.status = 'succeeded') as succeeded, count(*) filter (where d.status = 'dead') as dead,
                count(*) filter (where d.status = 'expired') as expired,
                count(*) filter (where d.status = 'cancelled') as cancelled
            from delivery_ended d where d.tenant_id = $1 and d.replay_id = r.replay_id
        ) ended
        where r.tenant_id = $1 and ($2::uuid is null or r.replay_id < $2) and ($3::uuid is null or r.replay_id = $3)
        order by r.replay_id desc
        limit $4
        "#,
        tx.tenant().uuid(),
        before,
        only,
        rows,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// Make no more. False when it has ended.
pub(super) async fn cancel(tx: &mut TenantTx, replay_id: Uuid) -> Result<bool, ApiError> {
    let cancelled = sqlx::query!(
        r#"
        update delivery_replay set status = 'cancelled', ended_at = now()
        where tenant_id = $1 and replay_id = $2 and ended_at is null
        "#,
        tx.tenant().uuid(),
        replay_id,
    )
    .execute(tx.connection())
    .await?;
    Ok(cancelled.rows_affected() == 1)
}

/// End what waits of a batch. Answers how many there were: few, since a batch makes no more while so many wait.
pub(super) async fn cancel_waiting(tx: &mut TenantTx, replay_id: Uuid) -> Result<u64, ApiError> {
    let cancelled = sqlx::query!(
        r#"
        with gone as (
            delete from delivery where tenant_id = $1 and replay_id = $2 and lease_owner is null
            returning *
        )
        insert into delivery_ended (
            tenant_id, delivery_id, event_id, subscription_id, function_id, lane, order_key, status, attempts, invocation_id,
            seed_id, last_error, replay_id, replay_of
        )
        select tenant_id, delivery_id, event_id, subscription_id, function_id, lane, order_key, 'cancelled', attempts,
            invocation_id, seed_id, last_error, replay_id, replay_of
        from gone
        "#,
        tx.tenant().uuid(),
        replay_id,
    )
    .execute(tx.connection())
    .await?;
    Ok(cancelled.rows_affected())
}
