//! Brings deliveries that wait in line with their subscription, after it was paused or resumed: a bounded number at a time, so that
//! no transaction is long, and whoever takes the job over goes on where it stopped.

use uuid::Uuid;

use super::store;
use crate::database::TenantTx;
use crate::deliveries::held;
use crate::error::ApiError;

/// Deliveries that one transaction holds or releases.
const AT_ONCE: i64 = 10_000;

/// Hold or release the next ones; false when there are no more.
pub(crate) async fn some(tx: &mut TenantTx, subscription_id: Uuid) -> Result<bool, ApiError> {
    let paused = store::is_paused(tx, subscription_id).await?;
    let changed = if paused {
        held::hold(tx, subscription_id, AT_ONCE).await?
    } else {
        held::release(tx, subscription_id, AT_ONCE).await?
    };
    Ok(changed > 0)
}
