//! Which slots hold a module, and who gives way when there are too many or they are too large: the longest unused.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::slot::{ArtifactKey, ModuleSlot};

/// Eviction makes this much room at once, in percent, so that it is rare.
const ROOM_PERCENT: u64 = 5;

/// The filled slots, bounded by number and bytes.
pub(super) struct Loaded {
    held: Mutex<Held>,
    count_max: usize,
    bytes_max: u64,
}

#[derive(Default)]
struct Held {
    slots: HashMap<ArtifactKey, (Arc<ModuleSlot>, u64)>,
    bytes: u64,
}

impl Loaded {
    pub(super) fn new(count_max: usize, bytes_max: u64) -> Self {
        Self {
            held: Mutex::default(),
            count_max,
            bytes_max,
        }
    }

    /// A slot was filled with so many bytes. Empties others if that is too much; how many.
    pub(super) fn insert(&self, slot: &Arc<ModuleSlot>, bytes: u64) -> usize {
        let mut held = self.held.lock();
        if let Some((_, before)) = held.slots.insert(slot.key, (slot.clone(), bytes)) {
            held.bytes -= before;
        }
        held.bytes += bytes;
        if held.slots.len() <= self.count_max && held.bytes <= self.bytes_max {
            return 0;
        }
        self.evict(&mut held, slot.key)
    }

    pub(super) fn count_and_bytes(&self) -> (usize, u64) {
        let held = self.held.lock();
        (held.slots.len(), held.bytes)
    }

    fn evict(&self, held: &mut Held, keep: ArtifactKey) -> usize {
        let count_to = self.count_max - self.count_max * ROOM_PERCENT as usize / 100;
        let bytes_to = self.bytes_max - self.bytes_max / 100 * ROOM_PERCENT;
        let mut by_age: Vec<(u32, ArtifactKey)> = held
            .slots
            .iter()
            .map(|(key, (slot, _))| (slot.used_s(), *key))
            .filter(|(_, key)| *key != keep)
            .collect();
        by_age.sort_unstable_by_key(|(used_s, _)| *used_s);
        let mut evicted = 0;
        for (_, key) in by_age {
            if held.slots.len() <= count_to && held.bytes <= bytes_to {
                break;
            }
            if let Some((slot, bytes)) = held.slots.remove(&key) {
                slot.empty();
                held.bytes -= bytes;
                evicted += 1;
            }
        }
        evicted
    }
}

#[cfg(test)]
mod tests {
    use cartwright_domain::ids::TenantId;

    use super::*;

    fn slot(n: u8, used_s: u32) -> Arc<ModuleSlot> {
        let key = ArtifactKey {
            tenant_id: TenantId::from_bytes([1; 16]),
            sha256: [n; 32],
        };
        let slot = Arc::new(ModuleSlot::new(key));
        slot.touch(used_s);
        slot
    }

    fn kept(loaded: &Loaded) -> Vec<u8> {
        let mut kept: Vec<u8> = loaded
            .held
            .lock()
            .slots
            .keys()
            .map(|key| key.sha256[0])
            .collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn the_longest_unused_give_way_when_there_are_too_many() {
        let loaded = Loaded::new(3, 1_000);
        for (n, used_s) in [(1, 10), (2, 5), (3, 20)] {
            assert_eq!(loaded.insert(&slot(n, used_s), 1), 0);
        }
        assert_eq!(loaded.insert(&slot(4, 1), 1), 1);
        assert_eq!(
            kept(&loaded),
            [1, 3, 4],
            "what was just loaded stays, whatever its age"
        );
    }

    #[test]
    fn the_longest_unused_give_way_when_they_are_too_large() {
        let loaded = Loaded::new(100, 1_000);
        for n in 1..=10 {
            loaded.insert(&slot(n, u32::from(n)), 100);
        }
        assert_eq!(loaded.count_and_bytes(), (10, 1_000));
        assert_eq!(loaded.insert(&slot(11, 11), 400), 5);
        assert_eq!(
            (kept(&loaded), loaded.count_and_bytes()),
            (vec![6, 7, 8, 9, 10, 11], (6, 900))
        );
    }

    #[test]
    fn the_same_artifact_twice_counts_once() {
        let loaded = Loaded::new(10, 1_000);
        let one = slot(1, 1);
        loaded.insert(&one, 100);
        loaded.insert(&one, 300);
        assert_eq!(loaded.count_and_bytes(), (1, 300));
    }
}
