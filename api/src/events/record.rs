//! Keeps events: all of them or none, and of what was seen before nothing.

use std::collections::{HashMap, HashSet};

use cartwright_domain::problem::{Code, Problem};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::store::{self, Place, Seen};
use super::{EventData, NewEvent, Origin, Recorded, lineage};
use crate::database::TenantTx;
use crate::deliveries::enqueue::{NewDelivery, enqueue};
use crate::error::ApiError;

/// Keep events and queue their deliveries, in the caller's transaction. The answers stand in the order of the events; one whose
/// id its origin used before, in this call too, is a duplicate and leaves nothing. Nothing of it is there before the commit.
pub(crate) async fn record(
    tx: &mut TenantTx,
    new: Vec<NewEvent>,
) -> Result<Vec<Recorded>, ApiError> {
    let digests: Vec<[u8; 32]> = new.iter().map(|event| event.data.sha256()).collect();
    let ancestries = lineage::of(tx, &new).await?;
    let fresh = store::insert(tx, &new, &digests, &ancestries).await?;
    lineage::count(tx, &new, &ancestries, &fresh).await?;
    let first_seen = if fresh.len() == new.len() {
        HashMap::new()
    } else {
        seen_before(tx, &new, &fresh).await?
    };
    let mut recorded = Vec::with_capacity(new.len());
    for (event, digest) in new.iter().zip(&digests) {
        recorded.push(if fresh.contains(&event.event_id) {
            Recorded {
                event_id: event.event_id,
                duplicate: false,
                deliveries: event.delivery_count()?,
            }
        } else {
            repeat_of(event, digest, &first_seen)?
        });
    }
    let deliveries: Vec<NewDelivery> = new
        .into_iter()
        .filter(|event| fresh.contains(&event.event_id))
        .flat_map(|event| event.deliveries)
        .collect();
    if !deliveries.is_empty() {
        enqueue(tx, &deliveries).await?;
    }
    Ok(recorded)
}

async fn seen_before(
    tx: &mut TenantTx,
    new: &[NewEvent],
    fresh: &HashSet<Uuid>,
) -> Result<HashMap<(Uuid, String), Seen>, ApiError> {
    let places: Vec<Place<'_>> = new
        .iter()
        .filter(|event| !fresh.contains(&event.event_id))
        .map(|event| (event.origin.id(), event.external_id.as_str()))
        .collect();
    let seen = store::seen(tx, &places).await?;
    let by_place = seen
        .into_iter()
        .map(|seen| ((seen.origin, seen.external_id.clone()), seen));
    Ok(by_place.collect())
}

fn repeat_of(
    event: &NewEvent,
    digest: &[u8; 32],
    seen: &HashMap<(Uuid, String), Seen>,
) -> Result<Recorded, ApiError> {
    let place = (event.origin.id(), event.external_id.clone());
    // What was seen is forgotten after a while, and that may be just now.
    let first = seen
        .get(&place)
        .ok_or(ApiError::NotReady("what was seen of events"))?;
    // A third party that repeats is told that it was heard, or it would go on; only the platform can mend its ids.
    let differs = first
        .event_type
        .as_ref()
        .is_some_and(|known| *known != event.event_type)
        || first
            .data_sha256
            .as_ref()
            .is_some_and(|known| known != digest);
    if event.origin == Origin::Platform && differs {
        let detail = format!(
            "an event with the id \"{}\" was accepted before, with another type or other data: use a new id for a new event",
            event.external_id
        );
        return Err(ApiError::Problem(Box::new(
            Problem::new(Code::IdempotencyMismatch, detail)
                .with("event_id", first.event_id.to_string()),
        )));
    }
    Ok(Recorded {
        event_id: first.event_id,
        duplicate: true,
        deliveries: first.deliveries.unwrap_or(0),
    })
}

impl EventData {
    fn sha256(&self) -> [u8; 32] {
        match self {
            Self::Inline(bytes) => Sha256::digest(bytes).into(),
            Self::Stored { sha256, .. } => *sha256,
        }
    }

    /// Its length in bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Inline(bytes) => bytes.len(),
            Self::Stored { bytes, .. } => *bytes as usize,
        }
    }
}

impl NewEvent {
    pub(super) fn delivery_count(&self) -> Result<i32, ApiError> {
        let count = i32::try_from(self.deliveries.len());
        Ok(count.map_err(anyhow::Error::from)?)
    }
}
