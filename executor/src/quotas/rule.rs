//! One rule as requests meet it: a few atomics that decide. What they are filled with is the ledger's (`ledger`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};

use cartwright_domain::ids::{FunctionId, TenantId};
use cartwright_domain::quotas::{QuotaKind, QuotaRule};
use parking_lot::Mutex;

use super::desk::Desk;
use super::ledger::Ledger;

/// What a rule is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RuleId {
    pub(crate) tenant: TenantId,
    /// `None`: the rule is the tenant's.
    pub(crate) function: Option<FunctionId>,
    pub(crate) kind: QuotaKind,
}

/// A limit on the fleet, and this executor's part of it. Relaxed throughout: each number stands for itself, and the
/// sums that must be exact are made in Redis.
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    limit: AtomicU64,
    burst: AtomicU64,
    pub(super) shadow: AtomicBool,
    /// Leased and not yet spent; of a concurrency, places that are free. Below zero: spent ahead of a lease.
    pub(super) balance: AtomicI64,
    /// How far below zero the balance may go.
    pub(super) floor: AtomicI64,
    /// The lowest balance since the last exchange, of a concurrency: between two exchanges runs come and go.
    pub(super) low: AtomicI64,
    /// Refused, and let pass in shadow, since the last exchange.
    pub(super) refused: AtomicU64,
    pub(super) shadow_refused: AtomicU64,
    /// What the fleet had left at the last exchange; `UNKNOWN` before the first.
    pub(super) left: AtomicI64,
    /// When there will be something again, at the earliest.
    pub(super) retry_at_ms: AtomicU64,
    /// The period that the balance is of.
    pub(super) period: AtomicU32,
    /// What was used in the period as billing knows it, `UNKNOWN` before it was asked.
    pub(super) used_before: AtomicI64,
    /// Whether the desk has it on its list.
    pub(super) listed: AtomicBool,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) desk: Arc<Desk>,
}

/// Nobody has told yet.
pub(super) const UNKNOWN: i64 = i64::MIN;

/// What became of a request at a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may, and has taken its part.
    Taken,
    /// It may, and has taken nothing: fuel is charged after the run, and a shadow refuses nobody.
    Free,
    /// It may not.
    Refused,
}

impl Rule {
    pub(super) fn new(id: RuleId, terms: QuotaRule, desk: Arc<Desk>) -> Arc<Self> {
        let rule = Arc::new(Self {
            id,
            limit: AtomicU64::new(terms.limit),
            burst: AtomicU64::new(terms.burst()),
            shadow: AtomicBool::new(terms.shadow),
            balance: AtomicI64::new(0),
            floor: AtomicI64::new(0),
            low: AtomicI64::new(0),
            refused: AtomicU64::new(0),
            shadow_refused: AtomicU64::new(0),
            left: AtomicI64::new(UNKNOWN),
            retry_at_ms: AtomicU64::new(0),
            period: AtomicU32::new(0),
            used_before: AtomicI64::new(UNKNOWN),
            listed: AtomicBool::new(false),
            ledger: Mutex::new(Ledger::default()),
            desk,
        });
        rule.period.store(rule.period_now(), Ordering::Relaxed);
        rule.rest(&mut rule.ledger.lock());
        rule
    }

    /// The terms changed. What is leased already is spent under the old ones, which takes a moment.
    pub(super) fn set(&self, terms: QuotaRule) {
        self.limit.store(terms.limit, Ordering::Relaxed);
        self.burst.store(terms.burst(), Ordering::Relaxed);
        self.shadow.store(terms.shadow, Ordering::Relaxed);
    }

