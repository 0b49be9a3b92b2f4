//! SQL of subscriptions.

use sqlx::types::Json;
use uuid::Uuid;

use super::definition::{Definition, References};
use super::{RetryPolicy, Subscription};
use crate::database::TenantTx;
use crate::error::ApiError;

pub(super) async fn count(tx: &mut TenantTx) -> Result<i64, ApiError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from subscription where tenant_id = $1 and deleted_at is null"#,
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(count)
}

pub(super) async fn source_named(tx: &mut TenantTx, name: &str) -> Result<Option<Uuid>, ApiError> {
    Ok(sqlx::query_scalar!(
        "select source_id from source where tenant_id = $1 and name = $2 and deleted_at is null",
        tx.tenant().uuid(),
        name,
    )
    .fetch_optional(tx.connection())
    .await?)
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    new: &Definition,
    references: &References,
    by: &str,
) -> Result<Uuid, ApiError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        r#"
        insert into subscription (
            tenant_id, subscription_id, function_id, alias, event_type, source_id, filter, transform, order_by, retry,
            expires_after_s, concurrency, paused, pause_after_dead, output_endpoint_id, created_by
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        "#,
        tx.tenant().uuid(),
        id,
        references.function_id.uuid(),
        new.alias,
        new.event_type,
        references.source_id,
        new.filter,
        new.transform,
        new.order_by,
        Json(new.retry) as _,
        new.expires_after_s,
        new.concurrency,
        new.paused,
        new.pause_after_dead,
        new.output_endpoint_id,
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

/// Change a subscription. `pauses` when it is paused or resumed by this: then the reason and the count begin anew.
pub(super) async fn update(
    tx: &mut TenantTx,
    id: Uuid,
    new: &Definition,
    references: &References,
    pauses: Option<bool>,
) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update subscription
        set function_id = $3, alias = $4, event_type = $5, source_id = $6, filter = $7, transform = $8, order_by = $9, retry = $10,
            expires_after_s = $11, concurrency = $12, paused = $13, pause_after_dead = $14, output_endpoint_id = $15,
            paused_because = case when $16 then null else paused_because end,
            dead_in_a_row = case when $16 then 0 else dead_in_a_row end
        where tenant_id = $1 and subscription_id = $2 and deleted_at is null
        "#,
        tx.tenant().uuid(),
        id,
        references.function_id.uuid(),
        new.alias,
        new.event_type,
        references.source_id,
        new.filter,
        new.transform,
        new.order_by,
        Json(new.retry) as _,
        new.expires_after_s,
        new.concurrency,
        new.paused,
        new.pause_after_dead,
        new.output_endpoint_id,
        pauses.is_some(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "update subscription set deleted_at = now() where tenant_id = $1 and subscription_id = $2",
        tx.tenant().uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// One subscription, held until the transaction ends.
pub(super) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Subscription, ApiError> {
    sqlx::query!(
        "select subscription_id from subscription where tenant_id = $1 and subscription_id = $2 and deleted_at is null for update",
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("subscription"))?;
    find(tx, id).await
}

pub(super) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Subscription, ApiError> {
    sqlx::query_as!(
        Subscription,
        r#"
        select s.subscription_id as id, f.name as function, s.alias, s.event_type, o.name as "source?", s.filter, s.transform,
            s.order_by, s.retry as "retry: Json<RetryPolicy>", s.expires_after_s, s.concurrency, s.paused, s.paused_because,
            s.pause_after_dead, s.output_endpoint_id, s.created_at, s.created_by
        from subscription s
        join function f on f.tenant_id = s.tenant_id and f.function_id = s.function_id
        left join source o on o.tenant_id = s.tenant_id and o.source_id = s.source_id
        where s.tenant_id = $1 and s.subscription_id = $2 and s.deleted_at is null
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("subscription"))
}

/// Subscriptions, the newest first: those before one, of one function or all.
pub(super) async fn page(
    tx: &mut TenantTx,
    function: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Subscription>, ApiError> {
    Ok(sqlx::query_as!(
        Subscription,
        r#"
        select s.subscription_id as id, f.name as function, s.alias, s.event_type, o.name as "source?", s.filter, s.transform,
            s.order_by, s.retry as "retry: Json<RetryPolicy>", s.expires_after_s, s.concurrency, s.paused, s.paused_because,
            s.pause_after_dead, s.output_endpoint_id, s.created_at, s.created_by
        from subscription s
        join function f on f.tenant_id = s.tenant_id and f.function_id = s.function_id
        left join source o on o.tenant_id = s.tenant_id and o.source_id = s.source_id
        where s.tenant_id = $1 and s.deleted_at is null and ($2::text is null or f.name = $2)
            and ($3::uuid is null or s.subscription_id < $3)
        order by s.subscription_id desc
        limit $4
        "#,
        tx.tenant().uuid(),
        function,
        before,
        limit,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// What matching needs of a subscription.
pub(super) struct ActiveRow {
    pub(super) subscription_id: Uuid,
    pub(super) function_id: Uuid,
    pub(super) event_type: String,
    pub(super) source_id: Option<Uuid>,
    pub(super) filter: Option<String>,
    pub(super) order_by: Option<String>,
    pub(super) expires_after_s: i32,
    pub(super) paused: bool,
}

pub(super) async fn active(tx: &mut TenantTx) -> Result<Vec<ActiveRow>, ApiError> {
    Ok(sqlx::query_as!(
        ActiveRow,
        r#"
        select subscription_id, function_id, event_type, source_id, filter, order_by, expires_after_s, paused
        from subscription where tenant_id = $1 and deleted_at is null
        order by subscription_id
        "#,
        tx.tenant().uuid(),
    )
    .fetch_all(tx.connection())
    .await?)
}

/// Until the transaction ends, nobody pauses or resumes a subscription of this tenant (shared), or nobody makes deliveries of
/// it (not shared). The two keys are the table's and the tenant's.
pub(super) async fn hold_still(tx: &mut TenantTx, shared: bool) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        select case when $2
            then pg_advisory_xact_lock_shared(hashtext('subscription'), hashtext($1))
            else pg_advisory_xact_lock(hashtext('subscription'), hashtext($1))
        end
        "#,
        tx.tenant().to_string(),
        shared,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// Whether a subscription is paused; a deleted one is not.
pub(super) async fn is_paused(tx: &mut TenantTx, id: Uuid) -> Result<bool, ApiError> {
    let paused = sqlx::query_scalar!(
        "select paused and deleted_at is null from subscription where tenant_id = $1 and subscription_id = $2",
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(paused.flatten().unwrap_or(false))
}
