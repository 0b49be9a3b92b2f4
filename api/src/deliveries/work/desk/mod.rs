//! The loop of the worker: claims ahead, gives each delivery its turn, and hands over what came of it.

mod claims;
mod drain;
mod rounds;
mod runs;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwright_domain::ids::TenantId;
use cartwright_role::drain::Drain;
use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc, watch};
use uuid::Uuid;

use self::rounds::{Came, LOOK_EVERY, Rounds};
use self::runs::Ran;
use super::Delivering;
use super::busy::Busy;
use super::claimed::Claimed;
use super::due::Due;
use super::fair::{Fair, FlowKey};
use super::gauges::{show_depths, show_lags};
use super::lease::Crew;
use super::pace::Pace;
use super::settle::Settlement;
use super::store::{Claims, FlowRow, Want};
use crate::deliveries::lane::Lane;
use crate::error::ApiError;

/// After a failure of the database.
const AWAY: Duration = Duration::from_millis(500);

/// What other tasks tell the desk.
enum Told {
    Claimed(Vec<Want>, Result<Claims, ApiError>),
    Ran(Box<Ran>),
    /// A round is over, after so long.
    Came(Duration, Came),
}

/// What this worker has at hand and under way.
pub(super) struct Desk {
    delivering: Arc<Delivering>,
    lease: watch::Receiver<Option<Uuid>>,
    crew: watch::Receiver<Crew>,
    given_up: Arc<Notify>,
    settling: mpsc::Sender<Settlement>,
    tell: mpsc::UnboundedSender<Told>,
    told: mpsc::UnboundedReceiver<Told>,
    worker: Option<Uuid>,
    ahead: usize,
    fair: Fair<Claimed>,
    due: Due,
    busy: Busy,
    pace: Pace,
    running: usize,
    is_claiming: bool,
    resting_until: Option<Instant>,
    rounds: Rounds,
}

