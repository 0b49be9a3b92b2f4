//! Meter: the innermost layer. No run is answered before its record lies in the log; what its tenant keeps of it goes to
//! the run logs.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::meter::MeterRecord;
use cartwright_domain::money::Pico;
use cartwright_domain::outcome::{BillClass, Outcome};
use cartwright_domain::problem::Code;
use cartwright_domain::wire::Retention;
use sha2::{Digest, Sha256};
use tower::Service;

use super::may_they::Granted;
use super::memoised::Looked;
use super::run::Ran;
use super::{Done, Refusal, for_good};
use crate::counters::{Counters, Stage};
use crate::live_logs::LiveLogs;
use crate::meter_log::MeterLog;
use crate::run_logs::{KeptRun, RunLogs};

/// One run in so many has the time of each of its stages measured for the metrics.
const SAMPLE_EVERY: u8 = 16;

/// Meters what ran.
#[derive(Clone, Copy)]
pub(crate) struct Meter(&'static Shared);

struct Shared {
    log: Arc<MeterLog>,
    run_logs: RunLogs,
    live_logs: LiveLogs,
    counters: Arc<Counters>,
}

impl Meter {
    pub(crate) fn new(
        log: Arc<MeterLog>,
        run_logs: RunLogs,
        live_logs: LiveLogs,
        counters: Arc<Counters>,
    ) -> Self {
        Self(for_good(Shared {
            log,
            run_logs,
            live_logs,
            counters,
        }))
    }

    pub(super) fn counters(self) -> &'static Counters {
        &self.0.counters
    }
}

impl Service<Ran> for Meter {
    type Response = Done;
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Done, Refusal>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ran: Ran) -> Self::Future {
        let shared = self.0;
        Box::pin(async move { shared.meter(ran).await })
    }
}

impl Shared {
    async fn meter(&self, ran: Ran) -> Result<Done, Refusal> {
        let appended = self.log.append(&record(&ran));
        appended.await.map_err(|_not_written| {
            Refusal::new(
                Code::NotReady,
                "the run could not be metered, since this executor's disk is full, and is therefore not answered. Nothing was billed",
            )
        })?;
        let Ran {
            mut granted,
            finished,
            tier,
        } = ran;
        granted.resolved.stopwatch.lap(Stage::Meter);
        let prices = &granted.resolved.tenant.prices;
        let cost = match finished.outcome {
            Outcome::PlatformFault => Pico::default(),
            _ if granted.memo == Looked::Hit => prices.cost_of_cached_hit(),
            _ => prices.cost_of_run(finished.fuel_used),
        };
        let is_run = bill_class(&granted, finished.outcome) == BillClass::Run;
        granted.pass.ran(finished.fuel_used, is_run);
        let done = Done {
            tier,
            cost,
            granted,
            finished,
        };
        self.count(&done);
        self.keep(&done);
        self.live_logs.tell(&done);
        Ok(done)
    }

    fn count(&self, done: &Done) {
        self.counters.run(done.finished.outcome).increment(1);
        self.counters.fuel.increment(done.finished.fuel_used);
        if done.invocation_id().as_bytes()[15] % SAMPLE_EVERY == 0 {
            for stage in Stage::ALL {
                let took = done.granted.resolved.stopwatch.of(stage);
                self.counters.stage(stage).record(took.as_secs_f64());
            }
        }
    }

    /// Keep input, output and log, if the tenant's retention says so.
    fn keep(&self, done: &Done) {
        let is_kept = match done.granted.resolved.tenant.retention {
            Retention::None => false,
            Retention::Errors => done.finished.outcome != Outcome::Ok,
            Retention::All => true,
        };
        if is_kept {
            self.run_logs.keep(KeptRun::of(done));
        }
    }
}

fn record(ran: &Ran) -> MeterRecord {
    let (granted, finished) = (&ran.granted, &ran.finished);
    let resolved = &granted.resolved;
    MeterRecord {
        invocation_id: granted.invocation_id,
        seed_id: granted.seed_id(),
        tenant_id: resolved.tenant.id,
        function_id: resolved.function.id,
        request_id: resolved.request_id,
        version: resolved.version.number,
        config_version: resolved.function.config_version,
        price_sheet: resolved.tenant.prices.price_sheet,
        engine_epoch: ENGINE_EPOCH,
        outcome: finished.outcome,
        trigger: resolved.trigger,
        bill_class: bill_class(granted, finished.outcome),
        alias: resolved.alias.clone(),
        fuel: finished.fuel_used,
        memory_peak_bytes: finished.memory_peak_bytes,
        memory_kib_ms: memory_kib_ms(finished.memory_peak_bytes, finished.wall.as_micros()),
        duration_us: u32::try_from(finished.wall.as_micros()).unwrap_or(u32::MAX),
        input_bytes: length(&granted.input),
        output_bytes: length(&finished.output),
        log_bytes: length(&finished.log),
        egress_bytes: 0,
        input_sha256: Sha256::digest(&granted.input).into(),
        output_sha256: Sha256::digest(&finished.output).into(),
        charge_key: resolved.charge_key,
    }
}

fn bill_class(granted: &Granted, outcome: Outcome) -> BillClass {
    match granted.memo {
        Looked::Hit => BillClass::CacheHit,
        _ => BillClass::of(outcome, granted.resolved.trigger),
    }
}

/// Memory held over time, rounded up.
fn memory_kib_ms(bytes: u64, wall_us: u128) -> u64 {
    u64::try_from((u128::from(bytes) * wall_us).div_ceil(1_024 * 1_000)).unwrap_or(u64::MAX)
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("inputs, outputs and logs are limited to a few MiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_over_time_is_rounded_up() {
        assert_eq!(memory_kib_ms(0, 5_000), 0);
        assert_eq!(memory_kib_ms(1, 1), 1);
        assert_eq!(memory_kib_ms(64 << 10, 2_000), 128);
        assert_eq!(memory_kib_ms(64 << 10, 2_001), 129);
    }
}
