//! What a rule asks of the fleet, and what it does with the answer: how much to lease ahead, when to pay a debt, what to
//! give back. Places for runs at once are `places`', what to do when nobody answers is `alone`'s. Pure arithmetic on
//! explicit time; the wire is `link`'s.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cartwright_domain::quotas::QuotaKind;

use super::alone::BLIND_PART;
use super::rule::{Rule, UNKNOWN};
use crate::counters;

/// A lease is for about so long, by the demand of late: longer strands tokens, shorter asks Redis too often.
const RATE_LEASE_MS: f64 = 200.0;

/// Leases of daily and monthly counts may be longer: they return when the demand ends.
const PERIOD_LEASE_MS: f64 = 1_000.0;

/// Without a refusal a rule is exchanged no more often.
pub(super) const EXCHANGE_MIN_MS: u64 = 100;

/// With something on hand it is exchanged at least as often: what is not needed goes back, what is held stays alive.
pub(super) const EXCHANGE_MAX_MS: u64 = 1_000;

/// Nobody asked for so long: the rule leaves the list.
pub(super) const IDLE_MS: u64 = 1_000;

/// The side of a rule that only exchanges touch.
#[derive(Default)]
pub(crate) struct Ledger {
    /// The balance when it was last filled. What it is below that was spent since.
    pub(super) level: i64,
    /// Units a millisecond, of late.
    pub(super) demand: f64,
    pub(super) exchanged_ms: u64,
    /// When somebody last asked.
    pub(super) wanted_ms: u64,
    /// What had been asked since the last exchange, when it was last looked at.
    pub(super) seen: u64,
    /// Of a concurrency: places held, and places wanted.
    pub(super) cap: i64,
    pub(super) want: f64,
    /// Refused and shadow-refused, and not told yet.
    pub(super) untold: (u64, u64),
    /// Without the fleet: when the share was last filled, the fraction that was left over, and what was shared out ahead.
    pub(super) shared_ms: u64,
    pub(super) fraction: f64,
    pub(super) advance: Option<i64>,
    pub(super) asks_for_usage: bool,
}

/// What a rule does at a tick.
pub(super) enum Plan {
    /// Nobody wants it: off the list.
    Rest,
    /// Nothing yet.
    Wait,
    Exchange(Ask),
}

/// What goes to Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ask {
    /// Spent ahead of a lease.
    pub(super) debt: i64,
    /// Wished for, beyond that. Of a concurrency, the places wanted in all.
    pub(super) wish: i64,
    /// Leased and not needed.
    pub(super) back: i64,
    /// Of a concurrency, the runs that go on.
    pub(super) in_use: i64,
    pub(super) refused: u64,
    pub(super) shadow_refused: u64,
}

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Granted {
    /// Below zero: the count is lost, and needs to be told what was used before.
    pub(super) units: i64,
    pub(super) left: i64,
    pub(super) wait_ms: u64,
}

impl Ledger {
    pub(super) fn begin_period(&mut self) {
        self.level = 0;
        self.advance = None;
        self.asks_for_usage = false;
    }
}

impl Rule {
    /// What to do now.
    pub(super) fn plan(&self, now_ms: u64) -> Plan {
        if self.id.kind.period().is_some() {
            self.turn_when_over();
        }
        let mut ledger = self.ledger.lock();
        if ledger.exchanged_ms == 0 {
            ledger.exchanged_ms = now_ms.saturating_sub(EXCHANGE_MIN_MS);
            ledger.wanted_ms = now_ms;
        }
        if let Some(advance) = ledger.advance.take() {
            // The fleet answers again: what was spent of the share is a debt like any other.
            self.balance.fetch_sub(advance, Ordering::Relaxed);
            ledger.level -= advance;
        }
        if std::mem::take(&mut ledger.shared_ms) > 0 {
            // Tokens of this executor's own making are not the fleet's to have back.
            let mine = self.balance.load(Ordering::Relaxed).max(0);
            self.balance.fetch_sub(mine, Ordering::Relaxed);
            ledger.level = ledger.level.min(0);
        }
        let refused = self.refused.load(Ordering::Relaxed);
        let shadow_refused = self.shadow_refused.load(Ordering::Relaxed);
        if self.id.kind == QuotaKind::Concurrency {
            self.plan_places(&mut ledger, now_ms, refused + shadow_refused)
        } else {
            self.plan_units(&mut ledger, now_ms, refused + shadow_refused)
        }
    }

