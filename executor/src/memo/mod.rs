//! Results that are kept and given again: those of functions that allow it, whose output follows from the input alone.
//! Kept in this process, within a bound, and in Redis for all executors. Each may be lost at any time: then it runs.

mod local;
mod name;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use metrics::{Counter, counter};
use tokio::sync::Semaphore;

use crate::fleet_memory::FleetMemory;

use local::Local;
pub(crate) use name::{ResultName, Seed};

/// The largest output that is kept, in bytes.
const OUTPUT_BYTES_MAX: usize = 256 << 10;

/// Kept in Redis for so long.
const KEEP_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Redis is waited for no longer: past this, running is the faster way to the result.
const FOUND_WITHIN: Duration = Duration::from_millis(20);

/// Results on their way to Redis at a time, at most.
const KEEPING_MAX: usize = 64;

/// All results that are kept.
pub(crate) struct Memo {
    local: Local,
    fleet: Arc<FleetMemory>,
    keeping: Arc<Semaphore>,
    found_here: Counter,
    found_in_fleet: Counter,
    not_found: Counter,
}

impl Memo {
    /// So many bytes of results are kept in this process. `fleet` is asked for nothing else: what becomes of results must
    /// disarm no protection.
    pub(crate) fn new(bytes_max: usize, fleet: Arc<FleetMemory>) -> Self {
        let lookups = |result| counter!("cartwright_memo_lookups_total", "result" => result);
        Self {
            local: Local::new(bytes_max),
            fleet,
            keeping: Arc::new(Semaphore::new(KEEPING_MAX)),
            found_here: lookups("here"),
            found_in_fleet: lookups("fleet"),
            not_found: lookups("none"),
        }
    }

    /// The output that was kept under a name.
    pub(crate) async fn find(&self, name: &ResultName) -> Option<Bytes> {
        if let Some(output) = self.local.find(name) {
            self.found_here.increment(1);
            return Some(output);
        }
        let Some(output) = self.find_in_fleet(name).await else {
            self.not_found.increment(1);
            return None;
        };
        self.found_in_fleet.increment(1);
        self.local.keep(*name, output.clone());
        Some(output)
    }

    async fn find_in_fleet(&self, name: &ResultName) -> Option<Bytes> {
        let asked = self.fleet.ask_within(FOUND_WITHIN, async |mut connection| {
            redis::cmd("GET")
                .arg(name.in_redis())
                .query_async::<Option<Vec<u8>>>(&mut connection)
                .await
        });
        asked.await.ok()?.map(Bytes::from)
    }

    /// Keep an output. Nobody waits for Redis here.
    pub(crate) fn keep(&self, name: ResultName, output: Bytes) {
        if output.len() > OUTPUT_BYTES_MAX {
            return;
        }
        self.local.keep(name, output.clone());
        // More than these at a time are not kept there: each holds an output.
        let Ok(place) = self.keeping.clone().try_acquire_owned() else {
            return;
        };
        let fleet = self.fleet.clone();
        tokio::spawn(async move {
            let _place = place;
            let kept = fleet.ask(async |mut connection| {
                redis::cmd("SET")
                    .arg(name.in_redis())
                    .arg(output.as_ref())
                    .arg("EX")
                    .arg(KEEP_FOR.as_secs())
                    .query_async::<()>(&mut connection)
                    .await
            });
            // Not kept there: another executor runs it.
            kept.await.ok();
        });
    }
}
