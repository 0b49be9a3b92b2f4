//! Keeps every rule in step with the fleet: each few milliseconds the rules that were asked lease, pay and give back in
//! one exchange with Redis, or share their limits out when Redis does not answer.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::desk::Desk;
use super::ledger::Plan;
use super::link::{Link, Time};
use super::rule::Rule;
use crate::counters::level;

/// A refused caller waits so long at least until its rule asks the fleet again.
const EXCHANGE_EVERY: Duration = Duration::from_millis(25);

/// Rules in one exchange. More wait for the next one.
const RULES_MAX: usize = 2_000;

/// Rules whose count was lost and that wait for billing's word. More ask again.
const LOST_MAX: usize = 1_024;

/// One executor's leases.
pub(crate) struct Leases {
    desk: Arc<Desk>,
    link: Link,
    active: Vec<Arc<Rule>>,
    lost: mpsc::Sender<Arc<Rule>>,
    was_away: bool,
}

impl Leases {
    /// Leases over this Redis, and the rules whose counts it lost, for who asks billing. So many executors share a limit
    /// while Redis has not told how many there are.
    pub(crate) fn new(
        client: redis::Client,
        time: Time,
        executors: u64,
        now_ms: u64,
    ) -> (Self, mpsc::Receiver<Arc<Rule>>) {
        let (lost, to_find) = mpsc::channel(LOST_MAX);
        // Shown from the beginning, so that an alarm on it is one on something.
        level("cartwright_quota_shared_out", 0.0);
        let leases = Self {
            desk: Desk::new(now_ms, executors),
            link: Link::new(client, time),
            active: Vec::new(),
            lost,
            was_away: false,
        };
        (leases, to_find)
    }

    /// Where rules are made.
    pub(crate) fn desk(&self) -> Arc<Desk> {
        self.desk.clone()
    }

    /// Wait so long for Redis. A test on a busy machine is patient unless it asks what impatience does.
    #[cfg(test)]
    pub(super) fn wait_for_answers(&mut self, within: Duration) {
        self.link.answers_within = within;
    }

    /// Exchange for as long as the process lives.
    pub(crate) async fn run(mut self) {
        let mut every = tokio::time::interval(EXCHANGE_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            self.tick(unix_ms()).await;
        }
    }

    /// One exchange at this time, in milliseconds since the Unix epoch.
    pub(crate) async fn tick(&mut self, now_ms: u64) {
        self.desk.set_now(now_ms);
        self.active.append(&mut self.desk.take());
        if !self.link.may_try(now_ms) {
            self.share_out(now_ms);
            return;
        }
        // Away: first see whether it answers at all, so that nothing is leased into the void.
        let due = if self.link.is_away() {
            Vec::new()
        } else {
            self.plan(now_ms)
        };
        if due.is_empty() && !self.link.shall_say(now_ms) {
            return;
        }
        match self.link.exchange(&due, now_ms).await {
            Ok(exchanged) => {
                if let Some(executors) = exchanged.executors {
                    self.desk.set_executors(executors);
                }
                for ((rule, ask), granted) in due.iter().zip(exchanged.granted) {
                    if rule.settle(*ask, granted, now_ms) {
                        self.find(rule);
                    }
                }
                self.say_whether_away();
            }
            Err(error) => {
                tracing::debug!(%error, "an exchange of quotas with Redis failed");
                if self.link.is_away() {
                    self.say_whether_away();
                    self.share_out(now_ms);
                }
            }
        }
    }

    /// What is due now. Who was not asked for a while leaves the list.
    fn plan(&mut self, now_ms: u64) -> Vec<(Arc<Rule>, super::ledger::Ask)> {
        let mut due = Vec::new();
        self.active.retain(|rule| {
            if due.len() == RULES_MAX {
                return true;
            }
            match rule.plan(now_ms) {
                Plan::Wait => true,
                Plan::Exchange(ask) => {
                    due.push((rule.clone(), ask));
                    true
                }
                Plan::Rest => {
                    rule.leave_list();
                    false
                }
            }
        });
        due
    }

    fn share_out(&self, now_ms: u64) {
        for rule in &self.active {
            if rule.share_out(now_ms) {
                self.find(rule);
            }
        }
    }

    fn find(&self, rule: &Arc<Rule>) {
        if self.lost.try_send(rule.clone()).is_err() {
            rule.not_found();
        }
    }

    fn say_whether_away(&mut self) {
        let is_away = self.link.is_away();
        if is_away == self.was_away {
            return;
        }
        self.was_away = is_away;
        level("cartwright_quota_shared_out", f64::from(u8::from(is_away)));
        let executors = self.desk.executors();
        if is_away {
            tracing::warn!(
                "Redis does not answer within 50 ms: this executor keeps to its share of each quota, one part in {executors}"
            );
        } else {
            tracing::info!("Redis answers again: quotas are leased from it");
        }
    }
}

pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
