//! Who is next: start-time fair queueing over flows, in memory. Each worker keeps its own, over every flow, so that the sum of
//! all workers is fair without a word between them. No I/O and no clock.
//!
//! A flow's next delivery begins, in virtual time, where its last one ended, or now if it was idle; it ends its cost divided
//! by its weight later. The one that begins first is next. So a flow that was idle never waits behind another's backlog, and
//! saves nothing up while it is idle.

use std::collections::{HashMap, VecDeque};

use cartwright_domain::ids::TenantId;

/// A lane of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FlowKey {
    pub(super) tenant_id: TenantId,
    pub(super) lane: i16,
}

/// What a delivery is taken to cost before the first of its flow has ended, in ms of a place.
const COST_FIRST: f64 = 1.0;

/// What one costs at least: sending it to an executor and writing its end are no less work for a function that does nothing.
const COST_LEAST: f64 = 0.5;

/// How much the newest cost counts in a flow's average.
const NEWEST: f64 = 0.1;

struct Flow<T> {
    weight: f64,
    /// Where, in virtual time, its next delivery begins at the earliest.
    begins: f64,
    /// What one costs, on average.
    cost: f64,
    waiting: VecDeque<T>,
}

/// What is at hand of every flow, and whose turn it is.
pub(super) struct Fair<T> {
    now: f64,
    flows: HashMap<FlowKey, Flow<T>>,
    /// Flows with something at hand.
    at_hand: Vec<FlowKey>,
    count: usize,
}

/// What was charged for a delivery when its turn came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charged(f64);

impl<T> Fair<T> {
    pub(super) fn new() -> Self {
        Self {
            now: 0.0,
            flows: HashMap::new(),
            at_hand: Vec::new(),
            count: 0,
        }
    }

    /// These are the flows, with their weights. Others are forgotten, but for what is at hand of them.
    pub(super) fn set_flows(&mut self, weights: &HashMap<FlowKey, f64>) {
        self.flows
            .retain(|key, flow| weights.contains_key(key) || !flow.waiting.is_empty());
        for (key, weight) in weights {
            self.flow(*key).weight = *weight;
        }
    }

    /// Everything at hand, of all flows.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// What is at hand of this flow.
    pub(super) fn len_of(&self, key: &FlowKey) -> usize {
        self.flows.get(key).map_or(0, |flow| flow.waiting.len())
    }

    /// Have this at hand.
    pub(super) fn push(&mut self, key: FlowKey, delivery: T) {
        let flow = self.flow(key);
        let was_empty = flow.waiting.is_empty();
        flow.waiting.push_back(delivery);
        if was_empty {
            self.at_hand.push(key);
        }
        self.count += 1;
    }

    /// The delivery whose turn it is, of those that may run. Of one flow the first that may, so that a function which is
    /// busy keeps no other function of its tenant waiting.
    pub(super) fn next(&mut self, may: impl Fn(&T) -> bool) -> Option<(FlowKey, Charged, T)> {
        let mut best: Option<(f64, usize, usize)> = None;
        for (at, key) in self.at_hand.iter().enumerate() {
            let flow = &self.flows[key];
            let begins = flow.begins.max(self.now);
            if best.is_some_and(|(earliest, ..)| earliest <= begins) {
                continue;
            }
            if let Some(place) = flow.waiting.iter().position(&may) {
                best = Some((begins, at, place));
            }
        }
        let (begins, at, place) = best?;
        let key = self.at_hand[at];
        let flow = self
            .flows
            .get_mut(&key)
            .expect("what is at hand has a flow");
        let delivery = flow.waiting.remove(place).expect("it was found there");
        self.count -= 1;
        self.now = begins;
        flow.begins = begins + flow.cost / flow.weight;
        let charged = Charged(flow.cost);
        // To the end, so that of flows at the same point none is always first.
        self.at_hand.remove(at);
        if !flow.waiting.is_empty() {
            self.at_hand.push(key);
        }
        Some((key, charged, delivery))
    }

    /// It ended, and held its place for so many ms: whatever was charged too little or too much is made up for.
    pub(super) fn ended(&mut self, key: &FlowKey, charged: Charged, took_ms: f64) {
        if let Some(flow) = self.flows.get_mut(key) {
            let cost = took_ms.max(COST_LEAST);
            flow.begins += (cost - charged.0) / flow.weight;
            flow.cost += (cost - flow.cost) * NEWEST;
        }
    }

