//! Events on their way to subscriptions: a transaction in which all that they meet stands still, got without keeping it waiting
//! for filters.

use cartwright_domain::ids::TenantId;

use super::matching::{Candidate, Candidates, REQUEST_STEPS_MAX, Subscriptions};
use crate::database::{Database, TenantTx};
use crate::deliveries::enqueue::NewDelivery;
use crate::deliveries::lane::Lane;
use crate::error::ApiError;

/// How often filters may change while they are asked.
const TRIES_MAX: usize = 5;

/// The deliveries of one tenant's events, in their order.
pub(crate) type Met = Vec<Vec<NewDelivery>>;

/// The deliveries that events of these tenants make, and the transaction in which their subscriptions stay as they are. It sees
/// the last of the tenants.
pub(crate) async fn meet(
    database: &Database,
    mut parts: Vec<(TenantId, Candidates)>,
    lane: Lane,
) -> Result<(TenantTx, Vec<Met>), ApiError> {
    let first = parts.first().map(|(tenant, _)| *tenant);
    let first = first.ok_or_else(|| anyhow::anyhow!("events are somebody's"))?;
    let mut steps = REQUEST_STEPS_MAX;
    for _ in 0..TRIES_MAX {
        let mut tx = database.tenant_tx(first).await?;
        let (mut met, mut costly) = (Vec::with_capacity(parts.len()), Vec::new());
        for (at, (tenant, candidates)) in parts.iter_mut().enumerate() {
            tx.turn_to(*tenant).await?;
            let subscriptions = Subscriptions::of(&mut tx).await?;
            match subscriptions.meet(candidates, lane) {
                Some(deliveries) => met.push(deliveries),
                None => costly.push((at, subscriptions)),
            }
        }
        if costly.is_empty() {
            return Ok((tx, met));
        }
        drop(tx);
        for (at, subscriptions) in costly {
            let candidates = std::mem::take(&mut parts[at].1);
            (parts[at].1, steps) = subscriptions.judge(candidates, steps).await?;
        }
    }
    Err(ApiError::NotReady(
        "subscriptions, which are being changed,",
    ))
}

/// The same for one event.
pub(crate) async fn meet_one(
    database: &Database,
    tenant: TenantId,
    event: Candidate,
    lane: Lane,
) -> Result<(TenantTx, Vec<NewDelivery>), ApiError> {
    let parts = vec![(tenant, Candidates::of(vec![event]))];
    let (tx, met) = meet(database, parts, lane).await?;
    Ok((tx, met.into_iter().flatten().flatten().collect()))
}
