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
    tenants: HashMap<Uuid, usize>,
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

    /// These tenants have a limit of the operator's.
    pub(super) fn set_tenants_max(&mut self, tenants_max: HashMap<Uuid, usize>) {
        self.tenants_max = tenants_max;
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
        let is_full = |counts: Option<&Counts>, max: usize| {
            max != usize::MAX && counts.map_or(0, |counts| counts.at_hand) >= max + SPARE
        };
        let subscription = delivery.subscription_id;
        let of_subscription = subscription.and_then(|id| self.subscriptions.get(&id));
        if is_full(self.functions.get(&function), self.function_max(&function))
            || is_full(of_subscription, self.subscription_max(delivery))
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
        let of_tenant = self.tenants.get(&delivery.tenant_id).copied().unwrap_or(0);
        running(self.functions.get(&function)) < self.function_max(&function)
            && running(of_subscription) < self.subscription_max(delivery)
            && of_tenant < self.tenant_max(&delivery.tenant_id)
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
    }

    /// It waits here no more.
    pub(super) fn left(&mut self, delivery: &Claimed) {
        lower(&mut self.functions, delivery.function(), |counts| {
            &mut counts.at_hand
        });
        if let Some(id) = delivery.subscription_id {
            lower(&mut self.subscriptions, id, |counts| &mut counts.at_hand);
        }
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
        *self.tenants.entry(delivery.tenant_id).or_default() += 1;
    }

    /// It runs no more.
    pub(super) fn ended(&mut self, function: FunctionKey, subscription: Option<Uuid>) {
        lower(&mut self.functions, function, |counts| &mut counts.running);
        if let Some(id) = subscription {
            lower(&mut self.subscriptions, id, |counts| &mut counts.running);
        }
        if let Some(count) = self.tenants.get_mut(&function.0) {
            *count -= 1;
            if *count == 0 {
                self.tenants.remove(&function.0);
            }
        }
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
