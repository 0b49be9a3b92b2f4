//! What roles say to each other under `/internal/v1`. Types only; who may call what is [`callers::may_call`].

pub mod callers;
mod changes;
mod fleet;
mod live_logs;
mod meters;
mod run;
mod snapshot;

pub use callers::{Role, may_call};
pub use changes::{Change, Changes};
pub use fleet::{
    CachesReport, ExecutorOrders, ExecutorReport, LOST_AFTER, MeterLogReport, REPORT_EVERY,
    REPORT_JITTER, RunToken, SlotsReport, TierReport,
};
pub use live_logs::{
    LiveLogs, LiveRun, WATCHING_CHANNEL, WATCHING_EVERY_MS, WATCHING_FOR_MS, Watched, Watching,
};
pub use meters::{
    BatchAck, Estimate, EstimateLine, Period, PlanTerms, Record, RecordPage, USAGE_DAYS_MAX,
    UsageDaysMax, UsageGroup, UsageRow, WriterAck, WriterRegistration, big_number,
};
pub use run::{
    GivenConfiguration, LogStatus, RETRY_AFTER_S, RunError, RunLog, RunRequest, RunResult,
    WhichVersion,
};
pub use snapshot::{
    AliasSnapshot, ArtifactLocation, BINDINGS_MAX, BindingSnapshot, FunctionSnapshot, KeySnapshot,
    OnError, Retention, TargetSnapshot, TenantQuotaUsage, TenantSnapshot, TenantState,
    VersionSnapshot,
};

/// The Redis channel on which the api says that something changed. A hint: executors also ask for [`Changes`].
pub const CHANGES_CHANNEL: &str = "cartwright:changes";
