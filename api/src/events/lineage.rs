//! Which event caused which, and the end of a chain that would not end: what events cause is counted at the first of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cartwright_domain::problem::{Code, Problem};
use uuid::Uuid;

use super::{NewEvent, store};
use crate::database::TenantTx;
use crate::error::ApiError;

/// Events that may lie one behind the other under the first.
const HOPS_MAX: i16 = 16;

/// Events that one event may cause in all, over every hop.
const CAUSED_MAX: i32 = 1_000;

/// Where an event stands in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ancestry {
    pub(super) root: Uuid,
    pub(super) hops: i16,
}

/// Where each of these stands; refused where a parent is none of the tenant's, or too far from the first.
pub(super) async fn of(tx: &mut TenantTx, new: &[NewEvent]) -> Result<Vec<Ancestry>, ApiError> {
    let parents: BTreeSet<Uuid> = new.iter().filter_map(|event| event.parent).collect();
    let known: HashMap<Uuid, Ancestry> = if parents.is_empty() {
        HashMap::new()
    } else {
        let parents: Vec<Uuid> = parents.into_iter().collect();
        store::ancestries(tx, &parents).await?.into_iter().collect()
    };
    new.iter()
        .map(|event| {
            let Some(parent) = event.parent else {
                return Ok(Ancestry {
                    root: event.event_id,
                    hops: 0,
                });
            };
            let above = known.get(&parent).ok_or_else(|| {
                ApiError::Invalid(format!(
                    "`parent` must be the id of an event of this tenant that is still kept; there is no event {parent}"
                ))
            })?;
            if above.hops >= HOPS_MAX {
                return Err(loop_detected(&format!(
                    "the event would be {} hops from event {}, which caused it, and {HOPS_MAX} are allowed",
                    above.hops + 1,
                    above.root
                )));
            }
            Ok(Ancestry {
                root: above.root,
                hops: above.hops + 1,
            })
        })
        .collect()
}

/// Count what was just kept where its chain began; refused when that is too much.
pub(super) async fn count(
    tx: &mut TenantTx,
    new: &[NewEvent],
    ancestries: &[Ancestry],
    fresh: &HashSet<Uuid>,
) -> Result<(), ApiError> {
    // In the order of the ids, so that two who count the same chains never wait for each other.
    let mut caused = BTreeMap::<Uuid, i32>::new();
    for (event, ancestry) in new.iter().zip(ancestries) {
        if ancestry.hops > 0 && fresh.contains(&event.event_id) {
            *caused.entry(ancestry.root).or_default() += 1;
        }
    }
    for (root, events) in caused {
        let events = store::count_caused(tx, root, events).await?;
        if events > CAUSED_MAX {
            return Err(loop_detected(&format!(
                "event {root} would have caused {events} events, and {CAUSED_MAX} are allowed"
            )));
        }
    }
    Ok(())
}

fn loop_detected(what: &str) -> ApiError {
    let detail = format!(
        "{what}: break the loop, or send the event without `parent` if that event did not cause it"
    );
    ApiError::Problem(Box::new(Problem::new(Code::LoopDetected, detail)))
}
