//! SQL of API keys.

use cartwright_domain::api_key::ApiKey;
use chrono::{DateTime, Utc};

use super::{KeyView, NewKey};
use crate::database::TenantTx;
use crate::error::ApiError;

pub(super) async fn insert(
    tx: &mut TenantTx,
    key: &ApiKey,
    new: &NewKey,
    created_by: &str,
) -> Result<(), ApiError> {
    let sha256 = key.sha256();
    let scopes: Vec<_> = new
        .scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect();
    sqlx::query!(
        r#"
        insert into api_key (tenant_id, key_id, name, sha256, scopes, created_by, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        tx.tenant().uuid(),
        key.id(),
        new.name,
        sha256.as_slice(),
        &scopes,
        created_by,
        new.expires_at,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut TenantTx, id: &str) -> Result<KeyView, ApiError> {
    // No key has such an id, and Postgres takes no NUL in a text.
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ApiError::NotFound("key"));
    }
    let key = sqlx::query_as!(
        KeyView,
        r#"
        select key_id as id, name, scopes, expires_at, revoked_at, last_used_at, created_at, created_by
        from api_key
        where tenant_id = $1 and key_id = $2
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?;
    key.ok_or(ApiError::NotFound("key"))
}

pub(super) async fn list(
    tx: &mut TenantTx,
    after: Option<(DateTime<Utc>, String)>,
    rows: i64,
) -> Result<Vec<KeyView>, ApiError> {
    let (created_at, id) = after.unzip();
    Ok(sqlx::query_as!(
        KeyView,
        r#"
        select key_id as id, name, scopes, expires_at, revoked_at, last_used_at, created_at, created_by
        from api_key
        where tenant_id = $1 and ($2::timestamptz is null or (created_at, key_id) < ($2, $3))
        order by created_at desc, key_id desc
        limit $4
        "#,
        tx.tenant().uuid(),
        created_at,
        id,
        rows,
    )
    .fetch_all(tx.connection())
    .await?)
}

pub(super) async fn revoke(tx: &mut TenantTx, id: &str) -> Result<(), ApiError> {
    sqlx::query!(
        "update api_key set revoked_at = now() where tenant_id = $1 and key_id = $2",
        tx.tenant().uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
