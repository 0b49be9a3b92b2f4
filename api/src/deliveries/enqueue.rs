//! Puts deliveries into the queue, in the transaction of what they deliver.

use cartwright_domain::ids::FunctionId;
use uuid::Uuid;

use super::lane::Lane;
use super::store;
use crate::database::TenantTx;
use crate::error::ApiError;

/// On which Postgres says that deliveries wait; the payload is the tenant's id. A hint: workers also look by the clock.
pub(crate) const HINT_CHANNEL: &str = "cartwright_deliveries";

/// A delivery that is to be attempted.
#[derive(Debug, Clone)]
pub(crate) struct NewDelivery {
    /// A new UUIDv7. One with an order key gets another when it is queued, so that later ones of the key have greater ids.
    pub(crate) delivery_id: Uuid,
    pub(crate) event_id: Uuid,
    /// `None` for a schedule's.
    pub(crate) subscription_id: Option<Uuid>,
    pub(crate) function_id: FunctionId,
    pub(crate) lane: Lane,
    /// Deliveries of one subscription with the same key run one after the other.
    pub(crate) order_key: Option<String>,
    /// Its subscription is paused: it waits until that is resumed, or it expires.
    pub(crate) held: bool,
    /// Seconds until it expires.
    pub(crate) expires_after_s: i32,
    /// The batch of replays that makes it, and the delivery that it repeats.
    pub(crate) replay: Option<(Option<Uuid>, Uuid)>,
}

impl NewDelivery {
    /// Its subscription and its key, where that orders.
    fn order(&self) -> Option<(Uuid, &str)> {
        Some((self.subscription_id?, self.order_key.as_deref()?))
    }
}

/// Queue these. They are seen when the transaction commits, and not at all when it does not.
pub(crate) async fn enqueue(tx: &mut TenantTx, new: &[NewDelivery]) -> Result<(), ApiError> {
    if new.is_empty() {
        return Ok(());
    }
    let in_order: Vec<(Uuid, &str)> = new.iter().filter_map(NewDelivery::order).collect();
    if in_order.is_empty() {
        return store::insert(tx, new).await;
    }
    // Ids minted under the locks are in the order of the commits: what is minted later is committed later.
    store::lock_order(tx, &in_order).await?;
    let mut new = new.to_vec();
    for one in &mut new {
        if one.order().is_some() {
            one.delivery_id = Uuid::now_v7();
        }
    }
    store::insert(tx, &new).await
}
