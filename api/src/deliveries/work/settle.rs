//! What is written of a delivery that left the worker: its end, or that it is given back. Written for many at once: what comes
//! in while a statement is under way makes the next one.

use std::time::Duration;

use cartwright_domain::problem::Code;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::attempt::Verdict;
use super::claimed::{Claimed, HeldId};
use super::retry::fault_delay;
use super::store;
use crate::database::Database;
use crate::error::ApiError;

/// Settlements of one statement, at most.
const BATCH_MAX: usize = 512;

/// How long the first waits for others.
const GATHER: Duration = Duration::from_millis(4);

/// How long to leave a database alone that does not answer.
const AWAY: Duration = Duration::from_millis(250);

/// How long what cannot be written is left alone, before it is run once more under the same id.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// An error's text in a row, in characters at most.
const ERROR_MAX: usize = 500;

/// It is over.
#[derive(Debug)]
pub(super) struct End {
    pub(super) held: HeldId,
    pub(super) status: &'static str,
    pub(super) cause: Option<String>,
    pub(super) error: Option<String>,
    /// Attempts that the function had in all.
    pub(super) attempts: i16,
    /// When the last one began.
    pub(super) started_at: Option<DateTime<Utc>>,
    /// An endpoint, and the data of the message to it.
    pub(super) output: Option<(Uuid, String)>,
}

/// It is given back.
#[derive(Debug)]
pub(super) struct Back {
    pub(super) held: HeldId,
    pub(super) ready_at: DateTime<Utc>,
    /// The function had its attempt.
    pub(super) over: bool,
    /// It was a fault of ours.
    pub(super) faulty: bool,
    /// What is kept of this attempt; `None` keeps nothing.
    pub(super) outcome: Option<String>,
    pub(super) error: Option<String>,
    pub(super) started_at: DateTime<Utc>,
}

/// One or the other.
#[derive(Debug)]
pub(super) enum Settlement {
    End(End),
    Back(Back),
}

impl Settlement {
    /// What follows from the verdict on an attempt that began then. `chance` is from 0 to 1.
    pub(super) fn of(
        delivery: &Claimed,
        verdict: Verdict,
        started_at: DateTime<Utc>,
        now: DateTime<Utc>,
        chance: f64,
    ) -> Self {
        let had = delivery.attempts.saturating_add(1);
        let end = |status, cause, error: Option<String>, output: Option<String>| {
            Self::End(End {
                held: delivery.held(),
                status,
                cause,
                error: error.as_deref().map(cut),
                attempts: had,
                started_at: Some(started_at),
                output: delivery.output_endpoint_id.zip(output),
            })
        };
        let back = |after: Duration, over, outcome: Option<String>, error: &str| {
            Self::Back(Back {
                held: delivery.held(),
                ready_at: now + after,
                over,
                faulty: !over,
                outcome,
                error: Some(cut(error)),
                started_at,
            })
        };
        match verdict {
            Verdict::Succeeded { output } => end("succeeded", None, None, output),
            Verdict::Dead { cause, error } => end("dead", Some(cause), Some(error), None),
            Verdict::Failed { cause, error } => {
                let attempts = u16::try_from(had).unwrap_or(u16::MAX);
                match delivery.policy().delay(attempts, chance) {
                    Some(delay) => back(delay, true, Some(cause), &error),
                    None => end("dead", Some(cause), Some(error), None),
                }
            }
            Verdict::Fault {
                code,
                error,
                pressure,
            } => {
                let delay = fault_delay(u16::try_from(delivery.faults).unwrap_or(0), chance);
                // Who only asked for less is asked again and again, and that is no news.
                let outcome = pressure.is_none().then_some(code);
                back(delay, false, outcome, &error)
            }
        }
    }

