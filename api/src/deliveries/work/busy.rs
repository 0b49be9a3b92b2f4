//! What is under way and at hand of each function, subscription and tenant, and what each may have at a time. No I/O.

use std::collections::HashMap;
use std::time::Instant;

use uuid::Uuid;

use super::claimed::{Claimed, FunctionKey};
use super::lease::Crew;
use super::pace::Pace;

/// At hand of one function or subscription beyond what may run of it, at most: more would fill the flow's place at hand and
/// keep others of the tenant from it.
const SPARE: usize = 8;

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    at_hand: usize,
    running: usize,
}

/// Counts of what this worker has, and the limits on it.
pub(super) struct Busy {
    most: usize,
    worker: Uuid,
    crew: Crew,
    functions: HashMap<FunctionKey, Counts>,
    /// Functions for which it was too much, until they are back at the most.
    paces: HashMap<FunctionKey, Pace>,
    subscriptions: HashMap<Uuid, Counts>,
    tenants: HashMap<Uuid, Counts>,
    /// What the operator lets a tenant have, of all workers together.
    tenants_max: HashMap<Uuid, usize>,
    resting: HashMap<FunctionKey, Instant>,
}

/// Whether a delivery may wait here for its turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It may.
    Here,
    /// Its function rests until then.
    Rests(Instant),
    /// So many of its kind wait here already.
    Full,
}

impl Busy {
    /// A worker that runs so many at a time.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            worker: Uuid::nil(),
            crew: Crew::default(),
            functions: HashMap::new(),
            paces: HashMap::new(),
            subscriptions: HashMap::new(),
            tenants: HashMap::new(),
            tenants_max: HashMap::new(),
            resting: HashMap::new(),
        }
    }

    /// These workers share what all may have together.
    pub(super) fn set_crew(&mut self, worker: Uuid, crew: Crew) {
        (self.worker, self.crew) = (worker, crew);
    }

    /// These tenants have a limit of the operator's. True when the limits were others before.
    pub(super) fn set_tenants_max(&mut self, tenants_max: HashMap<Uuid, usize>) -> bool {
        let is_news = self.tenants_max != tenants_max;
        self.tenants_max = tenants_max;
        is_news
    }

    fn subscription_max(&self, delivery: &Claimed) -> usize {
        match (delivery.subscription_id, delivery.concurrency) {
            (Some(id), Some(of)) => {
                self.crew
                    .share(self.worker, usize::try_from(of).unwrap_or(1), id)
            }
            _ => usize::MAX,
        }
    }

    fn function_max(&self, function: &FunctionKey) -> usize {
        self.paces.get(function).map_or(usize::MAX, Pace::limit)
    }

    fn tenant_max(&self, tenant: &Uuid) -> usize {
        self.tenants_max
            .get(tenant)
            .map_or(usize::MAX, |of| self.crew.share(self.worker, *of, *tenant))
    }

    /// Whether it may wait here.
    pub(super) fn room(&self, delivery: &Claimed, now: Instant) -> Room {
        let function = delivery.function();
        if let Some(until) = self.resting.get(&function).filter(|until| **until > now) {
            return Room::Rests(*until);
        }
        // What none may run of here waits for another worker, not here.
        let is_full = |counts: Option<&Counts>, max: usize| {
            let at_hand = counts.map_or(0, |counts| counts.at_hand);
            max == 0 || at_hand >= max.saturating_add(SPARE)
        };
        let subscription = delivery.subscription_id;
        let of_subscription = subscription.and_then(|id| self.subscriptions.get(&id));
        if is_full(self.functions.get(&function), self.function_max(&function))
            || is_full(of_subscription, self.subscription_max(delivery))
            || is_full(
                self.tenants.get(&delivery.tenant_id),
                self.tenant_max(&delivery.tenant_id),
            )
        {
            return Room::Full;
        }
        Room::Here
    }

    /// Whether it may run now.
    pub(super) fn may_run(&self, delivery: &Claimed) -> bool {
        let function = delivery.function();
        let running = |counts: Option<&Counts>| counts.map_or(0, |counts| counts.running);
        let subscription = delivery.subscription_id;
        let of_subscription = subscription.and_then(|id| self.subscriptions.get(&id));
        running(self.functions.get(&function)) < self.function_max(&function)
            && running(of_subscription) < self.subscription_max(delivery)
            && running(self.tenants.get(&delivery.tenant_id)) < self.tenant_max(&delivery.tenant_id)
    }

    /// It waits here.
    pub(super) fn came(&mut self, delivery: &Claimed) {
        self.functions
            .entry(delivery.function())
            .or_default()
            .at_hand += 1;
        if let Some(id) = delivery.subscription_id {
            self.subscriptions.entry(id).or_default().at_hand += 1;
        }
        self.tenants.entry(delivery.tenant_id).or_default().at_hand += 1;
    }

    /// It waits here no more.
    pub(super) fn left(&mut self, delivery: &Claimed) {
        lower(&mut self.functions, delivery.function(), |counts| {
            &mut counts.at_hand
        });
        if let Some(id) = delivery.subscription_id {
            lower(&mut self.subscriptions, id, |counts| &mut counts.at_hand);
        }
        lower(&mut self.tenants, delivery.tenant_id, |counts| {
            &mut counts.at_hand
        });
    }

    /// It runs.
    pub(super) fn began(&mut self, delivery: &Claimed) {
        self.functions
            .entry(delivery.function())
            .or_default()
            .running += 1;
        if let Some(id) = delivery.subscription_id {
            self.subscriptions.entry(id).or_default().running += 1;
        }
        self.tenants.entry(delivery.tenant_id).or_default().running += 1;
    }

    /// It runs no more.
    pub(super) fn ended(&mut self, function: FunctionKey, subscription: Option<Uuid>) {
        lower(&mut self.functions, function, |counts| &mut counts.running);
        if let Some(id) = subscription {
            lower(&mut self.subscriptions, id, |counts| &mut counts.running);
        }
        lower(&mut self.tenants, function.0, |counts| &mut counts.running);
    }

    /// A run of this function went well.
    pub(super) fn went_well(&mut self, function: FunctionKey) {
        if let Some(pace) = self.paces.get_mut(&function) {
            pace.went_well();
            if pace.is_full() {
                self.paces.remove(&function);
            }
        }
    }

    /// So many runs of this function at a time are too many.
    pub(super) fn too_much(&mut self, function: FunctionKey, now: Instant) {
        let running = self
            .functions
            .get(&function)
            .map_or(0, |counts| counts.running);
        let pace = self
            .paces
            .entry(function)
            .or_insert_with(|| Pace::new(1, self.most));
        pace.too_much(running + 1, now);
    }

    /// Leave this function alone until then.
    pub(super) fn rest(&mut self, function: FunctionKey, until: Instant, now: Instant) {
        self.resting.retain(|_, until| *until > now);
        self.resting.insert(function, until);
    }

    /// Whether its function rests.
    pub(super) fn rests(&self, delivery: &Claimed, now: Instant) -> Option<Instant> {
        let until = self.resting.get(&delivery.function()).copied();
        until.filter(|until| *until > now)
    }
}

