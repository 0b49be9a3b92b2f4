//! What is known of each flow without asking the database: whether something is due there, from when on to look, and when to
//! look again. No I/O.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use cartwright_domain::ids::TenantId;
use chrono::{DateTime, TimeDelta, Utc};

use super::fair::FlowKey;

/// How far before the last one that it met a claim looks: a transaction commits so much later than it wrote, mostly.
const LATE: TimeDelta = TimeDelta::milliseconds(250);

/// How far a wide look goes back: longer than a transaction of ours may take.
const VERY_LATE: TimeDelta = TimeDelta::seconds(30);

/// From when on to look at a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Just before what a claim met last.
    Near,
    /// Before anything that may still commit.
    Wide,
    /// At everything.
    Whole,
}

/// What is known of all flows.
#[derive(Default)]
pub(super) struct Due {
    flows: HashMap<FlowKey, DateTime<Utc>>,
    now: HashSet<FlowKey>,
    later: BTreeSet<(DateTime<Utc>, FlowKey)>,
    rests: HashMap<FlowKey, Instant>,
}

impl Due {
    /// These are the flows. A new one is looked at.
    pub(super) fn set_flows(&mut self, keys: impl Iterator<Item = FlowKey>) {
        let keys: HashSet<FlowKey> = keys.collect();
        self.flows.retain(|key, _| keys.contains(key));
        self.now.retain(|key| keys.contains(key));
        for key in keys {
            if !self.flows.contains_key(&key) {
                self.flows.insert(key, DateTime::UNIX_EPOCH);
                self.now.insert(key);
            }
        }
    }

    /// Something may have come for this tenant. False when none of its flows is known.
    pub(super) fn hint(&mut self, tenant_id: TenantId) -> bool {
        let mut known = false;
        for lane in 0..=2 {
            let key = FlowKey { tenant_id, lane };
            if self.flows.contains_key(&key) {
                self.now.insert(key);
                known = true;
            }
        }
        known
    }

    /// Every flow, and from when on to look.
    pub(super) fn all(&self, look: Look) -> Vec<(FlowKey, DateTime<Utc>)> {
        let from = |floor: DateTime<Utc>| match look {
            Look::Near => floor,
            Look::Wide => (floor - VERY_LATE).max(DateTime::UNIX_EPOCH),
            Look::Whole => DateTime::UNIX_EPOCH,
        };
        let flows = self.flows.iter();
        flows.map(|(key, floor)| (*key, from(*floor))).collect()
    }

    /// From when on to look.
    pub(super) fn floor(&self, key: &FlowKey) -> DateTime<Utc> {
        self.flows.get(key).copied().unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The first of this flow is or was ready then.
    pub(super) fn head(&mut self, key: FlowKey, ready_at: DateTime<Utc>, now: DateTime<Utc>) {
        if let Some(floor) = self.flows.get_mut(&key) {
            *floor = (*floor).min(ready_at);
        }
        if ready_at <= now {
            self.now.insert(key);
        } else {
            self.look_at(key, ready_at);
        }
    }

    /// Something will be ready then.
    pub(super) fn look_at(&mut self, key: FlowKey, at: DateTime<Utc>) {
        self.later.insert((at, key));
    }

    /// All of this flow that was ready up to then was looked at, and is taken or out of the way.
    pub(super) fn looked(&mut self, key: FlowKey, last: DateTime<Utc>) {
        if let Some(floor) = self.flows.get_mut(&key) {
            *floor = (*floor).max(last - LATE);
        }
    }

    /// It is being taken from: a hint that comes meanwhile counts for the next time.
    pub(super) fn taking(&mut self, key: FlowKey) {
        self.now.remove(&key);
    }

    /// Something is due there.
    pub(super) fn is_due(&mut self, key: FlowKey) {
        if self.flows.contains_key(&key) {
            self.now.insert(key);
        }
    }

    /// Leave this flow alone until then.
    pub(super) fn rest(&mut self, key: FlowKey, until: Instant) {
        self.rests.insert(key, until);
    }

    /// Flows in which something is due.
    pub(super) fn now(
        &mut self,
        at: DateTime<Utc>,
        clock: Instant,
    ) -> impl Iterator<Item = FlowKey> {
        while let Some((ready_at, key)) = self.later.first().copied()
            && ready_at <= at
        {
            self.is_due(key);
            self.later.pop_first();
        }
        self.rests.retain(|_, until| *until > clock);
        let rests = &self.rests;
        self.now
            .iter()
            .filter(|key| !rests.contains_key(key))
            .copied()
    }

    /// When the next is due that is not due now, or rests no more.
    pub(super) fn next(&self, at: DateTime<Utc>, clock: Instant) -> Option<Duration> {
        let ready = self.later.first();
        let ready = ready.map(|(ready_at, _)| (*ready_at - at).to_std().unwrap_or_default());
        let rests = self.rests.values();
        let rested = rests
            .map(|until| until.saturating_duration_since(clock))
            .min();
        ready.into_iter().chain(rested).min()
    }
}

/// When to do again what may take long: at least so often apart, so that it takes at most a twentieth of the time, and never
/// twice at once.
#[derive(Debug)]
pub(super) struct Cadence {
    least: Duration,
    next: Instant,
    is_under_way: bool,
    /// It was asked for while it was under way.
    is_hurried: bool,
}

impl Cadence {
    const PART: u32 = 20;

