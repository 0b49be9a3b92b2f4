//! Key ids that the api did not know a moment ago: a cache of its own, small, so that a flood of them pushes out no real key.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

const HELD_MAX: usize = 10_000;
const HELD_FOR: Duration = Duration::from_secs(10);

/// Ids that lead to no key.
#[derive(Default)]
pub(super) struct Unknown(Mutex<HashMap<Box<str>, Instant>>);

impl Unknown {
    pub(super) fn contains(&self, key_id: &str) -> bool {
        let ids = self.0.lock();
        ids.get(key_id)
            .is_some_and(|since| since.elapsed() < HELD_FOR)
    }

    pub(super) fn insert(&self, key_id: &str) {
        let mut ids = self.0.lock();
        if ids.len() >= HELD_MAX {
            ids.retain(|_, since| since.elapsed() < HELD_FOR);
        }
        // All of them new: forgetting them only costs look-ups, and those are counted.
        if ids.len() >= HELD_MAX {
            ids.clear();
        }
        ids.insert(key_id.into(), Instant::now());
    }

    pub(super) fn forget(&self, key_id: &str) {
        self.0.lock().remove(key_id);
    }

    pub(super) fn forget_all(&self) {
        self.0.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_ids_stays_bounded() {
        let unknown = Unknown::default();
        for n in 0..HELD_MAX * 3 {
            unknown.insert(&n.to_string());
        }
        assert!(unknown.0.lock().len() <= HELD_MAX);
        assert!(unknown.contains(&(HELD_MAX * 3 - 1).to_string()));
        unknown.forget(&(HELD_MAX * 3 - 1).to_string());
        assert!(!unknown.contains(&(HELD_MAX * 3 - 1).to_string()));
    }
}
