//! This executor's place in the fleet: every few seconds it reports to the api how it is, and the answer says whether an
//! operator wants it drained. Runs never wait for any of it: without the api, the last order stands.

mod address;
mod standby;

use std::sync::Arc;
use std::time::Duration;

use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::ids::{RequestId, WriterId};
use cartwright_domain::wire::{
    CachesReport, ExecutorOrders, ExecutorReport, REPORT_EVERY, REPORT_JITTER, RunToken,
    SlotsReport,
};
use cartwright_engine::Engine;
use cartwright_role::drain::Drain;
use cartwright_role::health::Readiness;
use cartwright_role::internal::{CallError, Peer};

pub(crate) use address::{Addresses, AdvertiseConfig};
pub(crate) use standby::Standby;

use crate::counters::Counters;
use crate::meter_log::Logs;
use crate::mint;
use crate::modules::{Modules, Tier};
use crate::slots::Running;

/// A report that takes longer is given up: the next one says more.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// How often one that is not ready looks whether it is by now.
const LOOKED_EVERY: Duration = Duration::from_millis(200);

/// Earlier processes named in one report, at most; the next one names the others.
const TOOK_OVER_MAX: usize = 1_000;

/// All that a report tells of.
pub(crate) struct Fleet {
    pub(crate) api: Peer,
    pub(crate) executor_id: WriterId,
    pub(crate) addresses: Addresses,
    pub(crate) run_token: RunToken,
    pub(crate) engine: Engine,
    pub(crate) slots: u32,
    pub(crate) running: Arc<Running>,
    pub(crate) modules: Arc<Modules>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) logs: Arc<Logs>,
    pub(crate) readiness: Readiness,
    pub(crate) standby: Standby,
    pub(crate) drain: Drain,
}

impl Fleet {
    /// Report again and again, until the drain of the process began and that is reported too. Gives back itself, for
    /// [`Fleet::leave`].
    pub(crate) async fn report(self) -> Self {
        // The first report counts what earlier processes left, so that nobody takes it for lost in between.
        tokio::select! {
            () = self.logs.counted() => {}
            () = self.drain.begun() => {}
        }
        let started_at_ms = self.executor_id.unix_ms();
        let (mut told, mut failures) = (Vec::new(), 0_u32);
        let mut is_registered = false;
        loop {
            let ending = self.drain.has_begun();
            let took_over = self.not_in(&told);
            let report = self.now(started_at_ms, took_over.clone(), ending).await;
            match self.send(&report).await {
                Ok(orders) => {
                    told.extend(took_over);
                    is_registered = true;
                    if std::mem::take(&mut failures) > 0 {
                        tracing::info!("reports to the api are answered again");
                    }
                    self.standby.obey(orders.drain);
                }
                Err(error) => {
                    failures += 1;
                    self.standby.obey_still();
                    if failures == 1 {
                        tracing::warn!(
                            "the api does not take this executor's report: {error}; it goes on as it is"
                        );
                    }
                }
            }
            if ending {
                return self;
            }
            let is_callable = is_registered && report.missing.is_empty();
            tokio::select! {
                () = tokio::time::sleep(pause()) => {}
                () = self.ready(), if !is_callable => {}
                () = self.drain.begun() => {}
            }
        }
    }

    /// Until everything is there that runs need, the api among it: the next report says so at once, since nobody asks this
    /// executor for a run before.
    async fn ready(&self) {
        tokio::time::sleep(LOOKED_EVERY).await;
        while !self.readiness.missing().is_empty() {
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    }

    /// Everything is shipped and the process ends: nobody need look for it. What is not shipped is left to be missed.
    pub(crate) async fn leave(self) {
        let backlog = self.logs.backlog();
        if backlog.unshipped > 0 || backlog.unreadable > 0 {
            return;
        }
        let mut report = self.now(self.executor_id.unix_ms(), Vec::new(), true).await;
        report.ended = true;
        if let Err(error) = self.send(&report).await {
            tracing::warn!("the api was not told that this executor ends: {error}");
        }
    }

    async fn send(&self, report: &ExecutorReport) -> Result<ExecutorOrders, CallError> {
        let api = self.api.clone().within(ANSWER_WITHIN);
        let request_id = RequestId::from_bytes(mint::id_bytes());
        api.post_json("executors", report, request_id).await
    }

    /// Logs that were taken over and that the api has not been told of.
    fn not_in(&self, told: &[WriterId]) -> Vec<WriterId> {
        let mut taken_over = self.logs.taken_over();
        taken_over.retain(|writer_id| !told.contains(writer_id));
        taken_over.truncate(TOOK_OVER_MAX);
        taken_over
    }

    async fn now(
        &self,
        started_at_ms: u64,
        took_over: Vec<WriterId>,
        ending: bool,
    ) -> ExecutorReport {
        let (public_url, internal_url) = self.addresses.urls().await;
        let missing = self.readiness.missing().into_iter();
        ExecutorReport {
            executor_id: self.executor_id,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine_epoch: ENGINE_EPOCH,
            started_at_ms,
            public_url,
            internal_url,
            run_token: self.run_token.clone(),
            missing: missing.map(|(name, why)| (name.to_owned(), why)).collect(),
            ending,
            ended: false,
            slots: SlotsReport {
                total: self.slots,
                used: self.running.now(),
                warm: self.engine.slots().warm,
            },
            caches: CachesReport {
                memory: self
                    .modules
                    .tier(Tier::Memory, self.counters.found(Tier::Memory)),
                disk: self
                    .modules
                    .tier(Tier::Disk, self.counters.found(Tier::Disk)),
                store_hits: self.counters.found(Tier::Store),
            },
            meter_log: self.logs.backlog(),
            took_over,
        }
    }
}

/// How long until the next report: somewhere around [`REPORT_EVERY`], elsewhere each time.
fn pause() -> Duration {
    let random = mint::id_bytes()[15];
    let within = 2 * REPORT_JITTER * u32::from(random) / u32::from(u8::MAX);
    REPORT_EVERY - REPORT_JITTER + within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_the_promised_one_give_or_take_the_jitter_and_never_the_same() {
        let pauses: Vec<Duration> = (0..200).map(|_| pause()).collect();
        let around = REPORT_EVERY - REPORT_JITTER..=REPORT_EVERY + REPORT_JITTER;
        assert!(pauses.iter().all(|pause| around.contains(pause)));
        let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
        assert!(*most - *least > REPORT_JITTER, "{least:?} to {most:?}");
    }
}
