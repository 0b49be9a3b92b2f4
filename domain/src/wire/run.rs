//! A run that the api asks an executor for, its result, and the run log that an executor sends to the api.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::{FunctionId, InvocationId, RequestId, TenantId};
use crate::limits::LimitOverrides;
use crate::names::{AliasName, FunctionName};
use crate::outcome::{Outcome, Trigger};

/// Which version of a function to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichVersion {
    /// The one that the alias points at.
    Alias(AliasName),
    /// This one.
    Version(u32),
}

/// `POST /internal/v1/run`: run a function on this input, with the limits and meters of any run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRequest {
    /// Whose function.
    pub tenant_id: TenantId,
    /// The snapshot must be at least of this generation, so that what was just changed is what runs.
    pub generation_min: u64,
    /// Which function.
    pub function: FunctionName,
    /// Which version.
    pub which: WhichVersion,
    /// Why it runs: tests and replays are billed to nobody.
    pub trigger: Trigger,
    /// The id under which it runs, instead of a new one: only for the triggers `event` and `schedule`, whose caller stores it
    /// before it asks, so that a run that was asked for twice is one invocation and is billed once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<InvocationId>,
    /// The input, base64.
    pub input: String,
    /// Lower limits for this run.
    #[serde(default)]
    pub limits: LimitOverrides,
    /// The clock and the randomness of this run instead of new ones, so that it goes as that run went.
    #[serde(default)]
    pub seed_id: Option<InvocationId>,
    /// A configuration instead of the function's newest.
    #[serde(default)]
    pub configuration: Option<GivenConfiguration>,
}

/// The configuration that one run is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GivenConfiguration {
    /// Which version of it this is; 0 is none.
    pub config_version: u32,
    /// The configuration, as it was put; `None` when the function sees none.
    pub config: Option<Arc<RawValue>>,
}

/// The member of a problem in which a role says to another when to come back, in seconds.
pub const RETRY_AFTER_S: &str = "retry_after_s";

/// What a run left behind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunResult {
    /// The run.
    pub invocation_id: InvocationId,
    /// The function's name.
    pub function: FunctionName,
    /// The version that ran.
    pub version: u32,
    /// Which engine its fuel was counted by.
    pub engine_epoch: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// The output, base64.
    pub output: String,
    /// The log, as text.
    pub log: String,
    /// Lines were dropped at the limit.
    pub log_truncated: bool,
    /// What went wrong, unless the outcome is `ok`.
    pub error: Option<RunError>,
    /// Fuel burned.
    pub fuel: u64,
    /// The fuel that it could have burned.
    pub fuel_limit: u64,
    /// Most linear memory held, in bytes.
    pub memory_peak_bytes: u64,
    /// Wall-clock time, in microseconds.
    pub duration_us: u32,
    /// What such a run costs by the tenant's price sheet: `0.0000012 USD`.
    pub cost: String,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// In a sentence: what, which limit, the value, what to do.
    pub message: String,
    /// The limit that was met, in the unit of the outcome.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limit: Option<u64>,
    /// What was used or asked for, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used: Option<u64>,
    /// Functions of the module, innermost first.
    #[serde(default)]
    pub backtrace: Vec<String>,
}

/// What is kept of a run beside its meter record, by the tenant's retention.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunLog {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which run.
    pub invocation_id: InvocationId,
    /// Which function.
    pub function_id: FunctionId,
    /// The request that asked for it.
    pub request_id: RequestId,
    /// The version that ran. Absent from executors of before logs were searched.
    #[serde(default)]
    pub version: Option<u32>,
    /// How it ended. Absent from the same.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// The input, base64.
    pub input: String,
    /// The output, base64.
    pub output: String,
    /// The log, as text.
    pub log: String,
    /// Lines were dropped at the limit.
    pub log_truncated: bool,
    /// What went wrong.
    pub error: Option<RunError>,
}

/// What became of a run's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStatus {
    /// It is kept.
    Retained,
    /// The tenant's retention does not keep it.
    Off,
    /// It was lost under pressure, and counted.
    Dropped,
    /// It was kept and its time is over.
    Expired,
}