fn lower<K: std::hash::Hash + Eq>(
    counts: &mut HashMap<K, Counts>,
    key: K,
    which: impl Fn(&mut Counts) -> &mut usize,
) {
    let Some(of_key) = counts.get_mut(&key) else {
        return;
    };
    *which(of_key) -= 1;
    if of_key.at_hand == 0 && of_key.running == 0 {
        counts.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn delivery(subscription: u8, concurrency: Option<i32>) -> Claimed {
        let now = Utc::now();
        Claimed {
            tenant_id: Uuid::from_bytes([1; 16]),
            delivery_id: Uuid::now_v7(),
            lane: 0,
            event_id: Uuid::now_v7(),
            subscription_id: Some(Uuid::from_bytes([subscription; 16])),
            output_endpoint_id: None,
            function_id: Uuid::from_bytes([2; 16]),
            expires_at: now,
            attempts: 0,
            faults: 0,
            invocation_id: Uuid::now_v7(),
            seed_id: Uuid::now_v7(),
            subscription_deleted: false,
            alias: None,
            transform: None,
            retry: None,
            concurrency,
            function_name: "f".to_owned(),
            function_deleted: false,
            event_type: None,
            source: None,
            schedule_id: None,
            occurred_at: None,
            data: None,
            object_key: None,
            request_id: None,
            generation: 1,
            worker_id: Uuid::nil(),
            leased_at: now,
        }
    }

    fn two_workers() -> [Busy; 2] {
        let alive = vec![Uuid::from_bytes([8; 16]), Uuid::from_bytes([9; 16])];
        let crew = Crew {
            alive: alive.clone(),
        };
        [0, 1].map(|number| {
            let mut busy = Busy::new(64);
            busy.set_crew(alive[number], crew.clone());
            busy
        })
    }

    #[test]
    fn of_two_workers_one_keeps_and_runs_what_may_run_once_and_the_other_leaves_it() {
        let workers = two_workers();
        for subscription in 1..30 {
            let delivery = delivery(subscription, Some(1));
            let now = Instant::now();
            let keeps = workers
                .each_ref()
                .map(|busy| busy.room(&delivery, now) == Room::Here);
            assert_eq!(
                keeps,
                workers.each_ref().map(|busy| busy.may_run(&delivery))
            );
            assert!(keeps[0] != keeps[1], "{keeps:?}");
        }
    }

    #[test]
    fn what_waits_here_of_a_tenant_is_limited_as_what_runs_of_it() {
        let [mut busy, mut other] = two_workers();
        let limit = HashMap::from([(Uuid::from_bytes([1; 16]), 1)]);
        assert!(busy.set_tenants_max(limit.clone()) && other.set_tenants_max(limit.clone()));
        assert!(!busy.set_tenants_max(limit), "the same again is no news");
        let now = Instant::now();
        let is_here = |busy: &Busy| busy.room(&delivery(1, None), now) == Room::Here;
        assert!(is_here(&busy) != is_here(&other));

        let server = if is_here(&busy) {
            &mut busy
        } else {
            &mut other
        };
        let mut at_hand = 0;
        while is_here(server) {
            server.came(&delivery(1, None));
            at_hand += 1;
        }

        assert_eq!(at_hand, 1 + SPARE);
    }
}
