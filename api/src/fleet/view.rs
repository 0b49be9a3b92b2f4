//! An executor as the operator sees it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::state::{Facts, State, state};
use super::store::ExecutorRow;

/// An executor of the fleet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Executor)]
pub(crate) struct ExecutorView {
    /// Which start of a process: new with every start.
    pub(crate) id: Uuid,
    /// How it stands.
    pub(crate) state: State,
    /// Why, unless it is ready.
    #[schema(required)]
    why: Option<String>,
    /// The operator's order to drain; null when there is none.
    #[schema(required)]
    drain: Option<DrainOrder>,
    /// The version of its build.
    version: String,
    /// Its engine.
    engine_epoch: u16,
    /// Base URL of its data plane.
    public_url: String,
    /// Base URL of its internal listener.
    internal_url: String,
    /// When its process started, by its own clock.
    started_at: DateTime<Utc>,
    /// When it last reported. It does so every 3 s.
    last_seen_at: DateTime<Utc>,
    /// Its places for runs.
    slots: Slots,
    /// Where its runs found their modules.
    caches: Caches,
    /// What billing does not have yet.
    meter_log: MeterLog,
    /// The executor that took over its meter log; null while nobody did.
    #[schema(required)]
    taken_over_by: Option<Uuid>,
}

/// An order to drain.
#[derive(Debug, Serialize, ToSchema)]
struct DrainOrder {
    /// Since when.
    since: DateTime<Utc>,
    /// By whom: `platform:<id of the key>`.
    by: String,
}

/// Places for runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExecutorSlots)]
struct Slots {
    /// Runs that may go on at the same time.
    total: u32,
    /// Runs that go on now.
    used: u32,
    /// Free places that still hold the image of their last module, which makes the next run of it faster.
    warm: u32,
}

/// The tiers of the module cache, from the nearest to the farthest, since the process started.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExecutorCaches)]
struct Caches {
    /// Loaded modules.
    memory: Tier,
    /// Artifacts on the local disk.
    disk: Tier,
    /// Runs for which the artifact was fetched from the object store.
    store_hits: u64,
}

/// A tier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExecutorCacheTier)]
struct Tier {
    /// Runs that found their module here.
    hits: u64,
    /// What it holds, in bytes.
    bytes: u64,
}

/// What lies in the executor's meter logs, its own and those that it took over, and billing has not acknowledged.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExecutorMeterLog)]
struct MeterLog {
    /// Records.
    unshipped: u64,
    /// Their bytes.
    unshipped_bytes: u64,
    /// How old the oldest of them is, in milliseconds; null when all is shipped.
    #[schema(required)]
    oldest_ms: Option<u64>,
    /// Logs of earlier processes that cannot be read.
    unreadable: u32,
}

impl ExecutorView {
    /// The view of a row.
    pub(super) fn of(row: ExecutorRow) -> Self {
        let report = row.report.0;
        let (state, why) = state(&Facts {
            report: &report,
            unseen_s: row.unseen_s,
            drain_ordered: row.drain_since.is_some(),
            taken_over: row.taken_over_by.is_some(),
        });
        let (caches, log) = (report.caches, report.meter_log);
        let tier = |tier: cartwright_domain::wire::TierReport| Tier {
            hits: tier.hits,
            bytes: tier.bytes,
        };
        let started_at = i64::try_from(report.started_at_ms)
            .ok()
            .and_then(DateTime::from_timestamp_millis);
        Self {
            id: row.executor_id,
            state,
            why,
            drain: row
                .drain_since
                .zip(row.drain_by)
                .map(|(since, by)| DrainOrder { since, by }),
            version: report.version,
            engine_epoch: report.engine_epoch,
            public_url: report.public_url,
            internal_url: report.internal_url,
            started_at: started_at.unwrap_or(row.registered_at),
            last_seen_at: row.last_seen_at,
            slots: Slots {
                total: report.slots.total,
                used: report.slots.used,
                warm: report.slots.warm,
            },
            caches: Caches {
                memory: tier(caches.memory),
                disk: tier(caches.disk),
                store_hits: caches.store_hits,
            },
            meter_log: MeterLog {
                unshipped: log.unshipped,
                unshipped_bytes: log.unshipped_bytes,
                oldest_ms: log.oldest_ms,
                unreadable: log.unreadable,
            },
            taken_over_by: row.taken_over_by,
        }
    }
}
