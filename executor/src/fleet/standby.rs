//! Drained by an operator: `/readyz` says so at once, and once whoever spreads the load has had time to see it, new runs
//! are refused. What runs ends, and what was metered is shipped, as ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cartwright_role::health::{Condition, Readiness};
use parking_lot::Mutex;

/// Runs are still taken for so long after `/readyz` turned, so that a balancer that asks every few seconds moves
/// everyone elsewhere before anyone is refused.
const GRACE: Duration = Duration::from_secs(10);

/// Whether this executor stands by. Clones share it.
#[derive(Clone)]
pub(crate) struct Standby {
    condition: Condition,
    since: Arc<Mutex<Option<Instant>>>,
    refuses: Arc<AtomicBool>,
}

impl Standby {
    /// On duty.
    pub(crate) fn new(readiness: &Readiness) -> Self {
        let condition = readiness.condition("drain_order");
        condition.ready();
        Self {
            condition,
            since: Arc::default(),
            refuses: Arc::default(),
        }
    }

    /// Whether a new run is refused. One atomic read.
    pub(crate) fn refuses(&self) -> bool {
        self.refuses.load(Ordering::Relaxed)
    }

    /// Do as the operator wants.
    pub(crate) fn obey(&self, drain: bool) {
        let mut since = self.since.lock();
        match (drain, *since) {
            (true, None) => {
                tracing::info!("an operator drains this executor: no new runs after {GRACE:?}");
                self.condition.missing("an operator drains this executor: POST /v1/platform/fleet/{id}/undrain puts it back");
                *since = Some(Instant::now());
            }
            (true, Some(began)) => self
                .refuses
                .store(began.elapsed() >= GRACE, Ordering::Relaxed),
            (false, Some(_)) => {
                tracing::info!("an operator puts this executor back: it takes runs again");
                self.refuses.store(false, Ordering::Relaxed);
                self.condition.ready();
                *since = None;
            }
            (false, None) => {}
        }
    }

    /// No new word came: the last one stands.
    pub(crate) fn obey_still(&self) {
        let drains = self.since.lock().is_some();
        self.obey(drains);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drained_executor_says_so_at_once_refuses_later_and_is_back_at_a_word() {
        let readiness = Readiness::new("executor");
        let standby = Standby::new(&readiness);
        standby.obey(false);
        assert!(readiness.missing().is_empty() && !standby.refuses());

        standby.obey(true);
        assert!(readiness.missing().contains_key("drain_order"));
        standby.obey_still();
        assert!(!standby.refuses(), "who spreads the load may not know yet");

        *standby.since.lock() = Instant::now().checked_sub(GRACE);
        standby.obey_still();
        assert!(standby.refuses());

        standby.obey(false);
        assert!(readiness.missing().is_empty() && !standby.refuses());
    }
}
