//! The loop of the worker: claims ahead, gives each delivery its turn, and hands over what came of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwright_domain::ids::TenantId;
use cartwright_domain::outcome::Outcome;
use cartwright_role::drain::Drain;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, mpsc, watch};
use uuid::Uuid;

use super::Delivering;
use super::attempt::{Pressure, Verdict, attempt};
use super::busy::{Busy, Room};
use super::claimed::{Claimed, FunctionKey};
use super::due::{Cadence, Due, Look};
use super::fair::{Charged, Fair, FlowKey};
use super::lease::Crew;
use super::pace::Pace;
use super::settle::Settlement;
use super::store::{self, Claims, Depth, FlowRow, HeldUpTo, NotClaimed, Want};
use crate::error::ApiError;

/// What each lane weighs: a tenant's events as they come are 16 times as urgent as its replays.
const LANE_WEIGHTS: [f64; 3] = [16.0, 4.0, 1.0];

/// How often to look whether something is due that nobody hinted at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often to look further back, for what was committed late.
const LOOK_WIDE_EVERY: Duration = Duration::from_secs(2);

/// How often to look at everything.
const LOOK_WHOLE_EVERY: Duration = Duration::from_secs(15);

/// How often to ask which flows there are.
const LIST_EVERY: Duration = Duration::from_secs(2);

/// How often to free what is held without a reason, or expired meanwhile.
const MEND_EVERY: Duration = Duration::from_secs(2);

/// How often to count, which reads every row that waits.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// Freed or looked at by one statement, at most: it takes a small part of the time that a statement may take.
const MEND_MAX: i32 = 5_000;

/// After a failure of the database.
const AWAY: Duration = Duration::from_millis(500);

/// Claimed at a time beyond what is held ahead, so that a flow with a backlog never keeps another from coming to hand.
const RESERVE: usize = 64;

/// What other tasks tell the desk.
enum Told {
    Claimed(Vec<Want>, Result<Claims, ApiError>),
    Ran(Box<Ran>),
    Looked(
        Look,
        Duration,
        Result<HashMap<FlowKey, DateTime<Utc>>, ApiError>,
    ),
    Listed(Duration, Result<Vec<FlowRow>, ApiError>),
    Mended(Duration, Result<(), ApiError>),
    Counted(Duration, Result<Vec<Depth>, ApiError>),
}

/// A delivery that was attempted.
struct Ran {
    delivery: Claimed,
    charged: Charged,
    began: Instant,
    began_at: DateTime<Utc>,
    verdict: Verdict,
}

