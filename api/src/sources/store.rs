//! SQL of sources and their secrets.

use cartwright_domain::ids::TenantId;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::scheme::{Scheme, Settings};
use crate::database::{Crossing, TenantTx};
use crate::error::{ApiError, OnConstraint};

/// A source as it is stored.
pub(super) struct SourceRow {
    pub(super) source_id: Uuid,
    pub(super) name: String,
    pub(super) scheme: Scheme,
    pub(super) settings: Json<Settings>,
    pub(super) paused: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) created_by: String,
}

/// A secret as it is stored.
pub(super) struct SecretRow {
    pub(super) secret_id: Uuid,
    pub(super) wrapped: Vec<u8>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// Whose source this is: all that is known of a webhook is the address that it came to.
pub(super) async fn tenant_of(
    crossing: &mut Crossing,
    source_id: Uuid,
) -> Result<Option<TenantId>, ApiError> {
    let tenant = sqlx::query_scalar!("select source_tenant($1)", source_id)
        .fetch_one(crossing.connection())
        .await?;
    Ok(tenant.map(TenantId::from))
}

pub(super) async fn count(tx: &mut TenantTx) -> Result<i64, ApiError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from source where tenant_id = $1 and deleted_at is null"#,
        tx.tenant().uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(count)
}

pub(super) async fn insert(
    tx: &mut TenantTx,
    name: &str,
    scheme: Scheme,
    settings: &Settings,
    by: &str,
) -> Result<Uuid, ApiError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into source (tenant_id, source_id, name, scheme, settings, created_by) values ($1, $2, $3, $4, $5, $6)",
        tx.tenant().uuid(),
        id,
        name,
        scheme as Scheme,
        Json(settings) as _,
        by,
    )
    .execute(tx.connection())
    .await
    .on_constraint("source_name_unique", ApiError::NameTaken("source"))?;
    Ok(id)
}

pub(super) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<SourceRow, ApiError> {
    sqlx::query_as!(
        SourceRow,
        r#"
        select source_id, name, scheme as "scheme: Scheme", settings as "settings: Json<Settings>", paused, created_at, created_by
        from source where tenant_id = $1 and source_id = $2 and deleted_at is null
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("source"))
}

/// One source, held until the transaction ends.
pub(super) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<SourceRow, ApiError> {
    sqlx::query!(
        "select source_id from source where tenant_id = $1 and source_id = $2 and deleted_at is null for no key update",
        tx.tenant().uuid(),
        id,
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or(ApiError::NotFound("source"))?;
    find(tx, id).await
}

pub(super) async fn page(
    tx: &mut TenantTx,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SourceRow>, ApiError> {
    Ok(sqlx::query_as!(
        SourceRow,
        r#"
        select source_id, name, scheme as "scheme: Scheme", settings as "settings: Json<Settings>", paused, created_at, created_by
        from source where tenant_id = $1 and deleted_at is null and ($2::uuid is null or source_id < $2)
        order by source_id desc
        limit $3
        "#,
        tx.tenant().uuid(),
        before,
        limit,
    )
    .fetch_all(tx.connection())
    .await?)
}

pub(super) async fn update(
    tx: &mut TenantTx,
    id: Uuid,
    settings: &Settings,
    paused: bool,
) -> Result<(), ApiError> {
    sqlx::query!(
        "update source set settings = $3, paused = $4 where tenant_id = $1 and source_id = $2",
        tx.tenant().uuid(),
        id,
        Json(settings) as _,
        paused,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Delete a source, and forget its secrets.
pub(super) async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "delete from source_secret where tenant_id = $1 and source_id = $2",
        tx.tenant().uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "update source set deleted_at = now() where tenant_id = $1 and source_id = $2",
        tx.tenant().uuid(),
        id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The secrets of a source, the newest first.
pub(super) async fn secrets(tx: &mut TenantTx, id: Uuid) -> Result<Vec<SecretRow>, ApiError> {
    Ok(sqlx::query_as!(
        SecretRow,
        r#"
        select secret_id, wrapped, created_at, expires_at from source_secret where tenant_id = $1 and source_id = $2
        order by secret_id desc
        "#,
        tx.tenant().uuid(),
        id,
    )
    .fetch_all(tx.connection())
    .await?)
}

pub(super) async fn insert_secret(
    tx: &mut TenantTx,
    source_id: Uuid,
    id: Uuid,
    wrapped: &[u8],
    by: &str,
) -> Result<(), ApiError> {
    sqlx::query!(
        "insert into source_secret (tenant_id, source_id, secret_id, wrapped, created_by) values ($1, $2, $3, $4, $5)",
        tx.tenant().uuid(),
        source_id,
        id,
        wrapped,
        by,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Let the secrets of a source end then that do not end before.
pub(super) async fn expire_secrets(
    tx: &mut TenantTx,
    source_id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), ApiError> {
    sqlx::query!(
        "update source_secret set expires_at = least(expires_at, $3) where tenant_id = $1 and source_id = $2",
        tx.tenant().uuid(),
        source_id,
        at,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn delete_secret(
    tx: &mut TenantTx,
    source_id: Uuid,
    id: Uuid,
) -> Result<(), ApiError> {
    sqlx::query!(
        "delete from source_secret where tenant_id = $1 and source_id = $2 and secret_id = $3",
        tx.tenant().uuid(),
        source_id,
        id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