    pub(super) fn new(least: Duration) -> Self {
        Self {
            least,
            next: Instant::now(),
            is_under_way: false,
            is_hurried: false,
        }
    }

    /// Whether it is time, and nobody is at it.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        !self.is_under_way && self.next <= now
    }

    /// Begin it if it is due; says whether it was.
    pub(super) fn begin_if_due(&mut self, now: Instant) -> bool {
        let is_due = self.is_due(now);
        self.is_under_way |= is_due;
        is_due
    }

    /// Begin it, due or not.
    pub(super) fn begin(&mut self) {
        self.is_under_way = true;
    }

    /// Do it now; or soon again, if it is under way and may not see what it is asked for.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.is_hurried = self.is_under_way;
        self.next = now;
    }

    /// It is over, and took so long.
    pub(super) fn took(&mut self, now: Instant, took: Duration) {
        let is_hurried = std::mem::take(&mut self.is_hurried);
        let least = if is_hurried {
            Duration::ZERO
        } else {
            self.least
        };
        self.is_under_way = false;
        self.next = now + least.max(took * Self::PART);
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// How long until it is due; `None` while it is under way.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        (!self.is_under_way).then(|| self.next.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(lane: i16) -> FlowKey {
        FlowKey {
            tenant_id: TenantId::from_bytes([1; 16]),
            lane,
        }
    }

    fn due(due: &mut Due, at: DateTime<Utc>) -> Vec<FlowKey> {
        let mut now: Vec<_> = due.now(at, Instant::now()).collect();
        now.sort();
        now
    }

    #[test]
    fn a_flow_is_looked_at_when_it_is_new_hinted_at_or_its_time_has_come() {
        let (mut flows, start) = (Due::default(), Utc::now());
        flows.set_flows([key(0), key(1)].into_iter());
        assert_eq!(due(&mut flows, start), [key(0), key(1)]);
        flows.taking(key(0));
        flows.taking(key(1));
        flows.look_at(key(1), start + TimeDelta::seconds(3));
        assert!(due(&mut flows, start).is_empty());
        assert_eq!(due(&mut flows, start + TimeDelta::seconds(3)), [key(1)]);
        flows.taking(key(1));
        assert!(flows.hint(key(0).tenant_id));
        assert_eq!(due(&mut flows, start), [key(0), key(1)]);
        assert!(!flows.hint(TenantId::from_bytes([2; 16])));
    }

    #[test]
    fn what_comes_round_is_done_once_at_a_time_and_takes_a_twentieth_of_it() {
        let second = Duration::from_secs(1);
        let mut cadence = Cadence::new(2 * second);
        let start = Instant::now();
        assert!(cadence.begin_if_due(start));
        assert!(!cadence.begin_if_due(start) && cadence.left(start).is_none());
        cadence.took(start, second / 1_000);
        assert_eq!(cadence.left(start), Some(2 * second));
        cadence.hurry(start);
        assert!(cadence.begin_if_due(start));
        cadence.took(start, second);
        assert_eq!(cadence.left(start), Some(20 * second));
    }

    #[test]
    fn what_is_asked_for_while_it_is_under_way_is_soon_done_again() {
        let ms = Duration::from_millis(1);
        let mut cadence = Cadence::new(2_000 * ms);
        let start = Instant::now();
        cadence.begin();
        cadence.hurry(start);
        assert!(!cadence.is_due(start));
        cadence.took(start, ms);
        assert_eq!(cadence.left(start), Some(20 * ms));
        assert!(cadence.begin_if_due(start + 20 * ms));
        cadence.took(start, ms);
        assert_eq!(cadence.left(start), Some(2_000 * ms));
    }

    #[test]
    fn a_floor_follows_what_was_looked_at_and_goes_back_for_what_was_late() {
        let (mut flows, start) = (Due::default(), Utc::now());
        flows.set_flows([key(0)].into_iter());
        assert_eq!(flows.floor(&key(0)), DateTime::UNIX_EPOCH);
        flows.looked(key(0), start);
        assert_eq!(flows.floor(&key(0)), start - LATE);
        let late = start - TimeDelta::seconds(9);
        flows.head(key(0), late, start);
        assert_eq!(flows.floor(&key(0)), late);
    }
}
