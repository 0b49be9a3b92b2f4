//! SQL of endpoints and their secrets.

use uuid::Uuid;

use super::secrets::SecretView;
use super::{Endpoint, EndpointChange, NewEndpoint};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::messages::Notice;

const ABSENT: ApiError = ApiError::NotFound("endpoint");

fn words(notices: &[Notice]) -> Vec<String> {
    // Each once, in an order of its own.
    let asked = Notice::ALL
        .into_iter()
        .filter(|notice| notices.contains(notice));
    asked.map(|notice| notice.as_str().to_owned()).collect()
}

pub(super) async fn count(tx: &mut TenantTx) -> Result<i64, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from endpoint where tenant_id = $1 and deleted_at is null"#,
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?)
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    new: &NewEndpoint,
    by: &str,
) -> Result<Uuid, ApiError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into endpoint (tenant_id, endpoint_id, name, url, notices, created_by) values ($1, $2, $3, $4, $5, $6)",
        tx.tenant().uuid(),
        id,
        new.name,
        new.url,
        &words(&new.notices),
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

pub(super) async fn list(
    tx: &mut TenantTx,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Endpoint>, ApiError> {
    Ok(sqlx::query_as!(
        Endpoint,
        r#"
        select endpoint_id as id, name, url, notices, disabled_at, disabled_because, failures, failing_since,
            case when blocked_until > now() then blocked_until end as blocked_until, created_at, created_by
        from endpoint
        where tenant_id = $1 and deleted_at is null and ($2::uuid is null or endpoint_id > $2)
        order by endpoint_id
        limit $3
        "#,
        tx.tenant().uuid(),
        after,
        rows,
    )
    .fetch_all(tx.connection())
    .await?)
}

pub(crate) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Endpoint, ApiError> {
    let endpoint = sqlx::query_as!(
        Endpoint,
        r#"
        select endpoint_id as id, name, url, notices, disabled_at, disabled_because, failures, failing_since,
            case when blocked_until > now() then blocked_until end as blocked_until, created_at, created_by
        from endpoint
        where tenant_id = $1 and endpoint_id = $2 and deleted_at is null
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    endpoint.ok_or(ABSENT)
}

/// Lock an endpoint: its secrets change one after the other.
pub(super) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<(), ApiError> {
    let found = sqlx::query!(
        "select endpoint_id from endpoint where tenant_id = $1 and endpoint_id = $2 and deleted_at is null for no key update",
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    found.map(drop).ok_or(ABSENT)
}

pub(super) async fn update(
    tx: &mut TenantTx,
    id: Uuid,
    change: &EndpointChange,
) -> Result<(), ApiError> {
    let notices = change.notices.as_deref().map(words);
    // Whoever gives another address, or enables it, starts anew.
    let anew = change.url.is_some() || change.disabled == Some(false);
    sqlx::query!(
        r#"
        update endpoint set
            name = coalesce($3, name), url = coalesce($4, url), notices = coalesce($5, notices),
            disabled_at = case $6::boolean when true then coalesce(disabled_at, now()) when false then null else disabled_at end,
            disabled_because = case when $6::boolean is null then disabled_because end,
            failures = case when $7 then 0 else failures end,
            failing_since = case when $7 then null else failing_since end,
            blocked_until = case when $7 then null else blocked_until end
        where tenant_id = $1 and endpoint_id = $2
        "#,
        tx.tenant().uuid(),
        id,
        change.name,
        change.url,
        notices.as_deref(),
        change.disabled,
        anew,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Send to it now, although it asked to be left alone or failed: a person wants to see.
pub(crate) async fn unblock(tx: &mut TenantTx, id: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "update endpoint set blocked_until = null where tenant_id = $1 and endpoint_id = $2 and blocked_until is not null",
        tx.tenant().uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "update endpoint set deleted_at = now() where tenant_id = $1 and endpoint_id = $2",
        tx.tenant().uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A subscription whose function's output goes there.
pub(super) async fn subscription_that_uses(
    tx: &mut TenantTx,
    id: Uuid,
) -> Result<Option<Uuid>, ApiError> {
    Ok(sqlx::query_scalar!(
        r#"
        select subscription_id from subscription
        where tenant_id = $1 and output_endpoint_id = $2 and deleted_at is null
        limit 1
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// The secrets that messages are signed with now, newest first.
pub(super) async fn secrets(
    tx: &mut TenantTx,
    endpoint_id: Uuid,
) -> Result<Vec<SecretView>, ApiError> {
    Ok(sqlx::query_as!(
        SecretView,
        r#"
        select secret_id as id, created_at, created_by, expires_at from endpoint_secret
        where tenant_id = $1 and endpoint_id = $2 and (expires_at is null or expires_at > now())
        order by secret_id desc
        "#,
        tx.tenant().uuid(),
        endpoint_id,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// The newest is good for 24 hours more; those that were replaced before end now.
pub(super) async fn expire_secrets(tx: &mut TenantTx, endpoint_id: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        update endpoint_secret
        set expires_at = case when expires_at is null then now() + interval '24 hours' else least(expires_at, now()) end
        where tenant_id = $1 and endpoint_id = $2
        "#,
        tx.tenant().uuid(),
        endpoint_id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn insert_secret(
    tx: &mut TenantTx,
    endpoint_id: Uuid,
    wrapped: &[u8],
    by: &str,
) -> Result<Uuid, ApiError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into endpoint_secret (tenant_id, endpoint_id, secret_id, wrapped, created_by) values ($1, $2, $3, $4, $5)",
        tx.tenant().uuid(),
        endpoint_id,
        id,
        wrapped,
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}
