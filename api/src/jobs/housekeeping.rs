//! What comes round with the clock: partitions of run logs, the log of changes, old sessions, the queue's metrics.

use std::time::Duration;

use cartwright_role::drain::Drain;
use uuid::Uuid;

use super::store;
use crate::clients::object_store::ObjectStore;
use crate::database::{Crossing, Database};
use crate::deliveries;
use crate::error::ApiError;
use crate::fleet::store as fleet;
use crate::replays;

/// How often to look. Days turn once in 24 hours; a worker that was down then makes up for it at once.
const EVERY: Duration = Duration::from_secs(600);

/// After a failure, such as a database that is away or a partition that is being read.
const AGAIN: Duration = Duration::from_secs(15);

/// How often the backlog is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// How long things are kept.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct HousekeepingConfig {
    /// Days for which run logs are kept. Meter records are kept for ever.
    #[arg(long, env = "CARTWRIGHT_RUN_LOG_DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub(crate) run_log_days: u16,
    /// Days for which events and their deliveries are kept, and large data of events in the object store. A delivery that still
    /// waits keeps its day.
    #[arg(long, env = "CARTWRIGHT_EVENT_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub(crate) event_days: u16,
}

/// Keep house until the drain begins.
pub(crate) async fn keep_house(
    database: Database,
    object_store: ObjectStore,
    config: HousekeepingConfig,
    drain: Drain,
) {
    let keeping = async {
        let worker = Uuid::now_v7();
        loop {
            let pause = match turn(&database, &object_store, config, worker).await {
                Ok(()) => EVERY,
                Err(error) => {
                    tracing::warn!("housekeeping failed and is done again soon: {error}");
                    AGAIN
                }
            };
            tokio::time::sleep(pause).await;
        }
    };
    let measuring = async {
        loop {
            if let Ok(mut crossing) = database.crossing().await {
                if let Ok((jobs, waiting_s)) = store::backlog(&mut crossing).await {
                    // A queue never holds as many jobs as a float cannot count.
                    metrics::gauge!("cartwright_jobs").set(jobs as f64);
                    metrics::gauge!("cartwright_job_waiting_seconds").set(waiting_s);
                }
                measure_fleet(&mut crossing).await;
            }
            tokio::time::sleep(MEASURE_EVERY).await;
        }
    };
    tokio::select! {
        () = drain.begun() => {}
        () = keeping => {}
        () = measuring => {}
    }
}

/// The api's processes come and go with each other; a worker is where the fleet is counted for the alerts.
async fn measure_fleet(crossing: &mut Crossing) {
    let Ok(census) = fleet::census(crossing).await else {
        return;
    };
    // As few as a float counts exactly.
    for (state, count) in [
        ("ready", census.ready),
        ("draining", census.draining),
        ("not_ready", census.not_ready),
        ("lost", census.lost),
    ] {
        metrics::gauge!("cartwright_fleet_executors", "state" => state).set(count as f64);
    }
    metrics::gauge!("cartwright_fleet_orphaned_logs").set(census.orphaned_logs as f64);
    metrics::gauge!("cartwright_fleet_orphaned_records").set(census.orphaned_records as f64);
}

async fn turn(
    database: &Database,
    object_store: &ObjectStore,
    config: HousekeepingConfig,
    worker: Uuid,
) -> Result<(), ApiError> {
    let mut crossing = database.crossing().await?;
    let days = i32::from(config.run_log_days);
    let dropped = store::turn_run_log_days(&mut crossing, days).await?;
    let pruned = store::prune_changes(&mut crossing).await?;
    let forgotten = store::prune_sessions(&mut crossing).await?;
    let executors = fleet::prune(&mut crossing).await?;
    let replays = replays::work::forget(&mut crossing, days).await?;
    if dropped > 0 || pruned > 0 || forgotten > 0 || executors > 0 || replays > 0 {
        tracing::info!(
            dropped,
            pruned,
            forgotten,
            executors,
            replays,
            "dropped {dropped} days of run logs, {pruned} old changes, {forgotten} old sessions, {executors} lost executors \
             and {replays} old replays"
        );
    }
    drop(crossing);
    let turned = deliveries::days::turn(database, object_store, config.event_days, worker).await?;
    if turned.days > 0 || turned.objects > 0 || turned.seen > 0 || turned.flows > 0 {
        tracing::info!(
            "dropped {} partitions of events, {} objects, {} ids of senders and {} idle lanes",
            turned.days,
            turned.objects,
            turned.seen,
            turned.flows
        );
    }
    Ok(())
}
