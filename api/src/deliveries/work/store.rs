//! SQL of the queue's worker. All of it crosses tenants, and nearly all of it takes arrays.

use std::collections::HashMap;

use cartwright_domain::ids::TenantId;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::claimed::Claimed;
use super::fair::FlowKey;
use super::retry::Policy;
use super::settle::{Back, End};
use crate::database::Crossing;
use crate::error::ApiError;

/// Register a new worker, alive for so long.
pub(super) async fn register(
    crossing: &mut Crossing,
    worker: Uuid,
    alive_s: f64,
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into queue_worker (worker_id, alive_until) values ($1, now() + make_interval(secs => $2))",
        worker,
        alive_s,
    )
    .execute(crossing.connection())
    .await?;
    Ok(())
}

/// Say that it lives. False when it was taken for dead.
pub(super) async fn renew(
    crossing: &mut Crossing,
    worker: Uuid,
    alive_s: f64,
) -> Result<bool, ApiError> {
    let renewed = sqlx::query!(
        "update queue_worker set alive_until = now() + make_interval(secs => $2) where worker_id = $1",
        worker,
        alive_s,
    )
    .execute(crossing.connection())
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Every worker that is alive.
pub(super) async fn alive(crossing: &mut Crossing) -> Result<Vec<Uuid>, ApiError> {
    Ok(sqlx::query_scalar!(
        "select worker_id from queue_worker where alive_until > now() order by worker_id"
    )
    .fetch_all(crossing.connection())
    .await?)
}

/// Free what dead workers held.
pub(super) async fn reclaim(crossing: &mut Crossing) -> Result<i64, ApiError> {
    Ok(
        sqlx::query_scalar!(r#"select delivery_reclaim() as "freed!""#)
            .fetch_one(crossing.connection())
            .await?,
    )
}

/// Free what is held by nobody who is known.
pub(super) async fn reclaim_orphans(crossing: &mut Crossing) -> Result<i64, ApiError> {
    Ok(
        sqlx::query_scalar!(r#"select delivery_reclaim_orphans() as "freed!""#)
            .fetch_one(crossing.connection())
            .await?,
    )
}

/// A flow and what its tenant is given of the queue.
pub(super) struct FlowRow {
    pub(super) key: FlowKey,
    pub(super) weight: i32,
    pub(super) concurrency: Option<i32>,
}

/// Every flow.
pub(super) async fn flows(crossing: &mut Crossing) -> Result<Vec<FlowRow>, ApiError> {
    let rows = sqlx::query!(
        r#"
        select tenant_id as "tenant_id!", lane as "lane!", weight as "weight!", concurrency from queue_flows()
        "#
    )
    .fetch_all(crossing.connection())
    .await?;
    let rows = rows.into_iter().map(|row| FlowRow {
        key: FlowKey {
            tenant_id: row.tenant_id.into(),
            lane: row.lane,
        },
        weight: row.weight,
        concurrency: row.concurrency,
    });
    Ok(rows.collect())
}

/// When the first of each flow is or was ready, from its floor on.
pub(super) async fn heads(
    crossing: &mut Crossing,
    flows: &[(FlowKey, DateTime<Utc>)],
) -> Result<HashMap<FlowKey, DateTime<Utc>>, ApiError> {
    let (tenants, lanes) = columns(flows.iter().map(|(key, _)| key));
    let floors: Vec<DateTime<Utc>> = flows.iter().map(|(_, floor)| *floor).collect();
    let rows = sqlx::query!(
        r#"
        select tenant_id as "tenant_id!", lane as "lane!", ready_at as "ready_at!" from queue_heads($1, $2, $3)
        "#,
        &tenants,
        &lanes,
        &floors,
    )
    .fetch_all(crossing.connection())
    .await?;
    let heads = rows.into_iter().map(|row| {
        let key = FlowKey {
            tenant_id: row.tenant_id.into(),
            lane: row.lane,
        };
        (key, row.ready_at)
    });
    Ok(heads.collect())
}

/// So many of a flow, from its floor on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub(super) key: FlowKey,
    pub(super) count: usize,
    pub(super) floor: DateTime<Utc>,
}

/// What a claim came to.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// What this worker holds now.
    pub(super) taken: Vec<Claimed>,
    /// Of each flow in which anything was due.
    pub(super) looked: HashMap<FlowKey, LookedAt>,
}

/// How far a claim came in a flow: with what it took, and with what it put out of the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookedAt {
    pub(super) count: usize,
    /// When the last of them was ready.
    pub(super) last: DateTime<Utc>,
}

/// Why nothing came of a claim.
#[derive(Debug)]
pub(super) struct NotClaimed {
    pub(super) error: ApiError,
    /// Nothing was taken. Otherwise all of it may be done, and this worker holds what it does not know of.
    pub(super) is_undone: bool,
}

impl NotClaimed {
    /// It never came to the database.
    pub(super) fn unasked(error: ApiError) -> Self {
        Self {
            error,
            is_undone: true,
        }
    }
}

