//! The only files that know how others are spoken to: S3, Redis, executors, billing.

pub(crate) mod billing;
pub(crate) mod changes;
pub(crate) mod executors;
pub(crate) mod leases;
pub(crate) mod live_logs;
pub(crate) mod object_store;
