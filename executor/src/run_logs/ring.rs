//! The ring: run logs that wait, bounded in bytes, in which no tenant pushes out the others.

use std::collections::{HashMap, VecDeque};

use cartwright_domain::ids::TenantId;

use super::kept::KeptRun;

/// Pressure begins when the ring is this full, in percent.
const PRESSURE_PERCENT: usize = 50;

/// A tenant's share under pressure, in percent of the ring.
const SHARE_PERCENT: usize = 10;

/// Runs in the order of their ending.
pub(super) struct Ring {
    waiting: VecDeque<KeptRun>,
    bytes_max: usize,
    bytes: usize,
    bytes_of: HashMap<TenantId, usize>,
    dropped: HashMap<TenantId, u64>,
}

impl Ring {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes_max,
            bytes: 0,
            bytes_of: HashMap::new(),
            dropped: HashMap::new(),
        }
    }

    /// Take a run in, or count it as dropped when it does not fit.
    pub(super) fn push(&mut self, run: KeptRun) {
        let (tenant_id, bytes) = (run.tenant_id, run.bytes());
        let of_tenant = self.bytes_of.get(&tenant_id).copied().unwrap_or(0) + bytes;
        let is_pressed = (self.bytes + bytes) * 100 > self.bytes_max * PRESSURE_PERCENT;
        let is_over_share = of_tenant * 100 > self.bytes_max * SHARE_PERCENT;
        if self.bytes + bytes > self.bytes_max || is_pressed && is_over_share {
            *self.dropped.entry(tenant_id).or_default() += 1;
            return;
        }
        self.bytes += bytes;
        self.bytes_of.insert(tenant_id, of_tenant);
        self.waiting.push_back(run);
    }

    /// Copy the oldest out, up to so many bytes, but at least one if there is any. They stay until [`Self::forget`].
    pub(super) fn oldest(&self, bytes_max: usize) -> Vec<KeptRun> {
        let mut bytes = 0;
        self.waiting
            .iter()
            .take_while(|run| {
                let is_first = bytes == 0;
                bytes += run.bytes();
                is_first || bytes <= bytes_max
            })
            .cloned()
            .collect()
    }

    /// The oldest so many have arrived.
    pub(super) fn forget(&mut self, count: usize) {
        for run in self.waiting.drain(..count) {
            let bytes = run.bytes();
            self.bytes -= bytes;
            if let Some(of_tenant) = self.bytes_of.get_mut(&run.tenant_id) {
                *of_tenant -= bytes;
                if *of_tenant == 0 {
                    self.bytes_of.remove(&run.tenant_id);
                }
            }
        }
    }

    /// Who lost how many since this was last asked.
    pub(super) fn take_dropped(&mut self) -> HashMap<TenantId, u64> {
        std::mem::take(&mut self.dropped)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: u8) -> TenantId {
        TenantId::from_bytes([n; 16])
    }

    #[test]
    fn a_loud_tenant_leaves_room_for_the_quiet_ones() {
        let mut ring = Ring::new(100_000);
        for _ in 0..1_000 {
            ring.push(KeptRun::sample(1, 1_000));
        }
        assert_eq!(ring.bytes(), 50_000, "alone, it has what nobody else needs");
        for quiet in 2..=5 {
            for _ in 0..10 {
                ring.push(KeptRun::sample(quiet, 1_000));
            }
        }
        assert_eq!(ring.bytes(), 90_000);
        assert_eq!(ring.take_dropped(), HashMap::from([(tenant(1), 950)]));
        ring.push(KeptRun::sample(2, 1_000));
        assert_eq!(
            ring.take_dropped(),
            HashMap::from([(tenant(2), 1)]),
            "its share is full"
        );
    }

    #[test]
    fn the_ring_is_never_larger_than_its_bound() {
        let mut ring = Ring::new(10_000);
        for n in 0..200 {
            ring.push(KeptRun::sample(n, 900));
        }
        assert!(ring.bytes() <= 10_000);
        ring.push(KeptRun::sample(1, 20_000));
        assert!(
            ring.bytes() <= 10_000,
            "what is larger than the ring is dropped"
        );
    }

    #[test]
    fn what_has_arrived_makes_room() {
        let mut ring = Ring::new(10_000);
        for n in 1..=4 {
            ring.push(KeptRun::sample(n, 1_000));
        }
        let batch = ring.oldest(2_500);
        assert_eq!(
            batch.iter().map(|run| run.tenant_id).collect::<Vec<_>>(),
            [tenant(1), tenant(2)]
        );
        ring.forget(batch.len());
        assert_eq!((ring.bytes(), ring.bytes_of.len()), (2_000, 2));
        assert_eq!(ring.oldest(1).len(), 1, "one leaves, however large");
    }
}
