//! Deliveries that wait for their subscription to be resumed. Those that wait for an earlier one of their order key look the same, and
//! are left to the ending of that one.

mod store;

use uuid::Uuid;

use crate::database::TenantTx;
use crate::error::ApiError;

/// How far whoever holds or releases came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Came {
    /// There may be more: of the order keys after this one, or still of those without one.
    UpTo(Option<String>),
    /// There is no more, but for what somebody else was at.
    ToTheEnd,
}

/// Hold up to so many deliveries of a subscription that wait to run; says how many that were.
pub(crate) async fn hold(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    at_once: i32,
) -> Result<u64, ApiError> {
    store::hold(tx, subscription_id, at_once).await
}

/// Release what is held: so many without an order key at most, and then the first of so many order keys after this one. Of a key
/// it looks at the first delivery only, however many wait behind it.
pub(crate) async fn release(
    tx: &mut TenantTx,
    subscription_id: Uuid,
    after_key: Option<&str>,
    at_once: i32,
    keys_at_once: i32,
) -> Result<Came, ApiError> {
    if after_key.is_none() {
        let released = store::release_without_key(tx, subscription_id, at_once).await?;
        if released == u64::from(at_once.unsigned_abs()) {
            return Ok(Came::UpTo(None));
        }
    }
    let up_to = store::release_first_of_keys(tx, subscription_id, after_key, keys_at_once).await?;
    Ok(match up_to {
        Some(key) => Came::UpTo(Some(key)),
        None => Came::ToTheEnd,
    })
}
