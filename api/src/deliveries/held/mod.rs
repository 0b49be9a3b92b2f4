//! Deliveries that wait for their subscription to be resumed. Those that wait for an earlier one of their order key look the same, and
//! are left to the ending of that one.

mod store;

use uuid::Uuid;

use crate::database::TenantTx;
use crate::error::ApiError;

/// Hold up to so many deliveries of a subscription that wait to run; says how many that were.
pub(crate) async fn hold(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    at_once: i64,
) -> Result<u64, ApiError> {
    store::hold(tx, subscription_id, at_once).await
}

/// Release up to so many that are held; says how many that were.
pub(crate) async fn release(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    at_once: i64,
) -> Result<u64, ApiError> {
    store::release(tx, subscription_id, at_once).await
}
