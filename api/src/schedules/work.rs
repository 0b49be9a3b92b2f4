//! The clock of the worker: looks every second for schedules that are due, and fires them. Any number of workers may.

use std::time::Duration;

use cartwright_role::drain::Drain;
use futures_util::StreamExt;
use futures_util::stream;
use uuid::Uuid;

use super::{fire, store};
use crate::database::Database;
use crate::error::ApiError;

/// How late a firing may be for that.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Due schedules that are looked at in one go.
const AT_ONCE_MAX: i32 = 500;

/// Fired beside each other: each takes a few round trips to the database.
const BESIDE: usize = 4;

/// Fire what is due until the drain begins. A firing that is cut is rolled back, and another worker's.
pub(crate) async fn fire(database: Database, drain: Drain) {
    metrics::counter!("cartwright_schedule_firings_total").absolute(0);
    let firing = async {
        loop {
            if let Err(error) = fire_once(&database).await {
                tracing::warn!("cannot look for schedules: {error}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        () = drain.begun() => {}
        () = firing => {}
    }
}

async fn fire_once(database: &Database) -> Result<(), ApiError> {
    let mut crossing = database.crossing().await?;
    let due = store::due(&mut crossing, AT_ONCE_MAX).await?;
    drop(crossing);
    let one = async |(tenant, schedule): (Uuid, Uuid)| {
        if let Err(error) = fire_one(database, tenant, schedule).await {
            tracing::warn!(schedule.id = %schedule, "a schedule cannot fire, and tries again: {error}");
        }
    };
    stream::iter(due).for_each_concurrent(BESIDE, one).await;
    Ok(())
}

async fn fire_one(database: &Database, tenant: Uuid, schedule_id: Uuid) -> Result<(), ApiError> {
    let mut tx = database.tenant_tx(tenant.into()).await?;
    let fired = fire::fire_due(&mut tx, schedule_id).await?;
    tx.commit().await?;
    metrics::counter!("cartwright_schedule_firings_total").increment(fired as u64);
    Ok(())
}
