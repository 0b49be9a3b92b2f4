//! Invocations as the API shows them, and what is said of their logs.

use cartwright_domain::outcome::{BillClass, Outcome};
use cartwright_domain::wire::{LogStatus, Record, Retention};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::KeptLog;
use crate::versions::json_or_text;

/// A log comes in after its meter record, or before; until then it is on its way.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(5);

/// One run of one version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invocation {
    /// The run.
    invocation_id: Uuid,
    /// What became of its log: `retained`, `off` (the tenant keeps none of such runs), `dropped` (lost under pressure) or
    /// `expired` (its days are over).
    #[schema(value_type = String, example = "retained")]
    log_status: LogStatus,
    /// The function's name, also of one that was deleted since.
    #[schema(required)]
    function: Option<String>,
    /// The function's id, which outlives its name.
    function_id: Uuid,
    /// The version that ran.
    version: u32,
    /// The version of the configuration that it was given; 0 when there was none.
    config_version: u32,
    /// The alias that it was called by; null when it was called by its number.
    #[schema(required)]
    alias: Option<String>,
    /// What started it: `http`, `test`, `replay`, `event` or `schedule`.
    trigger: String,
    /// How it ended: `ok`, or the code of what went wrong.
    #[schema(example = "ok")]
    outcome: String,
    /// When it was admitted.
    started_at: DateTime<Utc>,
    /// Wall-clock time in microseconds.
    duration_us: u32,
    /// Fuel burned.
    fuel: u64,
    /// Which engine and fuel table the fuel was counted by.
    engine_epoch: u16,
    /// Most linear memory held, in bytes.
    memory_peak_bytes: u64,
    /// Input in bytes.
    input_bytes: u32,
    /// Output in bytes.
    output_bytes: u32,
    /// Log in bytes.
    log_bytes: u32,
    /// List price: `0.0000012 USD`; `0 USD` when it is not billed.
    cost: String,
    /// Whether the tenant pays for it.
    billed: bool,
    /// Whether it was answered from the cache of results, without running.
    cached: bool,
    /// The request that asked for it.
    request_id: Uuid,
}

/// One run with what was kept of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvocationDetail {
    #[serde(flatten)]
    invocation: Invocation,
    /// The input, as JSON, or as text where it is none; null unless `log_status` is `retained`.
    #[schema(required)]
    input: Option<Value>,
    /// The output, as JSON, or as text where it is none; null unless `log_status` is `retained`.
    #[schema(required)]
    output: Option<Value>,
    /// What the function logged; null unless `log_status` is `retained`.
    #[schema(required)]
    log: Option<String>,
    /// Whether the log was cut at its limit.
    log_truncated: bool,
    /// What went wrong; null when it ended `ok`, and unless `log_status` is `retained`.
    #[schema(required, value_type = Option<RunErrorSchema>)]
    error: Option<Value>,
    /// Functions of the module at the moment of the failure, innermost first.
    backtrace: Vec<String>,
}

/// Why a run failed.
#[derive(ToSchema)]
#[schema(as = RunError)]
#[expect(
    dead_code,
    reason = "describes domain::wire::RunError, which knows nothing of OpenAPI"
)]
pub(crate) struct RunErrorSchema {
    /// In a sentence: what, which limit, the value, what to do.
    message: String,
    /// The limit that was met, in the unit of the outcome.
    limit: Option<u64>,
    /// What was used or asked for, in the same unit.
    used: Option<u64>,
    /// Functions of the module, innermost first.
    backtrace: Vec<String>,
}

/// What logs are to be expected: by the tenant's retention, and for how long.
pub(super) struct Expected {
    pub(super) retention: Retention,
    /// Since when.
    pub(super) since: DateTime<Utc>,
    pub(super) days: u16,
    pub(super) now: DateTime<Utc>,
}

impl Expected {
    /// What became of a run's log. A log that is not there, is of a run that keeps one and is too young to be missed, counts
    /// as retained: it is on its way. Of a run from before the retention was changed nobody knows whether it was to keep one,
    /// and so nothing is said to be lost.
    pub(super) fn status(&self, record: &Record, is_kept: bool) -> LogStatus {
        let started_at = at(record.started_at_ms);
        let first_day_kept = self.now.date_naive() - TimeDelta::days(i64::from(self.days));
        let leaves_log = match self.retention {
            Retention::None => false,
            Retention::Errors => record.outcome != Outcome::Ok,
            Retention::All => true,
        };
        match () {
            () if is_kept => LogStatus::Retained,
            () if started_at.date_naive() < first_day_kept => LogStatus::Expired,
            () if !leaves_log || started_at < self.since => LogStatus::Off,
            () if self.now - started_at < ON_ITS_WAY => LogStatus::Retained,
            () => LogStatus::Dropped,
        }
    }
}

impl Invocation {
    pub(super) fn of(record: Record, function: Option<String>, log_status: LogStatus) -> Self {
        Self {
            invocation_id: record.invocation_id.uuid(),
            log_status,
            function,
            function_id: record.function_id.uuid(),
            version: record.version,
            config_version: record.config_version,
            alias: record.alias.map(String::from),
            trigger: record.trigger.to_string(),
            outcome: record.outcome.to_string(),
            started_at: at(record.started_at_ms),
            duration_us: record.duration_us,
            fuel: record.fuel,
            engine_epoch: record.engine_epoch,
            memory_peak_bytes: record.memory_peak_bytes,
            input_bytes: record.input_bytes,
            output_bytes: record.output_bytes,
            log_bytes: record.log_bytes,
            cost: record.cost,
            billed: record.bill_class != BillClass::Unbilled,
            cached: record.bill_class == BillClass::CacheHit,
            request_id: record.request_id.uuid(),
        }
    }
}

impl InvocationDetail {
    pub(super) fn of(invocation: Invocation, log: Option<KeptLog>) -> Self {
        let error = log
            .as_ref()
            .and_then(|log| log.error.as_ref().map(|error| error.0.clone()));
        let backtrace = error
            .as_ref()
            .and_then(|error| serde_json::from_value(error["backtrace"].clone()).ok());
        Self {
            invocation,
            input: log.as_ref().map(|log| json_or_text(&log.input)),
            output: log.as_ref().map(|log| json_or_text(&log.output)),
            log_truncated: log.as_ref().is_some_and(|log| log.log_truncated),
            log: log.map(|log| log.log),
            error,
            backtrace: backtrace.unwrap_or_default(),
        }
    }
}

/// The moment of so many milliseconds since the Unix epoch. An id can say a year that no calendar has.
fn at(unix_ms: u64) -> DateTime<Utc> {
    i64::try_from(unix_ms)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
