//! SQL of the platform's keys, as the owner of the database.

use cartwright_domain::api_key::ApiKey;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

pub(super) async fn insert_platform_key(
    owner: &mut PgConnection,
    key: &ApiKey,
    name: &str,
) -> sqlx::Result<()> {
    let sha256 = key.sha256();
    sqlx::query!(
        "insert into platform_key (key_id, name, sha256) values ($1, $2, $3)",
        key.id(),
        name,
        sha256.as_slice(),
    )
    .execute(owner)
    .await?;
    Ok(())
}

/// A key of the platform that was asked to be revoked.
pub(super) struct Revoked {
    pub(super) name: String,
    /// When it was revoked before, if it was.
    pub(super) before: Option<DateTime<Utc>>,
}

/// Revoke a key for good. Executors hear of it by the trigger on its row. None when there is no such key.
pub(super) async fn revoke_platform_key(
    owner: &mut PgConnection,
    key_id: &str,
) -> sqlx::Result<Option<Revoked>> {
    sqlx::query_as!(
        Revoked,
        r#"
        update platform_key k set revoked_at = coalesce(k.revoked_at, now())
        from (select key_id, name, revoked_at from platform_key where key_id = $1 for update) as o
        where k.key_id = o.key_id
        returning o.name, o.revoked_at as "before?"
        "#,
        key_id,
    )
    .fetch_optional(owner)
    .await
}

/// A key of the platform as an operator sees it.
pub(super) struct PlatformKeyRow {
    pub(super) key_id: String,
    pub(super) name: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) revoked_at: Option<DateTime<Utc>>,
}

/// Every key of the platform, the oldest first.
pub(super) async fn platform_keys(owner: &mut PgConnection) -> sqlx::Result<Vec<PlatformKeyRow>> {
    sqlx::query_as!(
        PlatformKeyRow,
        "select key_id, name, created_at, revoked_at from platform_key order by created_at, key_id",
    )
    .fetch_all(owner)
    .await
}
