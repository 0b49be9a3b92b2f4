//! The job that runs a batch of replays. What a worker leaves undone, because it drains or dies, another goes on with.

use std::time::{Duration, Instant};

use cartwright_domain::problem::Code;
use cartwright_role::drain::Drain;
use chrono::TimeDelta;
use uuid::Uuid;

use super::claim::Held;
use crate::error::ApiError;
use crate::replays::work::{self, Open, Replaying, Settled};

/// Runs of one batch at the same time: few enough that a batch is not noticed by those who call the function meanwhile.
const RUNS_AT_ONCE: usize = 8;

/// How often runs that an executor has no place for are tried again at once, before the whole batch waits.
const TRIES: u32 = 5;

/// The pause before such a try; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a batch keeps its slot before others have theirs: one tenant's batches take minutes to hours.
const TURN: Duration = Duration::from_secs(30);

/// A batch that has not ended so long after it began has runs that cannot be made, and fails.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(1);

/// Run a batch from where it stands. An error is ours, and the job is done again.
pub(super) async fn perform(
    replaying: &Replaying,
    held: &Held,
    batch_id: Uuid,
    drain: &Drain,
) -> anyhow::Result<()> {
    if let Some(open) = replaying.open(held.tenant_id(), batch_id).await? {
        if open.age() > GIVE_UP_AFTER {
            return fail(
                held,
                batch_id,
                "some of its runs could not be made for a day",
            )
            .await;
        }
        match run(&open, held, batch_id, drain).await {
            Ok(Stopped::Done) => {}
            Ok(Stopped::HandedBack) => return Ok(held.let_go().await?),
            Err(ApiError::Internal(error)) => return Err(error),
            Err(error) if is_passing(&error) => return Err(error.into()),
            Err(error) => return fail(held, batch_id, &error.to_string()).await,
        }
    }
    let mut tx = held.tenant_tx().await?;
    if held.finish(&mut tx).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// Why a batch is no longer run.
enum Stopped {
    /// It has ended: finished here, or cancelled.
    Done,
    /// Its turn is over, or this worker goes: it is gone on with when its next turn comes.
    HandedBack,
}

async fn run(
    open: &Open<'_>,
    held: &Held,
    batch_id: Uuid,
    drain: &Drain,
) -> Result<Stopped, ApiError> {
    open.begin().await?;
    let turn = Instant::now();
    loop {
        if drain.has_begun() || turn.elapsed() > TURN {
            return Ok(Stopped::HandedBack);
        }
        let Some(settled) = some(open).await? else {
            return Ok(Stopped::Done);
        };
        let mut tx = held.tenant_tx().await?;
        if settled.is_empty() {
            drop(tx);
            let summary = open.summary().await?;
            tx = held.tenant_tx().await?;
            work::end(&mut tx, batch_id, Ok(&summary)).await?;
            tx.commit().await?;
            return Ok(Stopped::Done);
        }
        for run in &settled {
            run.keep(&mut tx, batch_id).await?;
        }
        tx.commit().await?;
    }
}

/// The next runs. Those who call the function come first: what finds no place is tried again a little later.
async fn some(open: &Open<'_>) -> Result<Option<Vec<Settled>>, ApiError> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match open.some(RUNS_AT_ONCE).await {
            Err(error) if is_passing(&error) => {
                tracing::debug!("a batch of replays waits: {error}");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            settled => return settled,
        }
    }
    open.some(RUNS_AT_ONCE).await
}

fn is_passing(error: &ApiError) -> bool {
    match error {
        ApiError::Problem(problem) => matches!(
            problem.code,
            Code::ConcurrencyLimited
                | Code::RateLimited
                | Code::QuotaExceeded
                | Code::Shedding
                | Code::NotReady
        ),
        ApiError::NotReady(_) | ApiError::RateLimited { .. } => true,
        _ => false,
    }
}

async fn fail(held: &Held, batch_id: Uuid, why: &str) -> anyhow::Result<()> {
    let mut tx = held.tenant_tx().await?;
    work::end(&mut tx, batch_id, Err(why)).await?;
    if held.finish(&mut tx).await? {
        tx.commit().await?;
        tracing::info!(batch.id = %batch_id, "a batch of replays failed: {why}");
    }
    Ok(())
}
