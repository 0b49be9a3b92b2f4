//! How many runs may go on at the same time: of one function, and in all. Counted by atomics, never waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs that go on now, against a bound that is told with each question, since it may change.
#[derive(Default)]
pub(crate) struct Running(AtomicU32);

impl Running {
    /// Begin a run if fewer than `max` go on. The permit ends it.
    pub(crate) fn begin(self: &Arc<Self>, max: u32) -> Option<Permit> {
        let before = self.0.fetch_add(1, Ordering::AcqRel);
        let permit = Permit {
            of: self.clone(),
            left: max.saturating_sub(before + 1),
        };
        // Dropping the permit takes the count back.
        (before < max).then_some(permit)
    }

    pub(crate) fn now(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}

/// One run that goes on.
pub(crate) struct Permit {
    of: Arc<Running>,
    left: u32,
}

impl Permit {
    /// How many more could have begun beside this one.
    pub(crate) fn left(&self) -> u32 {
        self.left
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.of.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_bound_go_on_and_an_ended_run_makes_room() {
        let running = Arc::<Running>::default();
        let first = running.begin(2).expect("there is room");
        let second = running.begin(2).expect("there is room");
        assert_eq!((first.left(), second.left()), (1, 0));
        assert!(running.begin(2).is_none());
        assert_eq!(running.now(), 2, "a refusal takes no place");
        drop(first);
        assert!(running.begin(2).is_some());
        drop(second);
        assert_eq!(running.now(), 0);
    }
}
