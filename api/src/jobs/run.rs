//! The loop of the worker: as many jobs at a time as there are slots, woken by a hint, by the clock, or by a job's end.

use std::sync::Arc;
use std::time::Duration;

use cartwright_role::drain::Drain;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;

use super::claim::Held;
use super::compile::{self, Compiling};
use super::{HINT_CHANNEL, Task, hold, replay, replay_deliveries};
use crate::database::Database;
use crate::hints::Hints;
use crate::replays::work::Replaying;

/// How long to leave a database alone that does not answer.
const AWAY: Duration = Duration::from_secs(2);

/// How long jobs may take to end once the drain has begun. A job that is cut is taken over when its lease ends.
const DRAIN: Duration = Duration::from_secs(25);

/// Batches of replays at the same time. Each runs functions elsewhere, and waits most of its time.
const REPLAYS_AT_ONCE: usize = 4;

/// What the worker works with.
pub(crate) struct Worker {
    /// Where the queue is.
    pub(crate) database: Database,
    /// What compiling needs.
    pub(crate) compiling: Compiling,
    /// What batches of replays need.
    pub(crate) replaying: Replaying,
    /// Modules compiled at the same time.
    pub(crate) compiles_max: usize,
}

/// Do jobs until the drain begins, then let those under way end. What takes minutes has slots of its own.
pub(crate) async fn work(worker: Worker, drain: Drain) {
    // Served from the start: an alert on an increase misses the first one of a counter that was not there.
    metrics::counter!("cartwright_job_failures_total").absolute(0);
    metrics::counter!("cartwright_replays_total").absolute(0);
    let worker = Arc::new(worker);
    tokio::join!(
        work_on(&worker, Task::SHORT, worker.compiles_max, &drain),
        work_on(&worker, Task::LONG, REPLAYS_AT_ONCE, &drain),
    );
}

/// Do jobs of these kinds, so many at a time.
async fn work_on(worker: &Arc<Worker>, kinds: &[&str], at_once: usize, drain: &Drain) {
    let slots = Arc::new(Semaphore::new(at_once));
    let mut hints = Hints::new(worker.database.clone(), HINT_CHANNEL);
    loop {
        let slot = tokio::select! {
            () = drain.begun() => break,
            slot = slots.clone().acquire_owned() => slot.expect("the semaphore is never closed"),
        };
        match Held::claim(&worker.database, kinds).await {
            Ok(Some(held)) => {
                tokio::spawn(do_job(worker.clone(), held, drain.clone(), slot));
                continue;
            }
            Ok(None) => drop(slot),
            Err(error) => {
                drop(slot);
                tracing::warn!("cannot look for jobs: {error}");
                wait(drain, tokio::time::sleep(AWAY)).await;
                continue;
            }
        }
        wait(drain, hints.next()).await;
    }
    let all = u32::try_from(at_once).unwrap_or(u32::MAX);
    if tokio::time::timeout(DRAIN, slots.acquire_many(all))
        .await
        .is_err()
    {
        tracing::warn!("jobs did not end in time; another worker takes them over");
    }
}

/// Wait for this, but not beyond the beginning of the drain.
async fn wait(drain: &Drain, what: impl Future<Output = ()>) {
    tokio::select! {
        () = drain.begun() => {}
        () = what => {}
    }
}

async fn do_job(worker: Arc<Worker>, held: Held, drain: Drain, slot: OwnedSemaphorePermit) {
    let span = tracing::info_span!("job", job.id = %held.job_id(), tenant.id = %held.tenant_id());
    async {
        let done = tokio::select! {
            done = perform(&worker, &held, &drain) => done,
            () = held.lost() => {
                tracing::warn!("lost the lease on a job; whoever holds it now does it");
                return;
            }
        };
        if let Err(error) = done {
            // Ours, whatever it was: what is wrong with a module is a finding, not an error.
            tracing::warn!("a job failed and is done again later: {error:#}");
            metrics::counter!("cartwright_job_failures_total").increment(1);
            if let Err(error) = held.put_off(&format!("{error:#}")).await {
                tracing::warn!("cannot put a job off; its lease ends by itself: {error}");
            }
        }
    }
    .instrument(span)
    .await;
    drop(slot);
}

async fn perform(worker: &Worker, held: &Held, drain: &Drain) -> anyhow::Result<()> {
    match held.task() {
        Task::Compile {
            function_id,
            version,
            target,
            memory_bytes_max,
        } => {
            let order = compile::Order {
                function_id: *function_id,
                version: *version,
                target: target.as_ref(),
                memory_bytes_max: *memory_bytes_max,
            };
            compile::perform(&worker.compiling, held, order).await
        }
        Task::HoldDeliveries {
            subscription_id,
            after_key,
        } => hold::perform(held, *subscription_id, after_key.clone()).await,
        Task::Replay { batch_id } => {
            replay::perform(&worker.replaying, held, *batch_id, drain).await
        }
        Task::ReplayDeliveries { replay_id } => {
            replay_deliveries::perform(held, *replay_id, drain).await
        }
    }
}