/// When to do what comes round with the clock, and whether it is under way.
struct Rounds {
    near: Cadence,
    wide: Cadence,
    whole: Cadence,
    list: Cadence,
    mend: Cadence,
    count: Cadence,
    is_looking: bool,
    is_listing: bool,
    is_mending: bool,
    is_counting: bool,
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
            rounds: Rounds {
                near: Cadence::new(LOOK_EVERY),
                wide: Cadence::new(LOOK_WIDE_EVERY),
                whole: Cadence::new(LOOK_WHOLE_EVERY),
                list: Cadence::new(LIST_EVERY),
                mend: Cadence::new(MEND_EVERY),
                count: Cadence::new(COUNT_EVERY),
                is_looking: false,
                is_listing: false,
                is_mending: false,
                is_counting: false,
            },
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
        self.do_rounds();
        self.run_next();
        self.claim_next();
        metrics::gauge!("cartwright_deliveries_in_flight").set(self.running as f64);
    }

    /// How long until something is due by the clock.
    fn pause(&mut self) -> Duration {
        let (now, at) = (Instant::now(), Utc::now());
        let rounds = &self.rounds;
        let cadences = [&rounds.near, &rounds.list, &rounds.mend];
        let round = cadences.iter().map(|cadence| cadence.left(now)).min();
        let rest = self
            .resting_until
            .map(|until| until.saturating_duration_since(now));
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
            self.rounds.list = Cadence::new(LIST_EVERY);
        }
    }

    async fn take(&mut self, told: Told) {
        match told {
            Told::Claimed(wants, claimed) => self.take_claimed(&wants, claimed).await,
            Told::Ran(ran) => self.take_ran(*ran).await,
            Told::Looked(look, took, heads) => {
                self.rounds.is_looking = false;
                let now = Instant::now();
                self.rounds.near.took(now, took);
                match look {
                    Look::Near => {}
                    Look::Wide => self.rounds.wide.took(now, took),
                    Look::Whole => {
                        self.rounds.wide.took(now, took);
                        self.rounds.whole.took(now, took);
                    }
                }
                match heads {
                    Ok(heads) => self.take_heads(&heads),
                    Err(error) => tracing::warn!("cannot look for deliveries: {error}"),
                }
            }
            Told::Listed(took, rows) => {
                self.rounds.is_listing = false;
                self.rounds.list.took(Instant::now(), took);
                match rows {
                    Ok(rows) => self.take_flows(rows).await,
                    Err(error) => tracing::warn!("cannot list who has deliveries: {error}"),
                }
            }
            Told::Mended(took, mended) => {
                self.rounds.is_mending = false;
                self.rounds.mend.took(Instant::now(), took);
                if let Err(error) = mended {
                    tracing::warn!("cannot free what is held without a reason: {error}");
                }
            }
            Told::Counted(took, depths) => {
                self.rounds.is_counting = false;
                self.rounds.count.took(Instant::now(), took);
                match depths {
                    Ok(depths) => show(&depths),
                    Err(error) => tracing::warn!("cannot count deliveries: {error}"),
                }
            }
        }
    }

    fn take_heads(&mut self, heads: &HashMap<FlowKey, DateTime<Utc>>) {
        let now = Utc::now();
        let mut lags = [TimeDelta::zero(); 3];
        for (key, ready_at) in heads {
            self.due.head(*key, *ready_at, now);
            if let Some(lag) = usize::try_from(key.lane)
                .ok()
                .and_then(|lane| lags.get_mut(lane))
            {
                *lag = (*lag).max(now - ready_at);
            }
        }
        for (lag, lane) in lags.iter().zip(LANES) {
            let lag = lag.to_std().unwrap_or_default().as_secs_f64();
            metrics::gauge!("cartwright_delivery_lag_seconds", "lane" => lane).set(lag);
        }
    }

    async fn take_flows(&mut self, rows: Vec<FlowRow>) {
        let weights = rows.iter().map(|row| {
            let lane = usize::try_from(row.key.lane).unwrap_or(0);
            (row.key, f64::from(row.weight) * LANE_WEIGHTS[lane.min(2)])
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

    async fn take_claimed(&mut self, wants: &[Want], claims: Result<Claims, ApiError>) {
        self.is_claiming = false;
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!("cannot take deliveries: {error}");
                wants.iter().for_each(|want| self.due.is_due(want.key));
                self.resting_until = Some(Instant::now() + AWAY);
                return;
            }
        };
        metrics::counter!("cartwright_delivery_claims_total").increment(1);
        metrics::counter!("cartwright_deliveries_claimed_total")
            .increment(claims.taken.len() as u64);
        let mut taken: HashMap<FlowKey, (usize, usize)> = HashMap::new();
        for delivery in claims.taken {
            let (count, refused) = taken.entry(delivery.flow()).or_default();
            *count += 1;
            if !self.have(delivery).await {
                *refused += 1;
            }
        }
        for want in wants {
            if let Some(looked) = claims.looked.get(&want.key) {
                self.due.looked(want.key, looked.last);
                // It found as many as it asked for: there may be more, whatever became of these.
                if looked.count == want.count {
                    self.due.is_due(want.key);
                }
            }
            // Mostly what cannot run: look again when something may have changed.
            let (count, refused) = taken.get(&want.key).copied().unwrap_or_default();
            if refused * 2 > count {
                self.due
                    .rest(want.key, Instant::now() + Duration::from_millis(100));
            }
        }
    }

    /// Have this at hand, unless it ends here or has to wait elsewhere. False when it was given back.
    async fn have(&mut self, delivery: Claimed) -> bool {
        if Some(delivery.worker_id) != self.worker {
            return true;
        }
        if let Some(end) = ends_here(&delivery, Utc::now()) {
            self.settle(end).await;
            return true;
        }
        let now = Instant::now();
        match self.busy.room(&delivery, now) {
            Room::Here => {
                self.busy.came(&delivery);
                self.fair.push(delivery.flow(), delivery);
                true
            }
            Room::Rests(until) => {
                self.put_off(&delivery, until.saturating_duration_since(now))
                    .await;
                false
            }
            Room::Full => {
                self.put_off(&delivery, Duration::from_millis(250)).await;
                false
            }
        }
    }

    /// Give it back untouched for at least so long, and for up to twice that.
    async fn put_off(&mut self, delivery: &Claimed, at_least: Duration) {
        let wait = at_least
            .max(Duration::from_millis(100))
            .mul_f64(1.0 + chance());
        let ready_at = Utc::now() + wait;
        self.due.look_at(delivery.flow(), ready_at);
        metrics::counter!("cartwright_deliveries_put_off_total").increment(1);
        self.settle(Settlement::untouched(delivery, ready_at)).await;
    }

    async fn take_ran(&mut self, ran: Ran) {
        let Ran {
            delivery,
            charged,
            began,
            began_at,
            verdict,
        } = ran;
        let (now, key, function) = (Instant::now(), delivery.flow(), delivery.function());
        self.running -= 1;
        self.busy.ended(function, delivery.subscription_id);
        let took = now.duration_since(began);
        self.fair.ended(&key, charged, took.as_secs_f64() * 1_000.0);
        self.feel(&verdict, function, now);
        metrics::counter!("cartwright_delivery_attempts_total", "result" => name_of(&verdict))
            .increment(1);
        metrics::histogram!("cartwright_delivery_attempt_seconds").record(took.as_secs_f64());
        let settlement = Settlement::of(&delivery, verdict, began_at, Utc::now(), chance());
        if let Settlement::Back(back) = &settlement {
            self.due.look_at(key, back.ready_at);
        }
        self.settle(settlement).await;
    }

    /// Whoever says that it is too much gets less.
    fn feel(&mut self, verdict: &Verdict, function: FunctionKey, now: Instant) {
        let pressure = match verdict {
            Verdict::Fault { pressure, .. } => pressure,
            // The wall clock also counts what others run beside it, so it gets more room the next time.
            Verdict::Failed { cause, .. } if cause == Outcome::DeadlineExceeded.as_str() => {
                self.busy.too_much(function, now);
                return;
            }
            _ => {
                self.pace.went_well();
                self.busy.went_well(function);
                return;
            }
        };
        match pressure {
            Some(Pressure::Executors(wait)) => {
                self.pace.too_much(self.running, now);
                let until = now + (*wait).min(Duration::from_secs(1));
                self.resting_until =
                    Some(self.resting_until.map_or(until, |other| other.max(until)));
            }
            Some(Pressure::Concurrency) => self.busy.too_much(function, now),
            Some(Pressure::Function(wait)) => self.busy.rest(function, now + *wait, now),
            None => {}
        }
    }

    /// Begin what is next, as far as there are places.
    fn run_next(&mut self) {
        let now = Instant::now();
        if self.resting_until.is_some_and(|until| until > now) {
            return;
        }
        self.resting_until = None;
        // What cannot be written is not run either.
        while self.running < self.pace.limit()
            && self.settling.capacity() > super::SETTLEMENTS_MAX / 2
        {
            let busy = &self.busy;
            let Some((_, charged, mut delivery)) =
                self.fair.next(|delivery| busy.may_run(delivery))
            else {
                return;
            };
            self.busy.left(&delivery);
            self.busy.began(&delivery);
            self.running += 1;
            let (delivering, tell) = (self.delivering.clone(), self.tell.clone());
            let rests = self.busy.rests(&delivery, now);
            tokio::spawn(async move {
                let (began, began_at) = (Instant::now(), Utc::now());
                let verdict = match rests {
                    Some(until) => Verdict::Fault {
                        code: String::new(),
                        error: "its function rests".to_owned(),
                        pressure: Some(Pressure::Function(until.saturating_duration_since(began))),
                    },
                    None => {
                        attempt(
                            &mut delivery,
                            &delivering.executors,
                            &delivering.object_store,
                        )
                        .await
                    }
                };
                let ran = Ran {
                    delivery,
                    charged,
                    began,
                    began_at,
                    verdict,
                };
                tell.send(Told::Ran(Box::new(ran))).ok();
            });
        }
    }

    /// Claim for those who are next, one statement at a time.
    fn claim_next(&mut self) {
        let (now, at) = (Instant::now(), Utc::now());
        let Some(worker) = self.worker else { return };
        if self.is_claiming || self.resting_until.is_some_and(|until| until > now) {
            return;
        }
        let room = (self.ahead + RESERVE).saturating_sub(self.fair.len());
        let (fair, half) = (&self.fair, self.ahead / 2);
        // Whoever has much at hand waits until a statement is worth it.
        let hungry = self.due.now(at, now).filter(|key| fair.len_of(key) <= half);
        let shares = self.fair.share_out(hungry, room, self.ahead);
        if shares.is_empty() {
            return;
        }
        let wants: Vec<Want> = shares
            .into_iter()
            .map(|(key, count)| Want {
                key,
                count,
                floor: self.due.floor(&key),
            })
            .collect();
        wants.iter().for_each(|want| self.due.taking(want.key));
        self.is_claiming = true;
        let (delivering, tell) = (self.delivering.clone(), self.tell.clone());
        let given_up = self.given_up.clone();
        tokio::spawn(async move {
            let claims = match delivering.database.crossing().await {
                Ok(mut crossing) => store::claim(&mut crossing, worker, &wants).await,
                Err(error) => Err(NotClaimed::unasked(error)),
            };
            // What may be held without this worker's knowledge is free when its lease has lapsed.
            if claims.as_ref().is_err_and(|failed| !failed.is_undone) {
                given_up.notify_one();
            }
            tell.send(Told::Claimed(wants, claims.map_err(|failed| failed.error)))
                .ok();
        });
    }

    fn do_rounds(&mut self) {
        let now = Instant::now();
        let look = match &self.rounds {
            rounds if rounds.is_looking => None,
            rounds if rounds.whole.is_due(now) => Some(Look::Whole),
            rounds if rounds.wide.is_due(now) => Some(Look::Wide),
            rounds if rounds.near.is_due(now) => Some(Look::Near),
            _ => None,
        };
        if let Some(look) = look {
            let (database, flows) = (self.delivering.database.clone(), self.due.all(look));
            let looking =
                async move { store::heads(&mut database.crossing().await?, &flows).await };
            self.round(looking, move |took, heads| Told::Looked(look, took, heads));
            self.rounds.is_looking = true;
        }
        if !self.rounds.is_listing && self.rounds.list.is_due(now) {
            let database = self.delivering.database.clone();
            let listing = async move { store::flows(&mut database.crossing().await?).await };
            self.round(listing, Told::Listed);
            self.rounds.is_listing = true;
        }
        if !self.rounds.is_mending && self.rounds.mend.is_due(now) {
            let database = self.delivering.database.clone();
            let mending = async move {
                let mut crossing = database.crossing().await?;
                while store::free_expired(&mut crossing, MEND_MAX).await? == i64::from(MEND_MAX) {}
                let mut up_to = HeldUpTo::default();
                while let Some(next) = store::free_held(&mut crossing, &up_to, MEND_MAX).await? {
                    up_to = next;
                }
                Ok(())
            };
            self.round(mending, Told::Mended);
            self.rounds.is_mending = true;
        }
        if !self.rounds.is_counting && self.rounds.count.is_due(now) {
            let database = self.delivering.database.clone();
            let counting = async move { store::depth(&mut database.crossing().await?).await };
            self.round(counting, Told::Counted);
            self.rounds.is_counting = true;
        }
    }

    /// Do this beside everything else, and tell what came of it and how long it took.
    fn round<T: Send + 'static>(
        &self,
        what: impl Future<Output = Result<T, ApiError>> + Send + 'static,
        told: impl FnOnce(Duration, Result<T, ApiError>) -> Told + Send + 'static,
    ) {
        let tell = self.tell.clone();
        tokio::spawn(async move {
            let began = Instant::now();
            let outcome = what.await;
            tell.send(told(began.elapsed(), outcome)).ok();
        });
    }

    async fn settle(&self, settlement: Settlement) {
        // The writer lives until the last sender is gone.
        self.settling.send(settlement).await.ok();
    }

    /// Give back everything at hand, for others to take at once.
    async fn release(&mut self) {
        let now = Utc::now();
        for delivery in self.fair.take_all() {
            self.busy.left(&delivery);
            self.due.look_at(delivery.flow(), now);
            self.settle(Settlement::untouched(&delivery, now)).await;
        }
    }

    /// Wait until nothing runs and no claim is under way.
    async fn empty(&mut self) {
        while self.running > 0 || self.is_claiming {
            match self.told.recv().await {
                Some(Told::Ran(ran)) => self.take_ran(*ran).await,
                Some(Told::Claimed(_, claims)) => {
                    self.is_claiming = false;
                    for delivery in claims.unwrap_or_default().taken {
                        self.settle(Settlement::untouched(&delivery, Utc::now()))
                            .await;
                    }
                }
                Some(_) => {}
                None => return,
            }
        }
    }
}