impl Desk {
    pub(super) fn new(
        delivering: Arc<Delivering>,
        in_flight: usize,
        lease: watch::Receiver<Option<Uuid>>,
        crew: watch::Receiver<Crew>,
        given_up: Arc<Notify>,
        settling: mpsc::Sender<Settlement>,
    ) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let rounds = Rounds::new(delivering.database.clone(), tell.clone());
        Self {
            delivering,
            lease,
            crew,
            given_up,
            settling,
            tell,
            told,
            worker: None,
            ahead: in_flight * 2,
            fair: Fair::new(),
            due: Due::default(),
            busy: Busy::new(in_flight),
            pace: Pace::new(2, in_flight),
            running: 0,
            is_claiming: false,
            resting_until: None,
            rounds,
        }
    }

    /// Work until the drain, then for at most so long until what runs has ended.
    pub(super) async fn work(
        mut self,
        mut hints: mpsc::Receiver<TenantId>,
        drain: Drain,
        drain_within: Duration,
    ) {
        while !drain.has_begun() {
            self.go_on();
            let pause = self.pause();
            tokio::select! {
                () = drain.begun() => {}
                changed = self.lease.changed() => if changed.is_ok() { self.begin_anew().await },
                changed = self.crew.changed() => if changed.is_ok() { self.meet_crew().await },
                Some(tenant_id) = hints.recv() => {
                    self.hear(tenant_id);
                    while let Ok(tenant_id) = hints.try_recv() {
                        self.hear(tenant_id);
                    }
                }
                Some(told) = self.told.recv() => {
                    self.take(told).await;
                    while let Ok(told) = self.told.try_recv() {
                        self.take(told).await;
                    }
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.release().await;
        let emptied = tokio::time::timeout(drain_within, self.empty()).await;
        if emptied.is_err() {
            tracing::warn!(
                "{} deliveries did not end in time; another worker has them run again",
                self.running
            );
        }
    }

    /// Everything that can be begun now.
    fn go_on(&mut self) {
        self.rounds.go_round(&self.due);
        self.run_next();
        self.claim_next();
        metrics::gauge!("cartwright_deliveries_in_flight").set(self.running as f64);
    }

    /// How long until something is due by the clock.
    fn pause(&mut self) -> Duration {
        let (now, at) = (Instant::now(), Utc::now());
        let rest = self
            .resting_until
            .map(|until| until.saturating_duration_since(now));
        let round = self.rounds.left(now);
        let next = round
            .into_iter()
            .chain(rest)
            .chain(self.due.next(at, now))
            .min();
        // What is due and cannot begin yet waits for something that ends, not for the clock.
        next.unwrap_or(LOOK_EVERY)
            .clamp(Duration::from_millis(5), LOOK_EVERY)
    }

    /// The lease is another, or gone: what is at hand is given back, where nobody else holds it by now.
    async fn begin_anew(&mut self) {
        self.worker = *self.lease.borrow_and_update();
        self.meet_crew().await;
    }

    /// Others share what all may have together: what is at hand may be theirs now.
    async fn meet_crew(&mut self) {
        let crew = self.crew.borrow_and_update().clone();
        self.busy.set_crew(self.worker.unwrap_or_default(), crew);
        self.release().await;
    }

    fn hear(&mut self, tenant_id: TenantId) {
        if !self.due.hint(tenant_id) {
            // A flow that is not known yet.
            self.rounds.list_now();
        }
    }

    async fn take(&mut self, told: Told) {
        match told {
            Told::Claimed(wants, claimed) => self.take_claimed(&wants, claimed).await,
            Told::Ran(ran) => self.take_ran(*ran).await,
            Told::Came(took, came) => {
                self.rounds.over(&came, took);
                self.take_came(came).await;
            }
        }
    }

    async fn take_came(&mut self, came: Came) {
        match came {
            Came::Heads(_, Ok(heads)) => self.take_heads(&heads),
            Came::Flows(Ok(rows)) => self.take_flows(rows).await,
            Came::Mended(Ok(())) => {}
            Came::Freed(_, Ok(freed)) => count_freed(freed),
            Came::Depths(Ok(depths)) => show_depths(&depths),
            Came::Heads(_, Err(error)) => tracing::warn!("cannot look for deliveries: {error}"),
            Came::Flows(Err(error)) => tracing::warn!("cannot list who has deliveries: {error}"),
            Came::Mended(Err(error)) => {
                tracing::warn!("cannot free what is held without a reason: {error}");
            }
            Came::Freed(_, Err(error)) => {
                tracing::warn!("cannot free what dead workers held: {error}");
            }
            Came::Depths(Err(error)) => tracing::warn!("cannot count deliveries: {error}"),
        }
    }

    fn take_heads(&mut self, heads: &HashMap<FlowKey, DateTime<Utc>>) {
        let now = Utc::now();
        for (key, ready_at) in heads {
            self.due.head(*key, *ready_at, now);
        }
        show_lags(heads, now);
    }

    async fn take_flows(&mut self, rows: Vec<FlowRow>) {
        let weights = rows.iter().map(|row| {
            let lane = Lane::of(row.key.lane);
            (row.key, f64::from(row.weight) * lane.weight())
        });
        self.fair.set_flows(&weights.collect());
        self.due.set_flows(rows.iter().map(|row| row.key));
        let limits = rows.iter().filter_map(|row| {
            let max = usize::try_from(row.concurrency?).ok()?;
            Some((row.key.tenant_id.uuid(), max))
        });
        if self.busy.set_tenants_max(limits.collect()) {
            self.release().await;
        }
    }

    async fn settle(&self, settlement: Settlement) {
        // The writer lives until the last sender is gone.
        self.settling.send(settlement).await.ok();
    }
}

/// So many were freed of dead workers.
fn count_freed(freed: i64) {
    if freed > 0 {
        tracing::info!("freed {freed} deliveries that a dead worker held");
        metrics::counter!("cartwright_deliveries_reclaimed_total")
            .increment(u64::try_from(freed).unwrap_or(0));
    }
}
