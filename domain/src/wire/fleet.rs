//! What an executor tells the api of itself every few seconds, and what it is told to do.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::WriterId;

/// An executor reports as often, give or take [`REPORT_JITTER`], so that a fleet that began at once does not report at once.
pub const REPORT_EVERY: Duration = Duration::from_secs(3);

/// By how much a report comes earlier or later than the last one would have it.
pub const REPORT_JITTER: Duration = Duration::from_millis(500);

/// Who was not heard of for so long is lost: four reports in a row have failed by then.
pub const LOST_AFTER: Duration = Duration::from_secs(15);

/// What an executor lets callers in with: made by itself, new with every start, and told to nobody but the api. Whoever calls
/// it shows it this and no credential of their own, which a function that broke out there could show to others.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunToken(pub String);

impl fmt::Debug for RunToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunToken(…)")
    }
}

/// `POST executors`: how an executor is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorReport {
    /// Which start of a process: the writer of its meter log, new with every start.
    pub executor_id: WriterId,
    /// The version of its build.
    pub version: String,
    /// Its engine.
    pub engine_epoch: u16,
    /// When it started, in milliseconds since the Unix epoch, by its own clock.
    pub started_at_ms: u64,
    /// Base URL of its data plane.
    pub public_url: String,
    /// Base URL of its internal listener.
    pub internal_url: String,
    /// With what it lets callers in there. Empty in the report of an executor that has none, which is not called.
    #[serde(default)]
    pub run_token: RunToken,
    /// What it misses to be ready, by name, and why: as `/readyz` tells it. Empty when it is ready.
    pub missing: BTreeMap<String, String>,
    /// Its process is about to end.
    pub ending: bool,
    /// Everything it metered is with billing, and its process ends now: it need not be looked for.
    pub ended: bool,
    /// Runs at the same time.
    pub slots: SlotsReport,
    /// Where its runs found their modules.
    pub caches: CachesReport,
    /// What billing does not have yet.
    pub meter_log: MeterLogReport,
    /// Earlier processes whose logs it took over since its last report that was answered.
    pub took_over: Vec<WriterId>,
}

/// The instance slots of an executor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotsReport {
    /// Runs that may go on at the same time.
    pub total: u32,
    /// Runs that go on now.
    pub used: u32,
    /// Free slots that still hold the image of their last module.
    pub warm: u32,
}

/// The tiers of an executor's module cache, from the nearest to the farthest. Counts are since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachesReport {
    /// Loaded modules.
    pub memory: TierReport,
    /// Artifacts on the local disk.
    pub disk: TierReport,
    /// Runs for which an artifact was fetched from the object store.
    pub store_hits: u64,
}

/// One tier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierReport {
    /// Runs that found their module there.
    pub hits: u64,
    /// What it holds, in bytes.
    pub bytes: u64,
}

/// What lies in an executor's meter logs that billing has not acknowledged: its own log, and those that it took over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterLogReport {
    /// Records.
    pub unshipped: u64,
    /// Their bytes.
    pub unshipped_bytes: u64,
    /// How long ago the oldest of them was admitted, in milliseconds; `None` when all is shipped.
    pub oldest_ms: Option<u64>,
    /// Logs of earlier processes that cannot be read, so that nobody knows what is in them.
    pub unreadable: u32,
}

/// Answer to a report: what the operator wants of the executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorOrders {
    /// Take no new runs.
    pub drain: bool,
}
