//! SQL of who asks.

use cartwright_domain::ids::{TenantId, UserId};
use chrono::{DateTime, Utc};

use super::Role;
use crate::database::{Crossing, TenantTx};
use crate::error::ApiError;

/// A key as it is stored.
pub(super) struct StoredKey {
    pub(super) sha256: Vec<u8>,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) revoked_at: Option<DateTime<Utc>>,
}

/// What a tenant's key has beyond that.
pub(super) struct TenantKey {
    pub(super) tenant: TenantId,
    pub(super) scopes: Vec<String>,
    pub(super) last_used_at: Option<DateTime<Utc>>,
    pub(super) stored: StoredKey,
}

pub(super) async fn tenant_key(
    crossing: &mut Crossing,
    key_id: &str,
) -> Result<Option<TenantKey>, ApiError> {
    let row = sqlx::query!(
        r#"
        select tenant_id as "tenant_id!", sha256 as "sha256!", scopes as "scopes!", expires_at, revoked_at, last_used_at
        from api_key_find($1)
        "#,
        key_id,
    )
    .fetch_optional(crossing.connection())
    .await?;
    Ok(row.map(|row| TenantKey {
        tenant: row.tenant_id.into(),
        scopes: row.scopes,
        last_used_at: row.last_used_at,
        stored: StoredKey {
            sha256: row.sha256,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        },
    }))
}

pub(super) async fn platform_key(
    crossing: &mut Crossing,
    key_id: &str,
) -> Result<Option<StoredKey>, ApiError> {
    Ok(sqlx::query_as!(
        StoredKey,
        "select sha256, expires_at, revoked_at from platform_key where key_id = $1",
        key_id,
    )
    .fetch_optional(crossing.connection())
    .await?)
}

/// The tenant with this slug or id.
pub(crate) async fn tenant_named(
    crossing: &mut Crossing,
    slug_or_id: &str,
) -> Result<Option<TenantId>, ApiError> {
    let id = sqlx::query_scalar!("select tenant_find($1)", slug_or_id)
        .fetch_one(crossing.connection())
        .await?;
    Ok(id.map(TenantId::from))
}

/// What a person is to a tenant now; `None` when no member.
pub(super) async fn member_role(
    crossing: &mut Crossing,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<Role>, ApiError> {
    let word = sqlx::query_scalar!("select member_role($1, $2)", tenant.uuid(), user.uuid())
        .fetch_one(crossing.connection())
        .await?;
    Ok(word.as_deref().and_then(Role::from_word))
}

/// Note that a key was used just now.
pub(super) async fn touch_key(tx: &mut TenantTx, key_id: &str) -> Result<(), ApiError> {
    sqlx::query!(
        "update api_key set last_used_at = now() where tenant_id = $1 and key_id = $2",
        tx.tenant().uuid(),
        key_id,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