impl From<sqlx::Error> for NotClaimed {
    fn from(error: sqlx::Error) -> Self {
        let refusal = error.as_database_error().and_then(|refusal| refusal.code());
        // Who is sent away (57P) or cut off (08) hears that in place of what became of the statement.
        let is_undone =
            refusal.is_some_and(|code| !code.starts_with("57P") && !code.starts_with("08"));
        Self {
            error: error.into(),
            is_undone,
        }
    }
}

/// Take these.
pub(super) async fn claim(
    crossing: &mut Crossing,
    worker: Uuid,
    wants: &[Want],
) -> Result<Claims, NotClaimed> {
    let (tenants, lanes) = columns(wants.iter().map(|want| &want.key));
    let counts: Vec<i32> = wants
        .iter()
        .map(|want| i32::try_from(want.count).unwrap_or(i32::MAX))
        .collect();
    let floors: Vec<DateTime<Utc>> = wants.iter().map(|want| want.floor).collect();
    let total: usize = wants.iter().map(|want| want.count).sum();
    let runs: Vec<Uuid> = (0..total).map(|_| Uuid::now_v7()).collect();
    let rows = sqlx::query!(
        r#"
        select tenant_id as "tenant_id!", lane as "lane!", looked_at as "looked_at!", looked_to as "looked_to!", delivery_id,
            event_id, subscription_id, output_endpoint_id, function_id, expires_at, attempts, faults, invocation_id,
            seed_id, subscription_deleted, alias, transform, retry as "retry: Json<Policy>", concurrency, function_name,
            function_deleted, event_type, source, schedule_id, occurred_at, data, object_key, request_id, generation, leased_at
        from delivery_claim_from($1, $2, $3, $4, $5, $6)
        "#,
        worker,
        &tenants,
        &lanes,
        &counts,
        &floors,
        &runs,
    )
    .fetch_all(crossing.connection())
    .await?;
    let mut claims = Claims::default();
    for row in rows {
        let key = FlowKey {
            tenant_id: row.tenant_id.into(),
            lane: row.lane,
        };
        let looked = LookedAt {
            count: usize::try_from(row.looked_at).unwrap_or(0),
            last: row.looked_to,
        };
        claims.looked.insert(key, looked);
        // Only a flow of which nothing was taken has a row without a delivery.
        let Some(delivery_id) = row.delivery_id else {
            continue;
        };
        let taken = || {
            Some(Claimed {
                tenant_id: row.tenant_id,
                delivery_id,
                lane: row.lane,
                event_id: row.event_id?,
                subscription_id: row.subscription_id,
                output_endpoint_id: row.output_endpoint_id,
                function_id: row.function_id?,
                expires_at: row.expires_at?,
                attempts: row.attempts?,
                faults: row.faults?,
                invocation_id: row.invocation_id?,
                seed_id: row.seed_id?,
                subscription_deleted: row.subscription_deleted?,
                alias: row.alias,
                transform: row.transform,
                retry: row.retry,
                concurrency: row.concurrency,
                function_name: row.function_name?,
                function_deleted: row.function_deleted?,
                event_type: row.event_type,
                source: row.source,
                schedule_id: row.schedule_id,
                occurred_at: row.occurred_at,
                data: row.data,
                object_key: row.object_key,
                request_id: row.request_id,
                generation: row.generation?,
                worker_id: worker,
                leased_at: row.leased_at?,
            })
        };
        // Tenants and functions are never deleted but by a mark.
        claims.taken.extend(taken());
    }
    Ok(claims)
}

/// End these. Answers those that were still held, and the subscriptions that this paused.
pub(super) async fn end(
    crossing: &mut Crossing,
    worker: Uuid,
    ends: &[&End],
) -> Result<Ended, ApiError> {
    let tenants: Vec<Uuid> = ends.iter().map(|end| end.held.tenant_id).collect();
    let deliveries: Vec<Uuid> = ends.iter().map(|end| end.held.delivery_id).collect();
    let leased: Vec<DateTime<Utc>> = ends.iter().map(|end| end.held.leased_at).collect();
    let statuses: Vec<&str> = ends.iter().map(|end| end.status).collect();
    let causes: Vec<Option<&str>> = ends.iter().map(|end| end.cause.as_deref()).collect();
    let errors: Vec<Option<&str>> = ends.iter().map(|end| end.error.as_deref()).collect();
    let attempts: Vec<i16> = ends.iter().map(|end| end.attempts).collect();
    let started: Vec<Option<DateTime<Utc>>> = ends.iter().map(|end| end.started_at).collect();
    let outputs = || ends.iter().map(|end| end.output.as_ref());
    let endpoints: Vec<Option<Uuid>> = outputs().map(|output| Some(output?.0)).collect();
    let outputs: Vec<Option<&str>> = outputs().map(|output| Some(output?.1.as_str())).collect();
    let rows = sqlx::query!(
        r#"
        select tenant_id as "tenant_id!", delivery_id as "delivery_id!", paused_subscription
        from delivery_end($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        "#,
        worker,
        &tenants,
        &deliveries,
        &statuses as &[&str],
        &causes as &[Option<&str>],
        &errors as &[Option<&str>],
        &attempts,
        &started as &[Option<DateTime<Utc>>],
        &endpoints as &[Option<Uuid>],
        &outputs as &[Option<&str>],
        &leased,
    )
    .fetch_all(crossing.connection())
    .await?;
    let mut ended = Ended::default();
    for row in rows {
        match row.paused_subscription {
            Some(subscription) => ended.paused.push((row.tenant_id, subscription)),
            None => ended.count += 1,
        }
    }
    Ok(ended)
}

/// What became of deliveries that were to be ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// How many were still held, and are ended.
    pub(super) count: usize,
    /// Tenants and their subscriptions that were paused because so many died in a row.
    pub(super) paused: Vec<(Uuid, Uuid)>,
}

