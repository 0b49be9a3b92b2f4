//! Slows down who guesses: a few failed sign-ins per account and address, then a pause.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// Failures that one account takes from one address before the pause.
const FAILURES_MAX: u32 = 10;
/// How long failures count, from the first.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Pairs that are remembered; the oldest are forgotten first.
const PAIRS_MAX: u64 = 100_000;

struct Failures {
    since: Instant,
    count: AtomicU32,
}

/// Failed sign-ins of the last minutes. One process' own: with many, each allows as many.
pub(crate) struct Throttle {
    failures: Cache<[u8; 32], Arc<Failures>>,
}

/// One account, asked for from one address.
#[derive(Clone, Copy)]
pub(crate) struct Pair([u8; 32]);

impl Pair {
    /// The pair of these. Kept as a hash, so that a dump of memory holds no list of addresses.
    pub(crate) fn of(email: &str, from: Option<IpAddr>) -> Self {
        let from = from.map(|ip| ip.to_string()).unwrap_or_default();
        Self(Sha256::digest(format!("{from} {email}")).into())
    }
}

impl Throttle {
    /// With nothing remembered.
    pub(crate) fn new() -> Self {
        let failures = Cache::builder()
            .max_capacity(PAIRS_MAX)
            .time_to_live(WINDOW);
        Self {
            failures: failures.build(),
        }
    }

    /// Whether this pair may try, or must wait.
    pub(crate) fn admit(&self, pair: Pair) -> Result<(), ApiError> {
        let Some(failures) = self.failures.get(&pair.0) else {
            return Ok(());
        };
        if failures.count.load(Ordering::Relaxed) < FAILURES_MAX {
            return Ok(());
        }
        let left = WINDOW.saturating_sub(failures.since.elapsed());
        Err(ApiError::RateLimited {
            detail: format!(
                "{FAILURES_MAX} sign-ins failed for this account; wait before the next"
            ),
            retry_after_s: u32::try_from(left.as_secs()).unwrap_or(u32::MAX).max(1),
        })
    }

    /// One more failure of this pair.
    pub(crate) fn failed(&self, pair: Pair) {
        let failures = self.failures.get_with(pair.0, || {
            Arc::new(Failures {
                since: Instant::now(),
                count: AtomicU32::new(0),
            })
        });
        failures.count.fetch_add(1, Ordering::Relaxed);
    }

    /// This pair got it right: forget what failed before.
    pub(crate) fn succeeded(&self, pair: Pair) {
        self.failures.invalidate(&pair.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_try_waits_and_another_address_does_not() {
        let throttle = Throttle::new();
        let here = Pair::of("ada@example.com", Some([192, 0, 2, 1].into()));
        for _ in 0..FAILURES_MAX {
            assert!(throttle.admit(here).is_ok());
            throttle.failed(here);
        }
        assert!(throttle.admit(here).is_err());
        let there = Pair::of("ada@example.com", Some([192, 0, 2, 2].into()));
        assert!(throttle.admit(there).is_ok());
        throttle.succeeded(here);
        assert!(throttle.admit(here).is_ok());
    }
}
