//! The way to Redis: a few scripts in one pipeline, bounded in time, and given up for a while when it fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cartwright_domain::quotas::{EXECUTORS_KEY, QuotaKind, key, told_field, told_key};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, Pipeline, RedisResult, Script};
use uuid::Uuid;

use super::ledger::{Ask, Granted};
use super::rule::{Rule, RuleId, UNKNOWN};

/// Slower than this is as good as away.
pub(super) const ANSWERS_WITHIN: Duration = Duration::from_millis(50);

/// So many failures in a row, and limits are shared out until it answers again.
const FAILURES_MAX: u32 = 3;

/// While it is away it is tried as often.
const TRY_EVERY_MS: u64 = 500;

/// How often this executor says that it lives, and when a silent one is gone.
const SAY_EVERY_MS: u64 = 1_000;
const GONE_AFTER_MS: u64 = 5_000;

/// Places of an executor that died are free again after so long.
const PLACES_KEPT_MS: u64 = 3_000;

/// The greatest part of what is left of a daily or monthly count that one lease is: one in so many for each executor.
const LEASE_PARTS: i64 = 4;

/// Whose clock the scripts go by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// Redis' own, one for the whole fleet.
    Server,
    /// The one of the caller, who makes time pass as a test wants it.
    #[cfg_attr(not(test), expect(dead_code, reason = "only a test tells the time"))]
    Told,
}

/// Redis, as one executor's leases see it.
pub(super) struct Link {
    client: redis::Client,
    connection: Option<MultiplexedConnection>,
    scripts: Scripts,
    executor: Uuid,
    time: Time,
    pub(super) answers_within: Duration,
    failures: u32,
    try_at_ms: u64,
    said_ms: u64,
}

struct Scripts {
    rate: Script,
    period: Script,
    slots: Script,
    executors: Script,
}

/// What one exchange brought.
pub(super) struct Exchanged {
    pub(super) granted: Vec<Granted>,
    /// Live executors, when they were counted.
    pub(super) executors: Option<u64>,
}

impl Link {
    pub(super) fn new(client: redis::Client, time: Time) -> Self {
        Self {
            client,
            connection: None,
            scripts: Scripts {
                rate: Script::new(include_str!("scripts/rate.lua")),
                period: Script::new(include_str!("scripts/period.lua")),
                slots: Script::new(include_str!("scripts/slots.lua")),
                executors: Script::new(include_str!("scripts/executors.lua")),
            },
            executor: Uuid::now_v7(),
            time,
            answers_within: ANSWERS_WITHIN,
            failures: 0,
            try_at_ms: 0,
            said_ms: 0,
        }
    }

    /// Whether limits must be shared out, since the fleet cannot be asked.
    pub(super) fn is_away(&self) -> bool {
        self.failures >= FAILURES_MAX
    }

    /// Whether to try now.
    pub(super) fn may_try(&self, now_ms: u64) -> bool {
        now_ms >= self.try_at_ms
    }

    /// Whether there is word to send even if no rule asks.
    pub(super) fn shall_say(&self, now_ms: u64) -> bool {
        self.is_away() || now_ms.saturating_sub(self.said_ms) >= SAY_EVERY_MS
    }

    /// Send all of it at once. What failed was perhaps done all the same: what was leased by it is lost until it expires.
    pub(super) async fn exchange(
        &mut self,
        asks: &[(Arc<Rule>, Ask)],
        now_ms: u64,
    ) -> RedisResult<Exchanged> {
        let says = self.shall_say(now_ms);
        let result =
            tokio::time::timeout(4 * self.answers_within, self.send(asks, says, now_ms)).await;
        let result = result.unwrap_or_else(|_| Err((ErrorKind::Io, "it is too slow").into()));
        match &result {
            Ok(_) => {
                self.failures = 0;
                self.try_at_ms = 0;
                if says {
                    self.said_ms = now_ms;
                }
            }
            Err(_) => {
                self.connection = None;
                self.failures += 1;
                if self.is_away() {
                    self.try_at_ms = now_ms + TRY_EVERY_MS;
                }
            }
        }
        result
    }

    async fn send(
        &mut self,
        asks: &[(Arc<Rule>, Ask)],
        says: bool,
        now_ms: u64,
    ) -> RedisResult<Exchanged> {
        let mut connection = self.connected().await?;
        let mut pipeline = redis::pipe();
        for (rule, ask) in asks {
            self.add(&mut pipeline, rule, *ask, now_ms);
        }
        if says {
            let told_ms = self.told_ms(now_ms);
            let mut says = self.scripts.executors.prepare_invoke();
            says.key(EXECUTORS_KEY)
                .arg(told_ms)
                .arg(self.executor.to_string())
                .arg(GONE_AFTER_MS);
            pipeline.invoke_script(&says);
        }
        let mut answers: Vec<redis::Value> = pipeline.query_async(&mut connection).await?;
        let executors = if says {
            answers.pop().map(redis::from_redis_value).transpose()?
        } else {
            None
        };
        let granted = answers
            .into_iter()
            .map(|answer| {
                let (units, left, wait_ms) = redis::from_redis_value(answer)?;
                Ok(Granted {
                    units,
                    left,
                    wait_ms,
                })
            })
            .collect::<RedisResult<_>>()?;
        Ok(Exchanged { granted, executors })
    }

    fn add(&self, pipeline: &mut Pipeline, rule: &Rule, ask: Ask, now_ms: u64) {
        let RuleId {
            tenant,
            function,
            kind,
        } = rule.id;
        let script = match kind {
            QuotaKind::Rate => &self.scripts.rate,
            QuotaKind::Concurrency => &self.scripts.slots,
            _ => &self.scripts.period,
        };
        let mut call = script.prepare_invoke();
        call.key(key(tenant, function, kind, now_ms))
            .key(told_key(tenant, now_ms));
        match kind {
            QuotaKind::Rate => {
                call.arg(self.told_ms(now_ms))
                    .arg(rule.limit())
                    .arg(rule.burst())
                    .arg(ask.debt)
                    .arg(ask.wish)
                    .arg(ask.back);
            }
            QuotaKind::Concurrency => {
                call.arg(self.told_ms(now_ms))
                    .arg(rule.limit())
                    .arg(self.executor.to_string())
                    .arg(ask.in_use)
                    .arg(ask.wish)
                    .arg(PLACES_KEPT_MS);
            }
            _ => {
                let used_before = match rule.used_before.load(Ordering::Relaxed) {
                    UNKNOWN => -1,
                    used => used,
                };
                let kept_s = kind.period().map_or(0, |period| 2 * period.seconds());
                call.arg(rule.limit())
                    .arg(ask.debt)
                    .arg(ask.wish)
                    .arg(ask.back)
                    .arg(used_before)
                    .arg(LEASE_PARTS * rule.desk.executors())
                    .arg(kept_s);
            }
        }
        call.arg(told_field(function, kind))
            .arg(ask.refused)
            .arg(ask.shadow_refused);
        pipeline.invoke_script(&call);
    }

    fn told_ms(&self, now_ms: u64) -> u64 {
        match self.time {
            Time::Server => 0,
            Time::Told => now_ms,
        }
    }

    async fn connected(&mut self) -> RedisResult<MultiplexedConnection> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.answers_within))
            .set_response_timeout(Some(self.answers_within));
        let mut connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let Scripts {
            rate,
            period,
            slots,
            executors,
        } = &self.scripts;
        for script in [rate, period, slots, executors] {
            script.load_async(&mut connection).await?;
        }
        self.connection = Some(connection.clone());
        Ok(connection)
    }
}