/// Give these back. Answers how many were still held.
pub(super) async fn put_back(
    crossing: &mut Crossing,
    worker: Uuid,
    backs: &[&Back],
) -> Result<i64, ApiError> {
    let tenants: Vec<Uuid> = backs.iter().map(|back| back.held.tenant_id).collect();
    let deliveries: Vec<Uuid> = backs.iter().map(|back| back.held.delivery_id).collect();
    let leased: Vec<DateTime<Utc>> = backs.iter().map(|back| back.held.leased_at).collect();
    let ready: Vec<DateTime<Utc>> = backs.iter().map(|back| back.ready_at).collect();
    let over: Vec<bool> = backs.iter().map(|back| back.over).collect();
    let faulty: Vec<bool> = backs.iter().map(|back| back.faulty).collect();
    let outcomes: Vec<Option<&str>> = backs.iter().map(|back| back.outcome.as_deref()).collect();
    let errors: Vec<Option<&str>> = backs.iter().map(|back| back.error.as_deref()).collect();
    let started: Vec<DateTime<Utc>> = backs.iter().map(|back| back.started_at).collect();
    let count = sqlx::query_scalar!(
        r#"select delivery_put_back($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as "count!""#,
        worker,
        &tenants,
        &deliveries,
        &ready,
        &over,
        &faulty,
        &outcomes as &[Option<&str>],
        &errors as &[Option<&str>],
        &started,
        &leased,
    )
    .fetch_one(crossing.connection())
    .await?;
    Ok(count)
}

/// End a worker's lease now. It may hold what it does not know of, so its row is left for whoever frees that.
pub(super) async fn leave(crossing: &mut Crossing, worker: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "update queue_worker set alive_until = now() where worker_id = $1",
        worker
    )
    .execute(crossing.connection())
    .await?;
    Ok(())
}

/// What is in a lane, by what it waits for.
pub(super) struct Depth {
    pub(super) lane: i16,
    pub(super) waiting: i64,
    pub(super) running: i64,
    pub(super) later: i64,
    pub(super) held: i64,
}

/// What is in each lane.
pub(super) async fn depth(crossing: &mut Crossing) -> Result<Vec<Depth>, ApiError> {
    Ok(sqlx::query_as!(
        Depth,
        r#"
        select lane as "lane!", waiting as "waiting!", running as "running!", later as "later!", held as "held!"
        from queue_depth()
        "#
    )
    .fetch_all(crossing.connection())
    .await?)
}

/// How far it was looked for what is held without a reason.
#[derive(Debug, Default)]
pub(super) struct HeldUpTo {
    tenant_id: Uuid,
    subscription_id: Uuid,
    order_key: Option<String>,
}

/// Make ready what is held without a reason, in the next place after this one. `None` when there is none.
pub(super) async fn free_held(
    crossing: &mut Crossing,
    after: &HeldUpTo,
    looks_max: i32,
) -> Result<Option<HeldUpTo>, ApiError> {
    Ok(sqlx::query_as!(
        HeldUpTo,
        r#"
        select tenant_id as "tenant_id!", subscription_id as "subscription_id!", order_key
        from delivery_free_held($1, $2, $3, $4)
        "#,
        after.tenant_id,
        after.subscription_id,
        after.order_key.as_deref(),
        looks_max,
    )
    .fetch_optional(crossing.connection())
    .await?)
}

/// Make ready what expired while it was held.
pub(super) async fn free_expired(crossing: &mut Crossing, rows_max: i32) -> Result<i64, ApiError> {
    Ok(
        sqlx::query_scalar!(r#"select delivery_free_expired($1) as "freed!""#, rows_max)
            .fetch_one(crossing.connection())
            .await?,
    )
}

fn columns<'a>(flows: impl Iterator<Item = &'a FlowKey>) -> (Vec<Uuid>, Vec<i16>) {
    flows
        .map(|key| (TenantId::uuid(key.tenant_id), key.lane))
        .unzip()
}
