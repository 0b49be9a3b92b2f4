//! The one lease that a worker has: all that it holds is held by its id, for as long as its row says that it is alive. One row
//! is renewed, not thousands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwright_role::drain::Drain;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::store;
use crate::database::Database;
use crate::error::ApiError;

/// A worker that is silent for so long is taken for dead.
const ALIVE: Duration = Duration::from_secs(15);

/// Three renewals may fail before that.
const RENEW_EVERY: Duration = Duration::from_secs(4);

/// Whoever could not renew for so long takes nothing more: another may hold all of it by now.
const DOUBT_AFTER: Duration = Duration::from_secs(12);

/// How long to leave a database alone that does not answer.
const AWAY: Duration = Duration::from_millis(500);

/// Which workers are alive, this one among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Crew {
    pub(super) alive: Vec<Uuid>,
}

impl Crew {
    /// This worker's part of so many that all may have together: the shares of all add up to it exactly. A remainder goes to
    /// those whose turn it is by the key, so that what is too little for all of them falls to other workers for every key, and
    /// to somebody always.
    pub(super) fn share(&self, worker: Uuid, of: usize, key: Uuid) -> usize {
        let workers = self.alive.len();
        let Some(rank) = self.alive.iter().position(|id| *id == worker) else {
            // Not among those whom it knows yet; alone as far as it can tell when there are none.
            return if workers == 0 { of } else { of / (workers + 1) };
        };
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in key.as_bytes() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let first = usize::try_from((hash ^ (hash >> 32)) % workers as u64).unwrap_or(0);
        let turn = (rank + workers - first) % workers;
        of / workers + usize::from(turn < of % workers)
    }
}

/// Keep the lease until told to stop. The id is `None` while there is none.
pub(super) async fn keep(
    database: Database,
    lease: watch::Sender<Option<Uuid>>,
    crew: watch::Sender<Crew>,
    given_up: Arc<Notify>,
    over: Drain,
) {
    let mut renewed_at = Instant::now();
    loop {
        let held = *lease.borrow();
        match turn(&database, held, &crew, &mut renewed_at).await {
            Ok(Some(worker)) => {
                lease.send_if_modified(|id| id.replace(worker) != Some(worker));
            }
            Ok(None) => {
                tracing::warn!(
                    "this worker was taken for dead and begins anew; what it held is free"
                );
                lease.send_replace(None);
                continue;
            }
            Err(error) => {
                tracing::warn!("the lease on deliveries cannot be renewed: {error}");
                if held.is_some() && renewed_at.elapsed() >= DOUBT_AFTER {
                    lease.send_replace(None);
                }
            }
        }
        let pause = match *lease.borrow() {
            Some(_) => RENEW_EVERY,
            None => AWAY,
        };
        tokio::select! {
            () = over.begun() => return,
            () = given_up.notified() => {
                // What runs under the old one may still end before that lapses.
                tracing::warn!("this worker begins anew, since it cannot know what it holds");
                lease.send_replace(None);
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// End this lease, and free what it still holds. What cannot be freed yet is freed by whoever looks next.
pub(super) async fn end(database: &Database, worker: Uuid) {
    let ended = async {
        let mut crossing = database.crossing().await?;
        store::leave(&mut crossing, worker).await?;
        store::reclaim(&mut crossing).await
    };
    if let Err(error) = ended.await {
        tracing::warn!("the lease on deliveries ends by itself: {error}");
    }
}

async fn turn(
    database: &Database,
    held: Option<Uuid>,
    crew: &watch::Sender<Crew>,
    renewed_at: &mut Instant,
) -> Result<Option<Uuid>, ApiError> {
    let mut crossing = database.crossing().await?;
    let worker = match held {
        Some(worker) => {
            if !store::renew(&mut crossing, worker, ALIVE.as_secs_f64()).await? {
                return Ok(None);
            }
            worker
        }
        None => {
            let worker = Uuid::now_v7();
            store::register(&mut crossing, worker, ALIVE.as_secs_f64()).await?;
            worker
        }
    };
    // Whatever fails after this: the lease is good from here on.
    *renewed_at = Instant::now();
    let alive = store::alive(&mut crossing).await?;
    crew.send_if_modified(|crew| {
        let changed = crew.alive != alive;
        crew.alive = alive;
        changed
    });
    Ok(Some(worker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_whole_for_any_number_of_workers() {
        for workers in 1..8_u8 {
            let alive: Vec<Uuid> = (1..=workers).map(|n| Uuid::from_bytes([n; 16])).collect();
            let crew = Crew {
                alive: alive.clone(),
            };
            for of in 0..20 {
                let key = Uuid::from_bytes([of as u8 + 100; 16]);
                let sum: usize = alive.iter().map(|id| crew.share(*id, of, key)).sum();
                assert_eq!(sum, of, "{workers} workers");
            }
        }
    }

    #[test]
    fn what_is_too_little_for_all_falls_to_other_workers_for_other_keys() {
        let alive: Vec<Uuid> = (1..=2_u8).map(|n| Uuid::from_bytes([n; 16])).collect();
        let crew = Crew {
            alive: alive.clone(),
        };
        let served = |worker: Uuid| {
            let keys = (0..64_u8).map(|n| Uuid::from_bytes([n; 16]));
            keys.filter(|key| crew.share(worker, 1, *key) == 1).count()
        };
        let (one, other) = (served(alive[0]), served(alive[1]));
        assert_eq!(one + other, 64);
        assert!(one > 16 && other > 16, "{one} and {other}");
    }
}