    pub(crate) fn limit(&self) -> i64 {
        i64::try_from(self.limit.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
    }

    pub(super) fn burst(&self) -> i64 {
        i64::try_from(self.burst.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
    }

    /// May one more run begin? Decided here and now, from what is leased.
    pub(super) fn ask(self: &Arc<Self>) -> Verdict {
        if self.id.kind.period().is_some() {
            self.turn_when_over();
        }
        let verdict = if self.id.kind.is_fuel() {
            let balance = self.balance.load(Ordering::Relaxed);
            let may = balance > self.floor.load(Ordering::Relaxed);
            if may { Verdict::Free } else { self.refuse() }
        } else if self.take() {
            Verdict::Taken
        } else {
            self.refuse()
        };
        Desk::list(self);
        verdict
    }

    fn take(&self) -> bool {
        let after = self.balance.fetch_sub(1, Ordering::Relaxed) - 1;
        if after < self.floor.load(Ordering::Relaxed) {
            self.balance.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        if self.id.kind == QuotaKind::Concurrency && after < self.low.load(Ordering::Relaxed) {
            self.low.fetch_min(after, Ordering::Relaxed);
        }
        true
    }

    fn refuse(&self) -> Verdict {
        if self.shadow.load(Ordering::Relaxed) {
            self.shadow_refused.fetch_add(1, Ordering::Relaxed);
            return Verdict::Free;
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Verdict::Refused
    }

    /// Give back what one run took.
    pub(super) fn give_back(&self) {
        self.balance.fetch_add(1, Ordering::Relaxed);
    }

    /// Charge what a run turned out to use. It may leave a debt, which the next exchange pays.
    pub(super) fn charge(self: &Arc<Self>, units: u64) {
        let units = i64::try_from(units).unwrap_or(i64::MAX);
        self.balance.fetch_sub(units, Ordering::Relaxed);
        Desk::list(self);
    }

    /// What may still be taken, by the fleet, as far as this executor knows.
    pub(super) fn left(&self) -> i64 {
        let left = self.left.load(Ordering::Relaxed);
        let left = if left == UNKNOWN { self.most() } else { left };
        (left.max(0) + self.balance.load(Ordering::Relaxed)).clamp(0, self.most())
    }

    /// What it can have at most.
    fn most(&self) -> i64 {
        match self.id.kind {
            QuotaKind::Rate => self.burst(),
            _ => self.limit(),
        }
    }

    /// Seconds until all of it is there again.
    pub(super) fn whole_again_s(&self) -> u64 {
        match self.id.kind.period() {
            Some(period) => {
                let now_ms = self.desk.now_ms();
                period.end_ms(now_ms).saturating_sub(now_ms).div_ceil(1_000)
            }
            None if self.id.kind == QuotaKind::Concurrency => 1,
            None => {
                let missing = self.burst() - self.left();
                u64::try_from(missing.max(0))
                    .unwrap_or(0)
                    .div_ceil(self.limit.load(Ordering::Relaxed).max(1))
            }
        }
    }

    /// Seconds until it is worth to try again.
    pub(super) fn retry_after_s(&self) -> u64 {
        if self.id.kind.period().is_some() {
            return self.whole_again_s().max(1);
        }
        let at_ms = self.retry_at_ms.load(Ordering::Relaxed);
        let wait_ms = at_ms.saturating_sub(self.desk.now_ms());
        wait_ms.div_ceil(1_000).clamp(1, 3_600)
    }

    pub(super) fn period_now(&self) -> u32 {
        let period = self.id.kind.period();
        period.map_or(0, |period| self.desk.period(period))
    }

    /// A new day or month begins with nothing used. One comparison while the period goes on.
    pub(super) fn turn_when_over(&self) {
        let (now, held) = (self.period_now(), self.period.load(Ordering::Relaxed));
        if now == held {
            return;
        }
        let mut ledger = self.ledger.lock();
        let turn = self
            .period
            .compare_exchange(held, now, Ordering::Relaxed, Ordering::Relaxed);
        if turn.is_ok() {
            self.left.store(UNKNOWN, Ordering::Relaxed);
            self.used_before.store(UNKNOWN, Ordering::Relaxed);
            ledger.begin_period();
            self.balance.store(0, Ordering::Relaxed);
            self.rest(&mut ledger);
        }
    }
}
