//! What a rule does without the fleet: before anybody asked, and while Redis does not answer.

use std::sync::atomic::Ordering;

use cartwright_domain::quotas::QuotaKind;

use super::ledger::{EXCHANGE_MAX_MS, Ledger, divided, exact, whole};
use super::rule::{Rule, UNKNOWN};

/// Of a daily or monthly count of which nothing is known, the fleet together spends this part at most (one in …), or so
/// many runs if that is more: small counts too must not refuse while they are being found.
pub(super) const BLIND_PART: i64 = 10;
const BLIND_RUNS: i64 = 100;

impl Rule {
    /// Nobody asks any more: what a first request may spend before the fleet is asked again.
    pub(super) fn rest(&self, ledger: &mut Ledger) {
        let executors = self.desk.executors();
        ledger.demand = 0.0;
        ledger.exchanged_ms = 0;
        match self.id.kind {
            QuotaKind::Concurrency => self.hold(ledger, self.share()),
            QuotaKind::Rate => {
                let credit = divided(self.burst(), executors);
                self.floor.store(-credit, Ordering::Relaxed);
            }
            _ => {
                let blind = self.blind();
                let left = self.left.load(Ordering::Relaxed);
                let credit = if left == UNKNOWN {
                    blind
                } else {
                    left.clamp(0, blind)
                };
                self.floor
                    .store(-divided(credit, executors), Ordering::Relaxed);
            }
        }
    }

    /// Nobody answers: this executor's share of the limit, and not more. `true`: somebody must ask billing what was used.
    pub(super) fn share_out(&self, now_ms: u64) -> bool {
        if self.id.kind.period().is_some() {
            self.turn_when_over();
        }
        let mut ledger = self.ledger.lock();
        self.count_refusals(&mut ledger);
        let executors = self.desk.executors();
        match self.id.kind {
            QuotaKind::Concurrency => {
                self.hold(&mut ledger, self.share());
                // Nobody holds places for this executor by now.
                ledger.want = 0.0;
            }
            QuotaKind::Rate => self.refill(&mut ledger, now_ms, executors),
            _ => return self.advance(&mut ledger, executors),
        }
        false
    }

    /// Tokens by this executor's own clock.
    fn refill(&self, ledger: &mut Ledger, now_ms: u64, executors: i64) {
        let since_ms = match ledger.shared_ms {
            0 => 0,
            shared_ms => now_ms.saturating_sub(shared_ms).min(EXCHANGE_MAX_MS),
        };
        ledger.shared_ms = now_ms;
        self.floor.store(0, Ordering::Relaxed);
        let executors = exact(executors.unsigned_abs());
        let limit = exact(self.limit().unsigned_abs());
        ledger.fraction += limit / executors * exact(since_ms) / 1_000.0;
        let tokens = whole(ledger.fraction);
        ledger.fraction -= exact(tokens.unsigned_abs());
        let most = (self.burst() / self.desk.executors()).max(1);
        let balance = self.balance.load(Ordering::Relaxed);
        let added = tokens.min(most - balance).max(0);
        self.balance.fetch_add(added, Ordering::Relaxed);
        ledger.level = balance + added;
        ledger.seen = 0;
        self.retry_at_ms.store(now_ms, Ordering::Relaxed);
    }

    /// An equal part of what was left, once.
    fn advance(&self, ledger: &mut Ledger, executors: i64) -> bool {
        if ledger.advance.is_some() {
            return false;
        }
        let left = match (
            self.left.load(Ordering::Relaxed),
            self.used_before.load(Ordering::Relaxed),
        ) {
            (UNKNOWN, UNKNOWN) => return !std::mem::replace(&mut ledger.asks_for_usage, true),
            (UNKNOWN, used) => self.limit() - used,
            (left, _) => left,
        };
        let part = if left > 0 {
            (left / executors).max(1)
        } else {
            0
        };
        ledger.advance = Some(part);
        self.balance.fetch_add(part, Ordering::Relaxed);
        ledger.level += part;
        self.floor.store(0, Ordering::Relaxed);
        false
    }

    /// Billing has told what was used in the period that went on at `at_ms`. Of another period than the rule's, by a clock
    /// that is ahead or an answer that is late, it says nothing; the next exchange asks again.
    pub(crate) fn found(&self, used: u64, at_ms: u64) {
        let mut ledger = self.ledger.lock();
        let told_of = self.id.kind.period().map(|period| period.number_at(at_ms));
        if told_of != Some(self.period.load(Ordering::Relaxed)) {
            ledger.asks_for_usage = false;
            return;
        }
        let used = i64::try_from(used).unwrap_or(i64::MAX);
        self.used_before.store(used, Ordering::Relaxed);
    }

    /// Nobody could tell what was used in the period; the next exchange asks again.
    pub(crate) fn not_found(&self) {
        self.ledger.lock().asks_for_usage = false;
    }

    /// What the fleet may spend of a count before it is found.
    pub(super) fn blind(&self) -> i64 {
        let runs = if self.id.kind.is_fuel() {
            0
        } else {
            BLIND_RUNS
        };
        divided(self.limit(), BLIND_PART)
            .max(runs)
            .min(self.limit())
    }
}
