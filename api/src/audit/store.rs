//! SQL of the audit log.

use super::Entry;
use crate::database::TenantTx;
use crate::error::ApiError;

pub(super) async fn append(
    tx: &mut TenantTx,
    actor: &str,
    action: &str,
    target: &str,
    before_sha256: Option<[u8; 32]>,
    after_sha256: Option<[u8; 32]>,
) -> Result<(), ApiError> {
    sqlx::query!(
        "select audit_append($1, $2, $3, $4, $5)",
        actor,
        action,
        target,
        before_sha256.as_ref().map(<[u8; 32]>::as_slice),
        after_sha256.as_ref().map(<[u8; 32]>::as_slice),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn list(tx: &mut TenantTx, below: i64, rows: i64) -> Result<Vec<Entry>, ApiError> {
    Ok(sqlx::query_as!(
        Entry,
        r#"
        select seq, at, actor, action, target,
            encode(before_sha256, 'hex') as before_sha256, encode(after_sha256, 'hex') as after_sha256,
            encode(prev_hash, 'hex') as "prev_hash!", encode(hash, 'hex') as "hash!"
        from audit_log
        where tenant_id = $1 and seq < $2
        order by seq desc
        limit $3
        "#,
        tx.tenant().uuid(),
        below,
        rows,
    )
    .fetch_all(tx.connection())
    .await?)
}
