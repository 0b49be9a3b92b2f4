//! Sending: takes messages that are due, some of each endpoint, and attempts each. A worker that dies leaves its messages to
//! the next when their leases end, so a message may come twice, under the same `webhook-id`.

mod attempt;
mod signature;
mod store;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use cartwright_role::drain::Drain;
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use self::store::{Caps, Claimed};
use super::HINT_CHANNEL;
use crate::database::Database;
use crate::error::ApiError;
use crate::hints::Hints;
use crate::outbound::Outbound;
use crate::wrapping::Wrapping;

/// Attempts at the same time in one process. Each waits most of its time.
const AT_ONCE: u32 = 256;

/// Attempts at the same time of one endpoint, over all workers: a receiver is somebody's small server.
const PER_ENDPOINT: i32 = 4;

/// And of one tenant, whose endpoints may all be slow.
const PER_TENANT: i32 = 16;

/// So long after an attempt must have ended, its worker is taken for dead.
const LEASE_SLACK: Duration = Duration::from_secs(15);

/// How long attempts may take to end once the drain has begun.
const DRAIN: Duration = Duration::from_secs(25);

/// How often deaths are told of, and old messages looked for.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Deaths that are looked at in one go: a second of the database's time.
const DEATHS_AT_ONCE: i32 = 200_000;

/// Days for which messages are kept.
const DAYS_KEPT: i32 = 30;

/// What sending needs.
pub(crate) struct Sending {
    /// Where messages wait.
    pub(crate) database: Database,
    /// Opens the secrets of endpoints.
    pub(crate) wrapping: Wrapping,
    /// Sends.
    pub(crate) outbound: Outbound,
}

/// Send until the drain begins, then let those under way end.
pub(crate) async fn send(sending: Sending, drain: Drain) {
    // Served from the start, as those of jobs are.
    metrics::gauge!("cartwright_messages").set(0.0);
    metrics::gauge!("cartwright_message_waiting_seconds").set(0.0);
    let sending = Arc::new(sending);
    tokio::join!(take(&sending, &drain), tidy(&sending.database, &drain));
}

async fn take(sending: &Arc<Sending>, drain: &Drain) {
    let slots = Arc::new(Semaphore::new(AT_ONCE as usize));
    let mut hints = Hints::new(sending.database.clone(), HINT_CHANNEL);
    // An attempt that ended makes room for the next message of its endpoint.
    let ended = Arc::new(Notify::new());
    while !drain.has_begun() {
        match take_some(sending, &slots, &ended).await {
            // There may be more.
            Ok(taken) if taken > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!("cannot look for messages: {error}"),
        }
        tokio::select! {
            () = drain.begun() => {}
            () = hints.next() => {}
            () = ended.notified() => {}
        }
    }
    if tokio::time::timeout(DRAIN, slots.acquire_many(AT_ONCE))
        .await
        .is_err()
    {
        tracing::warn!("attempts did not end in time; another worker makes them again");
    }
}

/// Take as many as there is room for. Answers how many.
async fn take_some(
    sending: &Arc<Sending>,
    slots: &Arc<Semaphore>,
    ended: &Arc<Notify>,
) -> Result<usize, ApiError> {
    // Nobody else takes a slot, so what is there now is there still when messages came.
    let first = slots
        .clone()
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    let room = slots.available_permits() + 1;
    drop(first);
    let owner = Uuid::now_v7();
    let caps = Caps {
        messages: i32::try_from(room).unwrap_or(i32::MAX),
        per_endpoint: PER_ENDPOINT,
        per_tenant: PER_TENANT,
    };
    let mut crossing = sending.database.crossing().await?;
    let claimed = store::claim(
        &mut crossing,
        owner,
        sending.outbound.timeout() + LEASE_SLACK,
        &caps,
    )
    .await?;
    drop(crossing);
    let taken = claimed.len();
    for message in claimed {
        let slot = slots
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (sending, ended) = (sending.clone(), ended.clone());
        tokio::spawn(async move {
            attempt_one(&sending, owner, &message).await;
            drop(slot);
            ended.notify_one();
        });
    }
    Ok(taken)
}

async fn attempt_one(sending: &Sending, owner: Uuid, message: &Claimed) {
    if let Err(error) = attempt::attempt(sending, owner, message).await {
        tracing::warn!(message.id = %message.message_id, "an attempt at a message failed and is made again: {error:#}");
    }
}

async fn tidy(database: &Database, drain: &Drain) {
    let tidying = async {
        loop {
            tokio::time::sleep(TIDY_EVERY).await;
            // Each by itself: what one of them cannot do keeps none of the others.
            let steps = [
                ("tell of deaths", tell_of_deaths(database).await),
                ("tidy messages", tidy_once(database).await),
                ("measure messages", measure(database).await),
            ];
            for (step, done) in steps {
                if let Err(error) = done {
                    tracing::warn!("cannot {step}, and tries again: {error}");
                }
            }
        }
    };
    tokio::select! {
        () = drain.begun() => {}
        () = tidying => {}
    }
}

async fn tell_of_deaths(database: &Database) -> Result<(), ApiError> {
    let mut crossing = database.crossing().await?;
    store::tell_of_deaths(&mut crossing, DEATHS_AT_ONCE).await?;
    Ok(())
}

async fn tidy_once(database: &Database) -> Result<(), ApiError> {
    let mut crossing = database.crossing().await?;
    let (expired, forgotten) = store::tidy(&mut crossing, DAYS_KEPT).await?;
    if expired > 0 || forgotten > 0 {
        tracing::info!(
            expired,
            forgotten,
            "gave up {expired} messages and forgot {forgotten}"
        );
    }
    Ok(())
}

async fn measure(database: &Database) -> Result<(), ApiError> {
    let mut crossing = database.crossing().await?;
    let (messages, waiting_s) = store::backlog(&mut crossing).await?;
    // As few as a float counts exactly.
    metrics::gauge!("cartwright_messages").set(messages as f64);
    metrics::gauge!("cartwright_message_waiting_seconds").set(waiting_s);
    Ok(())
}
