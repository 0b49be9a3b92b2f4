//! The queue's worker: takes deliveries, has executors run them, and writes how they ended. Which of them, in what order and
//! how many at a time is decided in memory, by types without I/O; [`desk`] is the loop that asks them.

mod attempt;
mod busy;
mod claimed;
mod desk;
mod due;
mod fair;
mod gauges;
mod hints;
mod lease;
mod pace;
mod retry;
mod settle;
mod store;

use std::sync::Arc;
use std::time::Duration;

use cartwright_role::drain::Drain;
use tokio::sync::{Notify, mpsc, watch};

use self::desk::Desk;
use self::lease::Crew;
use crate::clients::executors::Executors;
use crate::clients::object_store::ObjectStore;
use crate::database::Database;

/// How deliveries are worked off.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct DeliveriesConfig {
    /// Deliveries that this worker has executors run at the same time, at most; 0 leaves them to other workers. Executors that
    /// have no room for so many say so, and get fewer.
    #[arg(long, env = "CARTWRIGHT_DELIVERIES_IN_FLIGHT", default_value_t = 64, value_parser = clap::value_parser!(u16).range(0..=4096))]
    pub(crate) deliveries_in_flight: u16,
}

/// What delivering needs.
pub(crate) struct Delivering {
    /// Where the queue is.
    pub(crate) database: Database,
    /// Who runs.
    pub(crate) executors: Executors,
    /// Where the data of large events is.
    pub(crate) object_store: ObjectStore,
}

/// How long what runs may take to end once the drain has begun. What is cut runs again elsewhere, and is billed once.
const DRAIN: Duration = Duration::from_secs(25);

/// Settlements that may wait to be written. Whoever has more waits.
const SETTLEMENTS_MAX: usize = 4_096;

/// Hints that may wait to be looked at.
const HINTS_MAX: usize = 1_024;

/// Deliver until the drain begins; then let what runs end, and release the rest at once.
pub(crate) async fn deliver(delivering: Delivering, config: DeliveriesConfig, drain: Drain) {
    metrics::counter!("cartwright_deliveries_total", "status" => "dead").absolute(0);
    metrics::counter!("cartwright_subscriptions_paused_total").absolute(0);
    metrics::counter!("cartwright_deliveries_lost_total").absolute(0);
    metrics::counter!("cartwright_deliveries_refused_total").absolute(0);
    if config.deliveries_in_flight == 0 {
        return;
    }
    let database = delivering.database.clone();
    let (lease, leased) = watch::channel(None);
    let (crew, crewed) = watch::channel(Crew::default());
    let (tell, told) = mpsc::channel(HINTS_MAX);
    let (settling, coming) = mpsc::channel(SETTLEMENTS_MAX);
    let over = Drain::default();
    let given_up = Arc::new(Notify::new());
    let keeping = tokio::spawn(lease::keep(
        database.clone(),
        lease,
        crew,
        given_up.clone(),
        over.clone(),
    ));
    let hinting = tokio::spawn(hints::listen(database.clone(), tell));
    let writing = tokio::spawn(settle::settle(database.clone(), coming, leased.clone()));
    let desk = Desk::new(
        Arc::new(delivering),
        usize::from(config.deliveries_in_flight),
        leased.clone(),
        crewed,
        given_up,
        settling,
    );
    desk.work(told, drain, DRAIN).await;
    hinting.abort();
    // All of it was handed over; only the writing is left.
    tokio::time::timeout(DRAIN, writing).await.ok();
    over.begin();
    keeping.await.ok();
    let worker = *leased.borrow();
    if let Some(worker) = worker {
        lease::end(&database, worker).await;
    }
}
