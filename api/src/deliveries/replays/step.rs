//! One step of a batch: the next deliveries that the filter finds, each made anew or skipped, and how far that is.

mod store;

use std::time::Duration;

use cartwright_domain::ids::FunctionId;
use uuid::Uuid;

use self::store::{Found, Progress};
use super::store::Range;
use crate::database::TenantTx;
use crate::deliveries::change::EXPIRES_AFTER_S;
use crate::deliveries::enqueue::{NewDelivery, enqueue};
use crate::deliveries::lane::Lane;
use crate::error::ApiError;

/// Steps of a second, at most: what is made comes evenly, and a step is one transaction.
const STEPS_PER_S: i32 = 5;

/// While so many of a batch wait or run no more are made: the queue keeps none waiting for long, and a cancel ends them with one
/// statement.
const PENDING_MAX: i64 = 1_000;

/// What came of a step.
pub(crate) enum Step {
    /// Some were made or passed over; the next step is due so long after this one began.
    Made { pause: Duration },
    /// So many wait that nothing was made.
    Full,
    /// The batch has ended, now or before.
    Over,
}

/// Go on with a batch. Its row is held until the transaction ends, and how far it is commits with what was made: of two workers
/// the second goes on after the first.
pub(crate) async fn step(tx: &mut TenantTx, replay_id: Uuid) -> Result<Step, ApiError> {
    let Some(batch) = store::hold(tx, replay_id).await? else {
        return Ok(Step::Over);
    };
    let room = PENDING_MAX - store::pending(tx, replay_id, PENDING_MAX).await?;
    if room <= 0 {
        return Ok(Step::Full);
    }
    let rows = at_once(batch.rate_per_s).min(room);
    let range = Range::of(&batch.filter.0, batch.function_id);
    let found = store::next(tx, &batch, &range, rows).await?;
    let Some(last) = found.last() else {
        store::finish(tx, replay_id).await?;
        return Ok(Step::Over);
    };
    let mut progress = Progress::up_to(last.delivery_id);
    let to_make = found.iter().filter(|one| progress.judge(one));
    let new: Vec<NewDelivery> = to_make.map(|one| again(replay_id, one)).collect();
    enqueue(tx, &new).await?;
    store::keep(tx, replay_id, &progress).await?;
    Ok(Step::Made {
        pause: pause(progress.made, batch.rate_per_s),
    })
}

/// A batch cannot go on.
pub(crate) async fn fail(tx: &mut TenantTx, replay_id: Uuid, why: &str) -> Result<(), ApiError> {
    store::fail(tx, replay_id, why).await
}

/// The same event to the same function once more.
fn again(replay_id: Uuid, old: &Found) -> NewDelivery {
    NewDelivery {
        delivery_id: Uuid::now_v7(),
        event_id: old.event_id,
        subscription_id: old.subscription_id,
        function_id: FunctionId::from(old.function_id),
        lane: Lane::Replay,
        order_key: None,
        held: old.paused,
        expires_after_s: old.expires_after_s.unwrap_or(EXPIRES_AFTER_S),
        replay: Some((Some(replay_id), old.delivery_id)),
    }
}

/// Deliveries of one step.
fn at_once(rate_per_s: i32) -> i64 {
    i64::from((rate_per_s + STEPS_PER_S - 1) / STEPS_PER_S)
}

/// How long so many take at this rate.
fn pause(made: i64, rate_per_s: i32) -> Duration {
    let made = u32::try_from(made).unwrap_or(u32::MAX);
    Duration::from_secs(1) * made / rate_per_s.unsigned_abs().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rate_is_exceeded_and_slow_ones_make_one_at_a_time() {
        for (rate, expected) in [
            (1, (1, 1_000)),
            (5, (1, 200)),
            (7, (2, 285)),
            (50, (10, 200)),
            (1_000, (200, 200)),
        ] {
            let rows = at_once(rate);
            let pause_ms = u64::try_from(pause(rows, rate).as_millis()).expect("small");
            assert_eq!((rows, pause_ms), expected, "{rate}");
        }
        assert_eq!(pause(0, 50), Duration::ZERO);
    }
}