/// How a delivery ends that nobody need attempt.
fn ends_here(delivery: &Claimed, now: DateTime<Utc>) -> Option<Settlement> {
    let end = |status, cause, error| Some(Settlement::unattempted(delivery, status, cause, error));
    if delivery.expires_at <= now {
        return end("expired", None, "it was not delivered in time");
    }
    if delivery.subscription_deleted {
        return end("cancelled", None, "its subscription was deleted");
    }
    if delivery.function_deleted {
        return end("dead", Some("function_deleted"), "its function was deleted");
    }
    if delivery.event_type.is_none() {
        return end("dead", Some("event_gone"), "its event is no longer kept");
    }
    None
}

const LANES: [&str; 3] = ["live", "bulk", "replay"];

fn show(depths: &[Depth]) {
    for (number, lane) in LANES.iter().enumerate() {
        let depth = depths
            .iter()
            .find(|depth| usize::try_from(depth.lane) == Ok(number));
        let states = depth.map_or([0; 4], |depth| {
            [depth.waiting, depth.running, depth.later, depth.held]
        });
        for (count, state) in states.iter().zip(["waiting", "running", "later", "held"]) {
            // A queue never holds as many as a float cannot count.
            metrics::gauge!("cartwright_deliveries_queued", "lane" => *lane, "state" => state)
                .set(*count as f64);
        }
    }
}

fn name_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Succeeded { .. } => "succeeded",
        Verdict::Dead { .. } => "dead",
        Verdict::Failed { .. } => "failed",
        Verdict::Fault {
            pressure: Some(_), ..
        } => "refused",
        Verdict::Fault { pressure: None, .. } => "fault",
    }
}

/// From 0 to 1, evenly: what an id is random by is as good as any.
fn chance() -> f64 {
    let bytes = Uuid::new_v4().into_bytes();
    f64::from(u32::from_be_bytes([
        bytes[12], bytes[13], bytes[14], bytes[15],
    ])) / f64::from(u32::MAX)
}
