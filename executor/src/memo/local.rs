//! Results in this process, bounded by their bytes. What was not asked for since it was last passed over gives way first.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use parking_lot::Mutex;

use super::ResultName;

/// What a result takes beside its output, roughly.
const OVERHEAD_BYTES: usize = 160;

pub(super) struct Local {
    held: Mutex<Held>,
    bytes_max: usize,
}

#[derive(Default)]
struct Held {
    results: HashMap<ResultName, Kept>,
    /// Every name once: whose turn it is to give way.
    turns: VecDeque<ResultName>,
    bytes: usize,
}

struct Kept {
    output: Bytes,
    was_asked_for: bool,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.output.len() + OVERHEAD_BYTES
    }
}

impl Local {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            held: Mutex::default(),
            bytes_max,
        }
    }

    pub(super) fn find(&self, name: &ResultName) -> Option<Bytes> {
        let mut held = self.held.lock();
        let kept = held.results.get_mut(name)?;
        kept.was_asked_for = true;
        Some(kept.output.clone())
    }

    pub(super) fn keep(&self, name: ResultName, output: Bytes) {
        let kept = Kept {
            output,
            was_asked_for: false,
        };
        let bytes = kept.bytes();
        let mut held = self.held.lock();
        if bytes > self.bytes_max || held.results.contains_key(&name) {
            return;
        }
        while held.bytes + bytes > self.bytes_max && held.one_gives_way() {}
        held.bytes += bytes;
        held.turns.push_back(name);
        held.results.insert(name, kept);
    }
}

impl Held {
    /// Remove one result, or pass one over; whether there was any.
    fn one_gives_way(&mut self) -> bool {
        let Some(name) = self.turns.pop_front() else {
            return false;
        };
        match self.results.get_mut(&name) {
            Some(kept) if kept.was_asked_for => {
                kept.was_asked_for = false;
                self.turns.push_back(name);
            }
            _ => {
                let gone = self.results.remove(&name);
                self.bytes -= gone.map_or(0, |kept| kept.bytes());
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memo::name::tests::some_name;

    fn output(length: usize) -> Bytes {
        Bytes::from(vec![b' '; length - OVERHEAD_BYTES])
    }

    #[test]
    fn results_stay_within_the_bound_and_those_asked_for_stay_longest() {
        let local = Local::new(3_000);
        for n in 0..3 {
            local.keep(some_name(n), output(1_000));
        }
        assert!(local.find(&some_name(0)).is_some());

        local.keep(some_name(3), output(1_000));

        let kept: Vec<u8> = (0..4)
            .filter(|n| local.held.lock().results.contains_key(&some_name(*n)))
            .collect();
        assert_eq!(kept, [0, 2, 3]);
        assert_eq!(local.held.lock().bytes, 3_000);
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_the_same_twice_counts_once() {
        let local = Local::new(3_000);
        local.keep(some_name(0), output(3_001));
        assert!(local.find(&some_name(0)).is_none());
        for _ in 0..2 {
            local.keep(some_name(1), output(2_000));
        }
        assert_eq!(local.held.lock().bytes, 2_000);
        local.keep(some_name(2), output(2_000));
        assert!(local.find(&some_name(1)).is_none());
        assert_eq!(local.held.lock().bytes, 2_000);
    }
}
