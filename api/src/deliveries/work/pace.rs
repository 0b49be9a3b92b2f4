//! How many at a time: up by one for every round that went well, down by a third when somebody says that it is too much.

use std::time::{Duration, Instant};

/// Cuts are at least so far apart: what is said within a round is said of the same load.
const CUT_EVERY: Duration = Duration::from_millis(200);

/// How many may be under way, between a least and a most.
#[derive(Debug)]
pub(super) struct Pace {
    limit: f64,
    least: f64,
    most: f64,
    cut_at: Option<Instant>,
}

impl Pace {
    /// The most at once, until somebody says that it is too much.
    pub(super) fn new(least: usize, most: usize) -> Self {
        Self {
            limit: most as f64,
            least: least as f64,
            most: most as f64,
            cut_at: None,
        }
    }

    /// So many may be under way.
    pub(super) fn limit(&self) -> usize {
        // Small and positive.
        self.limit as usize
    }

    /// Whether it is back at the most.
    pub(super) fn is_full(&self) -> bool {
        self.limit >= self.most
    }

    /// One went well.
    pub(super) fn went_well(&mut self) {
        self.limit = (self.limit + 1.0 / self.limit).min(self.most);
    }

    /// It is too much for somebody, while so many were under way.
    pub(super) fn too_much(&mut self, under_way: usize, now: Instant) {
        if self
            .cut_at
            .is_none_or(|at| now.duration_since(at) >= CUT_EVERY)
        {
            self.cut_at = Some(now);
            self.limit = (self.limit.min(under_way as f64) * 0.7).max(self.least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_cut_once_a_round_and_grows_back() {
        let (mut pace, start) = (Pace::new(2, 64), Instant::now());
        pace.too_much(64, start);
        pace.too_much(64, start);
        assert_eq!(pace.limit(), 44);
        for n in 1..100 {
            pace.too_much(1, start + CUT_EVERY * n);
        }
        assert_eq!(pace.limit(), 2);
        (0..3_000).for_each(|_| pace.went_well());
        assert!(pace.is_full());
    }
}
