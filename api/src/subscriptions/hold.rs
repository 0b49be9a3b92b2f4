//! Brings deliveries that wait in line with their subscription, after it was paused or resumed: a bounded number at a time, so that
//! no transaction is long, and whoever takes the job over goes on where it stopped.

use uuid::Uuid;

use super::store;
use crate::database::TenantTx;
use crate::deliveries::held::{self, Came};
use crate::error::ApiError;

/// Deliveries that one transaction holds or releases.
const AT_ONCE: i32 = 10_000;

/// Order keys of which one transaction releases the first delivery: each is several statements.
const KEYS_AT_ONCE: i32 = 2_000;

/// Hold the next ones, or release those after this order key; says how far it came.
pub(crate) async fn some(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    after_key: Option<&str>,
) -> Result<Came, ApiError> {
    if !store::is_paused(tx, subscription_id).await? {
        return held::release(tx, subscription_id, after_key, AT_ONCE, KEYS_AT_ONCE).await;
    }
    Ok(match held::hold(tx, subscription_id, AT_ONCE).await? {
        0 => Came::ToTheEnd,
        _ => Came::UpTo(None),
    })
}
