//! Keeps the days of events and of what became of them: makes those ahead, and drops those that are over with all that
//! belongs to them. One worker at a time drops, and holds no connection while it waits for the object store.

use futures_util::StreamExt;
use uuid::Uuid;

use super::store;
use crate::clients::object_store::ObjectStore;
use crate::database::Database;
use crate::error::ApiError;

/// What was seen is known for so many days, so that a repeat does no work.
const SEEN_DAYS: i32 = 30;

/// Ids of senders that are forgotten with one statement: a second or so.
const SEEN_AT_ONCE: i32 = 50_000;

/// Objects that are removed of one look, and at the same time.
const OBJECTS_AT_ONCE: i32 = 500;
const REMOVALS_AT_ONCE: usize = 16;

/// How long a worker that is silent keeps others from dropping: longer than the removal of one look's objects takes, while the
/// object store answers.
const HELD_S: i32 = 300;

/// Days that stay for so much longer when objects of theirs could not be removed. Then they go, and a lifecycle rule of the bucket
/// removes the objects.
const STUCK_DAYS: i32 = 7;

/// What a turn came to.
#[derive(Debug, Default)]
pub(crate) struct Turned {
    /// Partitions that were dropped.
    pub(crate) days: usize,
    /// Objects that were removed.
    pub(crate) objects: usize,
    /// Ids of senders that were forgotten, and chains of events.
    pub(crate) seen: i64,
    /// Lanes of tenants that were forgotten, since nothing was in them.
    pub(crate) flows: i64,
}

/// Make the days ahead, and drop those before the last so many.
pub(crate) async fn turn(
    database: &Database,
    object_store: &ObjectStore,
    days_kept: u16,
    worker: Uuid,
) -> Result<Turned, ApiError> {
    let days_kept = i32::from(days_kept);
    let mut turned = Turned::default();
    store::create_days(&mut database.crossing().await?).await?;
    loop {
        if !keep_house(database, worker).await? {
            return Ok(turned);
        }
        let mut crossing = database.crossing().await?;
        let seen_days = SEEN_DAYS.max(days_kept);
        let forgotten = store::forget_seen(&mut crossing, seen_days, SEEN_AT_ONCE).await?;
        turned.seen += forgotten;
        if forgotten < i64::from(SEEN_AT_ONCE) {
            break;
        }
    }
    turned.flows = store::forget_flows(&mut database.crossing().await?).await?;
    let (removed, stuck) = remove_objects(database, object_store, days_kept, worker).await?;
    turned.objects = removed;
    let days_kept = days_kept + if stuck { STUCK_DAYS } else { 0 };
    turned.days = store::drop_days(&mut database.crossing().await?, days_kept).await?;
    Ok(turned)
}

async fn keep_house(database: &Database, worker: Uuid) -> Result<bool, ApiError> {
    store::keep_house(&mut database.crossing().await?, worker, HELD_S).await
}

/// Remove the objects of days that are over. Says how many, and whether some may be left.
async fn remove_objects(
    database: &Database,
    object_store: &ObjectStore,
    days_kept: i32,
    worker: Uuid,
) -> Result<(usize, bool), ApiError> {
    let (mut removed, mut stuck, mut after) = (0, false, Uuid::nil());
    loop {
        if !keep_house(database, worker).await? {
            return Ok((removed, true));
        }
        let mut crossing = database.crossing().await?;
        let objects = store::objects(&mut crossing, days_kept, after, OBJECTS_AT_ONCE).await?;
        drop(crossing);
        let Some((last, _)) = objects.last() else {
            return Ok((removed, stuck));
        };
        after = *last;
        let removals = objects.iter().map(|(_, key)| object_store.delete(key));
        let mut removals = futures_util::stream::iter(removals).buffer_unordered(REMOVALS_AT_ONCE);
        let mut failed = 0;
        while let Some(done) = removals.next().await {
            match done {
                Ok(()) => removed += 1,
                Err(error) => {
                    failed += 1;
                    if !std::mem::replace(&mut stuck, true) {
                        tracing::warn!("an object of an event stays for now: {error}");
                    }
                }
            }
            // The object store is away: what is left is asked for with the next turn.
            if failed >= REMOVALS_AT_ONCE {
                return Ok((removed, true));
            }
        }
    }
}
