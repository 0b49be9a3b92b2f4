//! Places for runs at once: how many to ask of the fleet, and what is held of them.

use std::sync::atomic::Ordering;

use super::ledger::{
    Ask, EXCHANGE_MAX_MS, EXCHANGE_MIN_MS, Granted, IDLE_MS, Ledger, Plan, exact, whole,
};
use super::rule::Rule;

impl Rule {
    pub(super) fn plan_places(&self, ledger: &mut Ledger, now_ms: u64, refused: u64) -> Plan {
        let balance = self.balance.load(Ordering::Relaxed);
        let low = self.low.load(Ordering::Relaxed).min(balance);
        let (in_use, peak) = ((ledger.cap - balance).max(0), (ledger.cap - low).max(0));
        if peak > 0 || refused > 0 {
            ledger.wanted_ms = now_ms;
        }
        let since_ms = now_ms.saturating_sub(ledger.exchanged_ms);
        let wanted = match (peak, refused) {
            (0, 0) => 0,
            (peak, 0) => peak + (peak / 4).max(1),
            (peak, _) => peak + (peak / 2).max(2),
        };
        let is_registered = ledger.want > 0.0;
        let is_due = (refused > 0 && now_ms >= self.retry_at_ms.load(Ordering::Relaxed))
            || peak > ledger.cap
            || (wanted > ledger.cap && since_ms >= EXCHANGE_MIN_MS)
            || (since_ms >= EXCHANGE_MAX_MS && (wanted > 0 || is_registered || ledger.is_untold()));
        if !is_due {
            let rests = now_ms.saturating_sub(ledger.wanted_ms) >= IDLE_MS
                && wanted == 0
                && !is_registered
                && !ledger.is_untold();
            return if rests { Plan::Rest } else { Plan::Wait };
        }
        ledger.want = if wanted == 0 {
            0.0
        } else {
            (ledger.want * 0.8).max(exact(wanted.unsigned_abs()))
        };
        ledger.exchanged_ms = now_ms;
        self.low.store(balance, Ordering::Relaxed);
        let wish = whole(ledger.want.ceil()).min(self.limit());
        self.tell(
            ledger,
            Ask {
                wish,
                in_use,
                ..Ask::default()
            },
        )
    }

    /// An equal part of the places, for who holds none of the fleet's.
    pub(super) fn share(&self) -> i64 {
        (self.limit() / self.desk.executors()).max(1)
    }

    /// Take in which places Redis gave. Who got all it wished may go ahead by half an equal part of what is left, until the
    /// next exchange: runs that come over from an executor that died find room at once. Half, since news is old soon.
    pub(super) fn settle_places(&self, ledger: &mut Ledger, ask: Ask, granted: Granted) {
        if ask.wish == 0 {
            self.hold(ledger, self.share());
            return;
        }
        self.hold(ledger, granted.units);
        if granted.units == ask.wish {
            let credit = granted.left.max(0) / (2 * self.desk.executors());
            self.floor.store(-credit, Ordering::Relaxed);
        }
    }

    /// Have so many places, and no credit beyond them.
    pub(super) fn hold(&self, ledger: &mut Ledger, cap: i64) {
        self.floor.store(0, Ordering::Relaxed);
        let more = cap - ledger.cap;
        ledger.cap = cap;
        let balance = self.balance.fetch_add(more, Ordering::Relaxed) + more;
        self.low.store(balance, Ordering::Relaxed);
    }
}