    /// End it without an attempt.
    pub(super) fn unattempted(
        delivery: &Claimed,
        status: &'static str,
        cause: Option<&str>,
        error: &str,
    ) -> Self {
        Self::End(End {
            held: delivery.held(),
            status,
            cause: cause.map(str::to_owned),
            error: Some(cut(error)),
            attempts: delivery.attempts,
            started_at: None,
            output: None,
        })
    }

    /// Give it back untouched, to be taken at this time.
    pub(super) fn untouched(delivery: &Claimed, ready_at: DateTime<Utc>) -> Self {
        Self::Back(Back {
            held: delivery.held(),
            ready_at,
            over: false,
            faulty: false,
            outcome: None,
            error: None,
            started_at: ready_at,
        })
    }

    /// Give back one of which nothing else can be written.
    fn refused(held: HeldId, now: DateTime<Utc>) -> Self {
        Self::Back(Back {
            held,
            ready_at: now + REFUSED_FOR,
            over: false,
            faulty: true,
            // The run took place: with an outcome, the repeat goes on under its id.
            outcome: Some(Code::Internal.as_str().to_owned()),
            error: Some("an error of ours, which is logged".to_owned()),
            started_at: now,
        })
    }

    fn held(&self) -> HeldId {
        match self {
            Self::End(end) => end.held,
            Self::Back(back) => back.held,
        }
    }

    fn worker(&self) -> Uuid {
        self.held().worker_id
    }
}

/// Postgres takes no NUL in a text.
fn cut(error: &str) -> String {
    error
        .chars()
        .filter(|letter| *letter != '\0')
        .take(ERROR_MAX)
        .collect()
}

/// Write settlements until there are no more of them. What cannot be written is tried for as long as this process is the
/// worker that holds it.
pub(super) async fn settle(
    database: Database,
    mut coming: mpsc::Receiver<Settlement>,
    lease: watch::Receiver<Option<Uuid>>,
) {
    let mut batch = Vec::new();
    while coming.recv_many(&mut batch, BATCH_MAX).await > 0 {
        if batch.len() < BATCH_MAX {
            tokio::time::sleep(GATHER).await;
            while batch.len() < BATCH_MAX
                && let Ok(settlement) = coming.try_recv()
            {
                batch.push(settlement);
            }
        }
        let mut workers: Vec<Uuid> = batch.iter().map(Settlement::worker).collect();
        workers.sort_unstable();
        workers.dedup();
        for worker in workers {
            let (ends, backs): (Vec<_>, Vec<_>) = batch
                .iter()
                .filter(|one| one.worker() == worker)
                .partition(|one| matches!(one, Settlement::End(_)));
            for these in [ends, backs] {
                let mut parts = Parts::of(&these);
                while let Some(part) = parts.next() {
                    if let Err(error) = until_written(&database, worker, part, &lease).await
                        && let Some(alone) = parts.refused(part)
                    {
                        give_back(&database, alone.held(), &error, &lease).await;
                    }
                }
            }
        }
        batch.clear();
    }
}

/// What is to be written, in parts: one that is refused is halved until what is at fault stands alone, so that a delivery
/// that cannot be written keeps no other from it.
struct Parts<'a, T>(Vec<&'a [T]>);

impl<'a, T: Copy> Parts<'a, T> {
    fn of(all: &'a [T]) -> Self {
        Self(if all.is_empty() { vec![] } else { vec![all] })
    }

    fn next(&mut self) -> Option<&'a [T]> {
        self.0.pop()
    }

    /// This part was refused. Answers what it holds if that is one alone.
    fn refused(&mut self, part: &'a [T]) -> Option<T> {
        if let [alone] = part {
            return Some(*alone);
        }
        let (first, second) = part.split_at(part.len() / 2);
        self.0.extend([second, first]);
        None
    }
}

