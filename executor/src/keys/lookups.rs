//! How many unknown keys may be looked up: whoever tries keys at random must not reach the api through us.

use std::time::Instant;

use parking_lot::Mutex;

/// Look-ups a second, and at once.
const PER_SECOND: f64 = 50.0;

/// A bucket of look-ups that fills by the clock.
pub(super) struct Lookups(Mutex<Bucket>);

struct Bucket {
    left: f64,
    at: Instant,
}

impl Default for Lookups {
    fn default() -> Self {
        let at = Instant::now();
        Self(Mutex::new(Bucket {
            left: PER_SECOND,
            at,
        }))
    }
}

impl Lookups {
    /// Take one, if one is left.
    pub(super) fn take(&self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> bool {
        let mut bucket = self.0.lock();
        let filled = now.saturating_duration_since(bucket.at).as_secs_f64() * PER_SECOND;
        bucket.left = (bucket.left + filled).min(PER_SECOND);
        bucket.at = now;
        let is_left = bucket.left >= 1.0;
        if is_left {
            bucket.left -= 1.0;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn fifty_at_once_and_fifty_a_second() {
        let (lookups, start) = (Lookups::default(), Instant::now());
        let taken = |at: Instant| (0..1_000).filter(|_| lookups.take_at(at)).count();
        assert_eq!(taken(start), 50);
        assert_eq!(taken(start + Duration::from_millis(100)), 5);
        assert_eq!(taken(start + Duration::from_secs(60)), 50);
    }
}