    /// How many to claim of each of these flows: those that would be next in turn, `total` in all, and of no flow more than
    /// `each_max` at hand.
    pub(super) fn share_out(
        &self,
        flows: impl Iterator<Item = FlowKey>,
        total: usize,
        each_max: usize,
    ) -> Vec<(FlowKey, usize)> {
        let mut wanting: Vec<(f64, f64, usize, FlowKey, usize)> = flows
            .filter_map(|key| {
                let flow = self.flows.get(&key)?;
                let room = each_max
                    .checked_sub(flow.waiting.len())
                    .filter(|room| *room > 0)?;
                let step = flow.cost / flow.weight;
                let begins = flow.begins.max(self.now) + step * flow.waiting.len() as f64;
                Some((begins, step, room, key, 0))
            })
            .collect();
        // Those that come first take part at all; each of them at least one.
        wanting.sort_by(|one, other| one.0.total_cmp(&other.0));
        wanting.truncate(total);
        let mut left = total;
        while left > 0 {
            let next = wanting
                .iter_mut()
                .filter(|(_, _, room, ..)| *room > 0)
                .min_by(|one, other| one.0.total_cmp(&other.0));
            let Some((begins, step, room, _, taken)) = next else {
                break;
            };
            // By eights for whoever is far ahead, so that a backlog of one flow is not shared out one by one.
            let some = (*room).min(8).min(left);
            *begins += *step * some as f64;
            *room -= some;
            *taken += some;
            left -= some;
        }
        wanting
            .into_iter()
            .filter(|(.., taken)| *taken > 0)
            .map(|(_, _, _, key, taken)| (key, taken))
            .collect()
    }

    /// All that is at hand, which is then no more.
    pub(super) fn take_all(&mut self) -> Vec<T> {
        self.count = 0;
        self.at_hand.clear();
        let flows = self.flows.values_mut();
        flows.flat_map(|flow| flow.waiting.drain(..)).collect()
    }

    fn flow(&mut self, key: FlowKey) -> &mut Flow<T> {
        let now = self.now;
        self.flows.entry(key).or_insert_with(|| Flow {
            weight: 1.0,
            begins: now,
            cost: COST_FIRST,
            waiting: VecDeque::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(tenant: u8) -> FlowKey {
        FlowKey {
            tenant_id: TenantId::from_bytes([tenant; 16]),
            lane: 0,
        }
    }

    fn weighing(weights: &[(u8, f64)]) -> Fair<u32> {
        let mut fair = Fair::new();
        fair.set_flows(
            &weights
                .iter()
                .map(|(n, weight)| (key(*n), *weight))
                .collect(),
        );
        fair
    }

    fn served(fair: &mut Fair<u32>, turns: usize) -> HashMap<FlowKey, usize> {
        let mut counts = HashMap::new();
        for _ in 0..turns {
            let (key, charged, _) = fair.next(|_| true).expect("something is at hand");
            fair.ended(&key, charged, 1.0);
            *counts.entry(key).or_default() += 1;
        }
        counts
    }

    #[test]
    fn flows_with_a_backlog_are_served_by_their_weights() {
        let mut fair = weighing(&[(1, 1.0), (2, 3.0)]);
        for n in 0..1_000 {
            fair.push(key(1), n);
            fair.push(key(2), n);
        }
        let counts = served(&mut fair, 400);
        assert!((98..=102).contains(&counts[&key(1)]), "{counts:?}");
    }

    #[test]
    fn whoever_was_idle_is_next_and_saved_nothing_up() {
        let mut fair = weighing(&[(1, 1.0), (2, 1.0)]);
        (0..500).for_each(|n| fair.push(key(1), n));
        served(&mut fair, 300);
        (0..100).for_each(|n| fair.push(key(2), n));
        assert_eq!(fair.next(|_| true).map(|(key, ..)| key), Some(key(2)));
        let counts = served(&mut fair, 100);
        assert!((45..=55).contains(&counts[&key(2)]), "{counts:?}");
    }

    #[test]
    fn whose_deliveries_take_longer_gets_fewer_of_them() {
        let mut fair = weighing(&[(1, 1.0), (2, 1.0)]);
        (0..2_000).for_each(|n| {
            fair.push(key(1), n);
            fair.push(key(2), n);
        });
        let mut took = HashMap::from([(key(1), 0.0), (key(2), 0.0)]);
        for _ in 0..1_000 {
            let (of, charged, _) = fair.next(|_| true).unwrap();
            let ms = if of == key(1) { 9.0 } else { 1.0 };
            fair.ended(&of, charged, ms);
            *took.get_mut(&of).unwrap() += ms;
        }
        let ratio = took[&key(1)] / took[&key(2)];
        assert!((0.9..1.1).contains(&ratio), "{took:?}");
    }

    #[test]
    fn a_busy_function_keeps_no_other_of_its_tenant_waiting() {
        let mut fair = weighing(&[(1, 1.0)]);
        (0..6).for_each(|n| fair.push(key(1), n));
        let next = fair.next(|n| *n >= 3).map(|(_, _, n)| n);
        assert_eq!((next, fair.len()), (Some(3), 5));
        assert!(fair.next(|_| false).is_none());
    }

    #[test]
    fn claims_go_to_those_who_are_next_and_a_backlog_takes_what_is_left() {
        let mut fair = weighing(&[(1, 1.0), (2, 1.0), (3, 1.0)]);
        (0..64).for_each(|n| fair.push(key(1), n));
        served(&mut fair, 32);
        let flows = || [key(1), key(2)].into_iter();
        let shares: HashMap<_, _> = fair.share_out(flows(), 100, 64).into_iter().collect();
        assert_eq!(shares, HashMap::from([(key(1), 32), (key(2), 64)]));
        let few: HashMap<_, _> = fair.share_out(flows(), 8, 64).into_iter().collect();
        assert_eq!(few, HashMap::from([(key(2), 8)]));
        assert!(fair.share_out(flows(), 0, 64).is_empty());
    }
}