    fn plan_units(&self, ledger: &mut Ledger, now_ms: u64, refused: u64) -> Plan {
        let balance = self.balance.load(Ordering::Relaxed);
        let spent = u64::try_from(ledger.level - balance).unwrap_or(0);
        let asked = spent + refused;
        if asked > ledger.seen {
            ledger.wanted_ms = now_ms;
        }
        ledger.seen = asked;
        let since_ms = now_ms.saturating_sub(ledger.exchanged_ms);
        let may_retry = now_ms >= self.retry_at_ms.load(Ordering::Relaxed);
        let needs_usage = ledger.asks_for_usage;
        if needs_usage && self.used_before.load(Ordering::Relaxed) == UNKNOWN {
            // Its count is lost; billing is being asked.
            return Plan::Wait;
        }
        let is_due = needs_usage
            || (refused > 0 && may_retry)
            || (spent > 0 && balance <= ledger.level / 3 && since_ms >= self.exchange_min_ms())
            || (since_ms >= EXCHANGE_MAX_MS && (asked > 0 || balance != 0 || ledger.is_untold()));
        if !is_due {
            let rests = now_ms.saturating_sub(ledger.wanted_ms) >= IDLE_MS
                && asked == 0
                && balance == 0
                && !ledger.is_untold();
            return if rests { Plan::Rest } else { Plan::Wait };
        }
        let target = self.target(ledger, asked, refused, since_ms);
        ledger.exchanged_ms = now_ms;
        let mut back = 0;
        if balance > 2 * target {
            back = balance - target;
            // Requests spend meanwhile: only what is still there goes back.
            let taken = self
                .balance
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                    (held >= back).then(|| held - back)
                });
            if taken.is_err() {
                back = 0;
            }
        }
        ledger.level = balance - back;
        ledger.seen = 0;
        let debt = (-balance).max(0);
        self.tell(
            ledger,
            Ask {
                debt,
                wish: (target - balance.max(0)).max(0),
                back,
                ..Ask::default()
            },
        )
    }

    /// How much to have on hand.
    fn target(&self, ledger: &mut Ledger, asked: u64, refused: u64, since_ms: u64) -> i64 {
        let demand = exact(asked) / exact(since_ms.clamp(25, EXCHANGE_MAX_MS));
        ledger.demand = if demand > ledger.demand {
            demand
        } else {
            ledger.demand.midpoint(demand)
        };
        if asked == 0 {
            ledger.demand = 0.0;
        }
        let executors = self.desk.executors();
        let (lease_ms, most) = if self.id.kind == QuotaKind::Rate {
            (RATE_LEASE_MS, self.burst() / executors)
        } else {
            let left = match self.left.load(Ordering::Relaxed) {
                UNKNOWN => self.blind(),
                left => left,
            };
            (PERIOD_LEASE_MS, left / executors / 2)
        };
        let target = whole(ledger.demand * lease_ms).min(most.max(1));
        target.max(i64::from(refused > 0))
    }

    pub(super) fn tell(&self, ledger: &mut Ledger, mut ask: Ask) -> Plan {
        self.count_refusals(ledger);
        (ask.refused, ask.shadow_refused) = ledger.untold;
        Plan::Exchange(ask)
    }

    pub(super) fn count_refusals(&self, ledger: &mut Ledger) {
        let refused = self.refused.swap(0, Ordering::Relaxed);
        let shadow_refused = self.shadow_refused.swap(0, Ordering::Relaxed);
        for (mode, count) in [("refuse", refused), ("shadow", shadow_refused)] {
            if count > 0 {
                counters::quota_refusals(self.id.kind.as_str(), mode, count);
            }
        }
        ledger.untold.0 += refused;
        ledger.untold.1 += shadow_refused;
    }

    /// Take in what Redis answered. `true`: its count is lost, and somebody must ask billing.
    pub(super) fn settle(&self, ask: Ask, granted: Granted, now_ms: u64) -> bool {
        let mut ledger = self.ledger.lock();
        if granted.units < 0 {
            self.balance.fetch_add(ask.back, Ordering::Relaxed);
            ledger.level += ask.back;
            return !std::mem::replace(&mut ledger.asks_for_usage, true);
        }
        ledger.asks_for_usage = false;
        // From here on Redis has the count; a later loss is another.
        self.used_before.store(UNKNOWN, Ordering::Relaxed);
        ledger.untold = (
            ledger.untold.0 - ask.refused,
            ledger.untold.1 - ask.shadow_refused,
        );
        self.left.store(granted.left, Ordering::Relaxed);
        let retry_at_ms = if granted.units == 0 {
            now_ms + granted.wait_ms.min(EXCHANGE_MAX_MS)
        } else {
            0
        };
        self.retry_at_ms.store(retry_at_ms, Ordering::Relaxed);
        if self.id.kind == QuotaKind::Concurrency {
            self.settle_places(&mut ledger, ask, granted);
            return false;
        }
        self.balance
            .fetch_add(ask.debt + granted.units, Ordering::Relaxed);
        ledger.level += ask.debt + granted.units;
        let executors = self.desk.executors();
        // As long as this is news, no two executors spend the same of what is left, but for the last few. A count that
        // has no debts to pay later keeps half of it back, since news is old soon.
        let parts = if self.id.kind == QuotaKind::Rate {
            executors
        } else {
            2 * executors
        };
        let credit = divided(granted.left.max(0), parts);
        self.floor.store(-credit, Ordering::Relaxed);
        false
    }

    /// How long at least from one exchange to the next, without a refusal. The end of a count is followed closely.
    fn exchange_min_ms(&self) -> u64 {
        let left = self.left.load(Ordering::Relaxed);
        let is_ending = self.id.kind.period().is_some() && left < self.limit() / BLIND_PART;
        if is_ending && left != UNKNOWN {
            0
        } else {
            EXCHANGE_MIN_MS
        }
    }

    /// Off the list, unless somebody asked just now.
    pub(super) fn leave_list(self: &Arc<Self>) {
        self.rest(&mut self.ledger.lock());
        let before = self.balance.load(Ordering::Relaxed);
        self.listed.store(false, Ordering::Release);
        let asked = self.balance.load(Ordering::Relaxed) != before
            || self.refused.load(Ordering::Relaxed) > 0
            || self.shadow_refused.load(Ordering::Relaxed) > 0;
        if asked {
            super::desk::Desk::list(self);
        }
    }
}

impl Ledger {
    pub(super) fn is_untold(&self) -> bool {
        self.untold != (0, 0)
    }
}

/// One of `parts` equal parts, rounded up.
pub(super) fn divided(units: i64, parts: i64) -> i64 {
    units / parts + i64::from(units % parts > 0)
}

/// What is counted here is far below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "estimates of demand; sums stay integers"
)]
pub(super) fn exact(units: u64) -> f64 {
    units as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast saturates, which is what an estimate shall do"
)]
pub(super) fn whole(units: f64) -> i64 {
    units.floor() as i64
}
