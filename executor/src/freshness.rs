//! How long ago the api last confirmed what this executor holds. Everything held has an age by it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Keys serve so long without the api: revoking must bite sooner than a changed route.
pub(crate) const KEYS_MAX: Duration = Duration::from_secs(15 * 60);

/// Routes (functions, aliases, limits) serve so long without the api.
pub(crate) const ROUTES_MAX: Duration = Duration::from_secs(24 * 3600);

/// A monotonic clock in milliseconds, and the moment of the api's last word on it. 0 is never.
pub(crate) struct Freshness {
    began: Instant,
    confirmed_ms: AtomicU64,
}

impl Freshness {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            confirmed_ms: AtomicU64::new(0),
        }
    }

    /// Milliseconds since this clock began, from 1.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).map_or(u64::MAX, |ms| ms + 1)
    }

    /// The api has just told every change up to now.
    pub(crate) fn confirm(&self) {
        self.confirmed_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// Whether something that was fetched at `fetched_ms` may still be used after `max` without the api's word.
    pub(crate) fn holds(&self, fetched_ms: u64, max: Duration) -> bool {
        let confirmed_ms = self.confirmed_ms.load(Ordering::Relaxed).max(fetched_ms);
        u128::from(self.now_ms().saturating_sub(confirmed_ms)) <= max.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_as_old_as_the_apis_last_word() {
        let freshness = Freshness::new();
        let fetched_ms = freshness.now_ms();
        std::thread::sleep(Duration::from_millis(20));
        assert!(!freshness.holds(fetched_ms, Duration::from_millis(5)));
        freshness.confirm();
        assert!(freshness.holds(fetched_ms, Duration::from_millis(5)));
    }
}
