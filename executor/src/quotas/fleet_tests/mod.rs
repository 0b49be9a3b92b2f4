//! Fleets of executors under one quota: real leases on a real Redis, on a clock that the test moves. A minute of theirs
//! takes a few seconds, and a busy machine changes nothing of what is counted. `cargo xtask bench quotas` runs them and
//! shows their figures as a table.

mod cost;
mod counts;
mod places;
mod rates;
mod rights;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use cartwright_domain::ids::TenantId;
use cartwright_domain::quotas::{QuotaRule, Quotas};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::link::ANSWERS_WITHIN;
use super::rule::Rule;
use super::{Leases, Pass, QuotaSet, Time};
use wire::Wire;

/// 2026-11-21T12:00:00Z.
const NOON: u64 = 1_795_262_400_000;

/// A tick of every executor, as in production.
const TICK_MS: u64 = 25;

/// How long a test waits for its Redis.
const PATIENCE: Duration = Duration::from_secs(10);

struct Executor {
    leases: Leases,
    lost: mpsc::Receiver<Arc<Rule>>,
    set: Option<Arc<QuotaSet>>,
    /// Requests that are due, in fractions.
    due: f64,
}

struct Fleet {
    executors: Vec<Executor>,
    now_ms: u64,
    tenant: TenantId,
    wire: Wire,
    redis_url: String,
    /// What billing would tell of the period.
    used: u64,
}

impl Fleet {
    async fn of(executors: usize, quotas: Quotas) -> Self {
        let tenant = TenantId::new();
        let url = std::env::var("CARTWRIGHT_TEST_REDIS_URL")
            .expect("a Redis to test against: run `cargo xtask test executor`, which starts one");
        let wire = Wire::to(&url).await;
        let number = database(&url).await;
        let redis_url = format!("{url}/{number}");
        let wired = format!("{}/{number}", wire.url);
        let mut fleet = Self {
            executors: Vec::new(),
            now_ms: NOON,
            tenant,
            wire,
            redis_url,
            used: 0,
        };
        fleet.executors = fleet.executors_at(&wired, executors, quotas);
        // Everybody hears of everybody before the tenant is first called for.
        fleet.pass(1_100, 0.0).await;
        for executor in &mut fleet.executors {
            executor.meet(tenant, &quotas);
        }
        fleet
    }

    /// Executors at this address, each with the tenant's rules.
    fn executors_at(&self, url: &str, executors: usize, quotas: Quotas) -> Vec<Executor> {
        let executor = |_| {
            let client = redis::Client::open(url).unwrap();
            let (mut leases, lost) = Leases::new(client, Time::Told, 1, self.now_ms);
            leases.wait_for_answers(PATIENCE);
            let mut executor = Executor::new(leases, lost);
            executor.meet(self.tenant, &quotas);
            executor
        };
        (0..executors).map(executor).collect()
    }

    /// Time passes, and requests come at this rate in all, spread evenly. How many were let in.
    async fn pass(&mut self, ms: u64, per_second: f64) -> u64 {
        let mut admitted = 0;
        let end_ms = self.now_ms + ms;
        let each = per_second / 1_000.0 / count(self.executors.len());
        while self.now_ms < end_ms {
            for executor in &mut self.executors {
                executor.due += each * count(TICK_MS as usize);
                while executor.due >= 1.0 {
                    executor.due -= 1.0;
                    admitted += u64::from(executor.run(0));
                }
            }
            self.tick().await;
        }
        admitted
    }

    async fn tick(&mut self) {
        self.now_ms += TICK_MS;
        let now_ms = self.now_ms;
        join_all(
            self.executors
                .iter_mut()
                .map(|executor| executor.leases.tick(now_ms)),
        )
        .await;
        for executor in &mut self.executors {
            while let Ok(rule) = executor.lost.try_recv() {
                rule.found(self.used, now_ms);
            }
        }
    }

    /// From now on the wire is like this. Only of one that is slow the fleet finds that out by its own impatience: what a
    /// busy machine delays must not look like it.
    fn wire_is(&mut self, state: u8) {
        self.wire.set(state);
        let within = if state == wire::SLOW {
            ANSWERS_WITHIN
        } else {
            PATIENCE
        };
        for executor in &mut self.executors {
            executor.leases.wait_for_answers(within);
        }
    }

    async fn command(&self, words: &[&str]) -> redis::Value {
        let client = redis::Client::open(self.redis_url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut connection).await.unwrap()
    }
}

impl Executor {
    fn new(leases: Leases, lost: mpsc::Receiver<Arc<Rule>>) -> Self {
        Self {
            leases,
            lost,
            set: None,
            due: 0.0,
        }
    }

    /// The tenant is called for here, for the first time.
    fn meet(&mut self, tenant: TenantId, quotas: &Quotas) {
        self.set = QuotaSet::of(&self.leases.desk(), tenant, None, quotas, None);
    }

    /// A run that is over at once. Whether it was let in.
    fn run(&self, fuel: u64) -> bool {
        let Ok(mut pass) = Pass::through(self.set.as_ref(), None) else {
            return false;
        };
        pass.ran(fuel, true);
        true
    }

    /// A run that goes on until it is dropped.
    fn begin(&self) -> Option<Pass> {
        let mut pass = Pass::through(self.set.as_ref(), None).ok()?;
        pass.ran(0, true);
        Some(pass)
    }
}

/// Redis numbers its databases; the first is for handing out the others.
async fn database(url: &str) -> i64 {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("INCR")
        .arg("stacks")
        .query_async(&mut connection)
        .await
        .unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn count(n: usize) -> f64 {
    n as f64
}

fn rule(limit: u64) -> QuotaRule {
    QuotaRule {
        limit,
        burst: None,
        shadow: false,
    }
}

fn rate(limit: u64) -> Quotas {
    Quotas {
        rate: Some(rule(limit)),
        ..Quotas::default()
    }
}

/// One line of the table that `cargo xtask bench quotas` gathers.
fn shows(case: &str, must: &str, is: &str) {
    println!("| {case} | {must} | {is} |");
}
