//! SQL of a tenant's share of the queue.

use super::QueueShare;
use crate::database::TenantTx;
use crate::error::ApiError;

/// What the tenant has, if the operator gave it anything.
pub(super) async fn get(tx: &mut TenantTx) -> Result<Option<QueueShare>, ApiError> {
    Ok(sqlx::query_as!(
        QueueShare,
        "select weight, concurrency from queue_share where tenant_id = $1",
        tx.tenant().uuid(),
    )
    .fetch_optional(tx.connection())
    .await?)
}

/// Give it this.
pub(super) async fn put(tx: &mut TenantTx, share: QueueShare) -> Result<(), ApiError> {
    sqlx::query!(
        r#"
        insert into queue_share (tenant_id, weight, concurrency) values ($1, $2, $3)
        on conflict (tenant_id) do update set weight = excluded.weight, concurrency = excluded.concurrency
        "#,
        tx.tenant().uuid(),
        share.weight,
        share.concurrency,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
