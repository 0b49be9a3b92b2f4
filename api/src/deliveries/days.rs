//! Keeps the days of events and of what became of them: makes those ahead, and drops those that are over with all that
//! belongs to them.

use uuid::Uuid;

use super::store;
use crate::clients::object_store::ObjectStore;
use crate::database::Database;
use crate::error::ApiError;

/// What was seen is known for so many days, so that a repeat does no work.
const SEEN_DAYS: i32 = 30;

/// Objects that are removed of one look.
const OBJECTS_MAX: i32 = 500;

/// What a turn came to.
#[derive(Debug, Default)]
pub(crate) struct Turned {
    /// Partitions that were dropped.
    pub(crate) days: usize,
    /// Objects that were removed.
    pub(crate) objects: usize,
    /// Ids of senders that were forgotten.
    pub(crate) seen: i64,
    /// Lanes of tenants that were forgotten, since nothing was in them.
    pub(crate) flows: i64,
}

/// Make the days ahead, and drop those before the last so many.
pub(crate) async fn turn(
    database: &Database,
    object_store: &ObjectStore,
    days_kept: u16,
) -> Result<Turned, ApiError> {
    let days_kept = i32::from(days_kept);
    let mut turned = Turned::default();
    let mut crossing = database.crossing().await?;
    store::create_days(&mut crossing).await?;
    let mut after = Uuid::nil();
    loop {
        let objects = store::objects(&mut crossing, days_kept, after, OBJECTS_MAX).await?;
        let Some((last, _)) = objects.last() else {
            break;
        };
        after = *last;
        for (_, key) in &objects {
            object_store
                .delete(key)
                .await
                .map_err(|error| ApiError::Internal(anyhow::Error::new(error)))?;
        }
        turned.objects += objects.len();
    }
    turned.days = store::drop_days(&mut crossing, days_kept).await?;
    turned.seen = store::forget_seen(&mut crossing, SEEN_DAYS.max(days_kept)).await?;
    turned.flows = store::forget_flows(&mut crossing).await?;
    Ok(turned)
}
