//! One side of a comparison: a run as it was recorded, or as it went just now.

use anyhow::ensure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::ids::InvocationId;
use cartwright_domain::outcome::{BillClass, Outcome};
use cartwright_domain::wire::{Record, RunResult};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::invocations::RunErrorSchema;
use crate::invocations::store::KeptLog;
use crate::versions::json_or_text;

/// How one run went.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(super) invocation_id: InvocationId,
    pub(super) version: u32,
    pub(super) config_version: u32,
    pub(super) engine_epoch: u16,
    pub(super) outcome: Outcome,
    pub(super) fuel: u64,
    pub(super) memory_peak_bytes: u64,
    pub(super) duration_us: u32,
    /// It was answered from the cache of results: nothing ran.
    pub(super) cached: bool,
    pub(super) output: Vec<u8>,
    pub(super) log: String,
    pub(super) log_truncated: bool,
    pub(super) error: Option<Value>,
}

impl Side {
    /// A run as it was metered: what only its log has is empty.
    pub(super) fn metered(record: &Record) -> Self {
        Self {
            invocation_id: record.invocation_id,
            version: record.version,
            config_version: record.config_version,
            engine_epoch: record.engine_epoch,
            outcome: record.outcome,
            fuel: record.fuel,
            memory_peak_bytes: record.memory_peak_bytes,
            duration_us: record.duration_us,
            cached: record.bill_class == BillClass::CacheHit,
            output: Vec::new(),
            log: String::new(),
            log_truncated: false,
            error: None,
        }
    }

    /// A run as it was recorded, and the input that it had.
    pub(super) fn recorded(record: &Record, log: KeptLog) -> anyhow::Result<(Self, Vec<u8>)> {
        ensure!(
            hex::encode(Sha256::digest(&log.input)) == record.input_sha256,
            "the input that was kept of {} is not the one that was metered",
            record.invocation_id
        );
        let side = Self {
            output: log.output,
            log: log.log,
            log_truncated: log.log_truncated,
            error: log.error.map(|error| error.0),
            ..Self::metered(record)
        };
        Ok((side, log.input))
    }

    /// A run as an executor tells it, with this configuration.
    pub(super) fn went(result: RunResult, config_version: u32) -> anyhow::Result<Self> {
        let output = STANDARD
            .decode(&result.output)
            .map_err(|error| anyhow::anyhow!("an executor's output is not base64: {error}"))?;
        Ok(Self {
            invocation_id: result.invocation_id,
            version: result.version,
            config_version,
            engine_epoch: result.engine_epoch,
            outcome: result.outcome,
            fuel: result.fuel,
            memory_peak_bytes: result.memory_peak_bytes,
            duration_us: result.duration_us,
            cached: false,
            output,
            log: result.log,
            log_truncated: result.log_truncated,
            error: result.error.map(serde_json::to_value).transpose()?,
        })
    }

    pub(super) fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    /// The limit that stopped it, in the unit of its outcome.
    pub(super) fn limit(&self) -> Option<u64> {
        self.error.as_ref()?["limit"].as_u64()
    }
}

/// How one side of a comparison went.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct RunSide {
    /// The run.
    invocation_id: Uuid,
    /// The version that ran.
    version: u32,
    /// The version of the configuration that it was given; 0 is none.
    config_version: u32,
    /// Which engine and fuel table the fuel was counted by.
    engine_epoch: u16,
    /// `ok`, or why it failed.
    #[schema(value_type = String, example = "ok")]
    outcome: Outcome,
    /// The output, as JSON; as text where it is none. Null where there is none, or `output_left_out`.
    output: Value,
    /// Whether the output is too large to be kept in the results of a batch.
    #[serde(default)]
    output_left_out: bool,
    /// Fuel burned.
    fuel: u64,
    /// Most linear memory held, in bytes.
    memory_peak_bytes: u64,
    /// Wall-clock time in microseconds. It differs from run to run.
    duration_us: u32,
    /// What it logged.
    log: String,
    /// Whether the log was cut at its limit.
    log_truncated: bool,
    /// What went wrong; null when the outcome is `ok`.
    #[schema(required, value_type = Option<RunErrorSchema>)]
    error: Option<Value>,
}

impl From<&Side> for RunSide {
    fn from(side: &Side) -> Self {
        Self {
            invocation_id: side.invocation_id.uuid(),
            version: side.version,
            config_version: side.config_version,
            engine_epoch: side.engine_epoch,
            outcome: side.outcome,
            output: json_or_text(&side.output),
            output_left_out: false,
            fuel: side.fuel,
            memory_peak_bytes: side.memory_peak_bytes,
            duration_us: side.duration_us,
            log: side.log.clone(),
            log_truncated: side.log_truncated,
            error: side.error.clone(),
        }
    }
}

impl RunSide {
    /// The output, unless it was left out.
    pub(super) fn output(&self) -> Option<&Value> {
        (!self.output_left_out).then_some(&self.output)
    }

    /// The same for the results of a batch: of an output and a log, at most so many bytes each.
    pub(super) fn at_most(side: &Side, bytes: usize) -> Self {
        let mut shown = Self::from(side);
        if side.output.len() > bytes {
            (shown.output, shown.output_left_out) = (Value::Null, true);
        }
        if shown.log.len() > bytes {
            let end = (0..=bytes).rev().find(|at| shown.log.is_char_boundary(*at));
            shown.log.truncate(end.unwrap_or(0));
            shown.log_truncated = true;
        }
        shown
    }
}
