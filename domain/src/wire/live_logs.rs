//! Live logs, which travel over Redis by publish and subscribe and are kept by nobody: which functions are watched, and
//! what runs of those logged.

use serde::{Deserialize, Serialize};

use crate::ids::{FunctionId, InvocationId, TenantId};
use crate::outcome::Outcome;

/// The Redis channel on which every process of the api says which functions it has readers for, as [`Watching`].
pub const WATCHING_CHANNEL: &str = "cartwright:watching";

/// A process of the api says so every so many milliseconds.
pub const WATCHING_EVERY_MS: u64 = 2_000;

/// An executor forgets a function that nobody spoke of for so many milliseconds.
pub const WATCHING_FOR_MS: u64 = 10_000;

/// A function whose log somebody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Watched {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which.
    pub function_id: FunctionId,
}

impl Watched {
    /// The Redis channel on which executors publish its [`LiveLogs`].
    #[must_use]
    pub fn channel(&self) -> String {
        format!("cartwright:logs:{}:{}", self.tenant_id, self.function_id)
    }
}

/// All functions that one process of the api has readers for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Watching {
    /// Which.
    pub functions: Vec<Watched>,
}

/// What one executor publishes of one function at a time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LiveLogs {
    /// Runs, in the order of their ending.
    pub runs: Vec<LiveRun>,
    /// Lines of other runs, around these, that were too many to be sent or that Redis did not take.
    pub lines_dropped: u64,
}

/// What one run logged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LiveRun {
    /// The run.
    pub invocation_id: InvocationId,
    /// The version that ran.
    pub version: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// The log, as text.
    pub log: String,
    /// Lines were dropped at the limit.
    pub log_truncated: bool,
    /// How it failed, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<String>,
}
