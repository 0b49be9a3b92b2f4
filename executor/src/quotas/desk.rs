//! What rules and leases share: the clock, the number of executors, and the list of rules that somebody asked lately.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use cartwright_domain::quotas::Period;
use parking_lot::Mutex;

use super::rule::Rule;

/// Where requests leave word for the exchange that comes every few milliseconds.
pub(crate) struct Desk {
    /// Milliseconds since the Unix epoch, as of the last exchange: a request needs no clock of its own.
    now_ms: AtomicU64,
    day: AtomicU32,
    month: AtomicU32,
    executors: AtomicU64,
    asked: Mutex<Vec<Arc<Rule>>>,
}

impl Desk {
    pub(super) fn new(now_ms: u64, executors: u64) -> Arc<Self> {
        let desk = Arc::new(Self {
            now_ms: AtomicU64::new(0),
            day: AtomicU32::new(0),
            month: AtomicU32::new(0),
            executors: AtomicU64::new(executors.max(1)),
            asked: Mutex::new(Vec::new()),
        });
        desk.set_now(now_ms);
        desk
    }

    pub(super) fn set_now(&self, now_ms: u64) {
        self.now_ms.store(now_ms, Ordering::Relaxed);
        self.day
            .store(Period::Day.number_at(now_ms), Ordering::Relaxed);
        self.month
            .store(Period::Month.number_at(now_ms), Ordering::Relaxed);
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    pub(super) fn period(&self, period: Period) -> u32 {
        match period {
            Period::Day => self.day.load(Ordering::Relaxed),
            Period::Month => self.month.load(Ordering::Relaxed),
        }
    }

    /// How many executors share what Redis cannot share out now.
    pub(super) fn executors(&self) -> i64 {
        i64::try_from(self.executors.load(Ordering::Relaxed)).unwrap_or(1)
    }

    pub(super) fn set_executors(&self, executors: u64) {
        self.executors.store(executors.max(1), Ordering::Relaxed);
    }

    /// Put a rule on the list, unless it is there. Once in a while for a busy rule; else one load.
    pub(super) fn list(rule: &Arc<Rule>) {
        if rule.listed.load(Ordering::Relaxed) || rule.listed.swap(true, Ordering::AcqRel) {
            return;
        }
        rule.desk.asked.lock().push(rule.clone());
    }

    /// Every rule that came onto the list since the last call.
    pub(super) fn take(&self) -> Vec<Arc<Rule>> {
        std::mem::take(&mut self.asked.lock())
    }
}
