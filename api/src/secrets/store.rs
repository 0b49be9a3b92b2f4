//! SQL of the platform's keys, as the owner of the database.

use cartwright_domain::api_key::ApiKey;
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