/// Give back a delivery of which nothing else can be written: the run keeps its id, and is asked for again later.
async fn give_back(
    database: &Database,
    held: HeldId,
    refusal: &ApiError,
    lease: &watch::Receiver<Option<Uuid>>,
) {
    tracing::error!(
        tenant.id = %held.tenant_id, delivery.id = %held.delivery_id,
        "what became of a delivery cannot be written, and it is given back: {}", chain(refusal)
    );
    metrics::counter!("cartwright_deliveries_refused_total").increment(1);
    let back = Settlement::refused(held, Utc::now());
    if let Err(error) = until_written(database, held.worker_id, &[&back], lease).await {
        tracing::error!(delivery.id = %held.delivery_id, "nor can it be given back: {}", chain(&error));
    }
}

/// Write these, however long the database is away, unless another holds them by then. An error is a refusal for good.
async fn until_written(
    database: &Database,
    worker: Uuid,
    settlements: &[&Settlement],
    lease: &watch::Receiver<Option<Uuid>>,
) -> Result<(), ApiError> {
    while let Err(error) = write(database, worker, settlements).await {
        if *lease.borrow() != Some(worker) {
            tracing::warn!(
                "{} settlements of a lease that is over were not written: {error}",
                settlements.len()
            );
            return Ok(());
        }
        if !matches!(error, ApiError::NotReady(_)) {
            return Err(error);
        }
        tracing::warn!("deliveries cannot be settled yet: {error}");
        tokio::time::sleep(AWAY).await;
    }
    Ok(())
}

/// An error with what it stands on: what is internal says nothing by itself.
fn chain(error: &ApiError) -> String {
    match error {
        ApiError::Internal(error) => format!("{error:#}"),
        other => other.to_string(),
    }
}

async fn write(
    database: &Database,
    worker: Uuid,
    settlements: &[&Settlement],
) -> Result<(), ApiError> {
    let ends: Vec<&End> = settlements
        .iter()
        .filter_map(|one| match one {
            Settlement::End(end) => Some(end),
            Settlement::Back(_) => None,
        })
        .collect();
    let backs: Vec<&Back> = settlements
        .iter()
        .filter_map(|one| match one {
            Settlement::Back(back) => Some(back),
            Settlement::End(_) => None,
        })
        .collect();
    let mut crossing = database.crossing().await?;
    let mut lost = 0;
    if !ends.is_empty() {
        let ended = store::end(&mut crossing, worker, &ends).await?;
        lost += ends.len() - ended.count;
        for (tenant, subscription) in ended.paused {
            tracing::info!(tenant.id = %tenant, subscription.id = %subscription, "paused a subscription whose deliveries die");
            metrics::counter!("cartwright_subscriptions_paused_total").increment(1);
        }
        for end in &ends {
            metrics::counter!("cartwright_deliveries_total", "status" => end.status).increment(1);
        }
    }
    if !backs.is_empty() {
        let back = store::put_back(&mut crossing, worker, &backs).await?;
        lost += backs.len() - usize::try_from(back).unwrap_or(0);
    }
    if lost > 0 {
        // Whoever holds them now settles them.
        metrics::counter!("cartwright_deliveries_lost_total").increment(lost as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_found_among_the_others_and_all_others_are_written_once() {
        let all: Vec<u32> = (0..512).collect();
        for poison in [vec![], vec![0], vec![511], vec![3, 4, 300]] {
            let (mut written, mut found, mut asked) = (Vec::new(), Vec::new(), 0);
            let mut parts = Parts::of(&all);
            while let Some(part) = parts.next() {
                asked += 1;
                match part.iter().any(|one| poison.contains(one)) {
                    true => found.extend(parts.refused(part)),
                    false => written.extend_from_slice(part),
                }
            }
            let others = all.iter().filter(|one| !poison.contains(one));
            assert_eq!(found, poison);
            assert!(written.iter().eq(others), "{poison:?}");
            assert!(asked <= 1 + 18 * poison.len(), "{asked}");
        }
        assert!(Parts::<u32>::of(&[]).next().is_none());
    }
}
