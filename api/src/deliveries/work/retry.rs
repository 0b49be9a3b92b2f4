//! When a delivery is tried again: by its subscription's policy after what its function did, and soon and free after what we did.

use std::time::Duration;

use serde::Deserialize;
use uuid::Uuid;

/// What a subscription says of retries: the part of its policy that matters to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Policy {
    /// Attempts at most, the first included.
    pub(super) max_attempts: u16,
    /// The delay before the second attempt, in seconds, at most. It doubles with each.
    pub(super) first_delay_s: f64,
    /// The longest delay, in seconds.
    pub(super) delay_max_s: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            first_delay_s: 5.0,
            delay_max_s: 3_600.0,
        }
    }
}

/// The longest wait after a fault of ours.
const FAULT_DELAY_MAX_MS: u64 = 60_000;

/// The first wait after one; it doubles with each.
const FAULT_DELAY_FIRST_MS: u64 = 250;

impl Policy {
    /// How long to wait after so many attempts, or `None` when that was the last. `chance` is from 0 to 1: the jitter is full,
    /// so that what failed together does not come back together.
    pub(super) fn delay(&self, attempts: u16, chance: f64) -> Option<Duration> {
        if attempts >= self.max_attempts {
            return None;
        }
        let doublings = i32::from(attempts.saturating_sub(1)).min(30);
        let most = (self.first_delay_s * 2f64.powi(doublings)).min(self.delay_max_s);
        Some(Duration::from_secs_f64(
            (most * chance).clamp(0.05, 86_400.0),
        ))
    }
}

/// How long to wait after so many faults of ours in a row: half of it is certain.
pub(super) fn fault_delay(faults: u16, chance: f64) -> Duration {
    let doublings = u32::from(faults).min(16);
    let most = (FAULT_DELAY_FIRST_MS << doublings).min(FAULT_DELAY_MAX_MS);
    Duration::from_millis(most / 2) + Duration::from_millis(most / 2).mul_f64(chance)
}

/// From 0 to 1, evenly: what an id is random by is as good as any.
pub(super) fn chance() -> f64 {
    let bytes = Uuid::new_v4().into_bytes();
    f64::from(u32::from_be_bytes([
        bytes[12], bytes[13], bytes[14], bytes[15],
    ])) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_end_with_the_last_attempt() {
        let policy = Policy {
            max_attempts: 5,
            first_delay_s: 10.0,
            delay_max_s: 30.0,
        };
        let delays: Vec<_> = (1..=5).map(|n| policy.delay(n, 1.0)).collect();
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(
            delays,
            [seconds(10), seconds(20), seconds(30), seconds(30), None]
        );
        assert!(policy.delay(1, 0.0) >= Some(Duration::from_millis(50)));
    }

    #[test]
    fn faults_of_ours_are_tried_again_within_a_minute() {
        assert_eq!(fault_delay(0, 0.0), Duration::from_millis(125));
        assert_eq!(fault_delay(60, 1.0), Duration::from_secs(60));
    }
}
