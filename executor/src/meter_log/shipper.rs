//! The task that empties this process' log, and those of writers that are gone, into billing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use cartwright_role::internal::Peer;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Progress;
use super::disk::DiskRoom;
use super::folder::OwnFolder;
use super::logs::Logs;
use super::recovery::{Recovered, recover};
use super::segment::Header;
use super::shipping::{Retention, ShipError, Shipping};
use crate::config::MeterConfig;

/// A batch leaves as often when there is something to send.
const EVERY: Duration = Duration::from_millis(250);

/// Longest wait between two attempts while billing is away.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Look as often for segments to remove and for writers that are gone.
const TIDY_EVERY: Duration = Duration::from_secs(30);

/// The last attempt when the process ends.
const LAST_ATTEMPT: Duration = Duration::from_secs(5);

/// Ships this process' log and every abandoned one below the same directory.
pub(crate) struct Shipper {
    meter_dir: PathBuf,
    own: Shipping,
    logs: Arc<Logs>,
    retention: Retention,
}

impl Shipper {
    pub(super) fn new(
        meter_dir: &Path,
        (folder, header, progress): (OwnFolder, Header, Arc<Progress>),
        logs: Arc<Logs>,
        config: &MeterConfig,
    ) -> Self {
        let retention = Retention {
            keep: Duration::from_secs(config.meter_retention_hours * 3600),
            bytes_max: config.meter_retention_bytes_max,
            room: DiskRoom::new(config.data_dir.clone(), config.disk_shed_percent),
        };
        Self {
            meter_dir: meter_dir.to_owned(),
            own: Shipping::new(folder, header, progress, retention.clone()),
            logs,
            retention,
        }
    }

    /// The disk that the log lies on.
    pub(crate) fn room(&self) -> DiskRoom {
        self.retention.room.clone()
    }

    /// Ship until `closed`, which says that the log is written to its end; then once more.
    pub(crate) async fn run(self, billing: Peer, closed: CancellationToken) {
        let Self {
            meter_dir,
            mut own,
            logs,
            retention,
        } = self;
        let abandoned = tokio::spawn(ship_abandoned(meter_dir, billing.clone(), logs, retention));
        let mut pace = Pace::default();
        while !closed.is_cancelled() {
            let wait = pace.after(own.step(&billing).await, &own);
            tidy(&own, &mut pace);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = closed.cancelled() => {}
            }
        }
        abandoned.abort();
        finish(own, &billing).await;
    }
}

/// Send what is left, for a few seconds. What billing does not take now, the next start of a process here ships.
async fn finish(mut own: Shipping, billing: &Peer) {
    let last = async { while own.unshipped() > 0 && own.step(billing).await.is_ok() {} };
    let ended = tokio::time::timeout(LAST_ATTEMPT, last).await;
    let unshipped = own.unshipped();
    if ended.is_err() || unshipped > 0 {
        tracing::warn!(
            unshipped,
            "{unshipped} meter records were not shipped; the next start ships them"
        );
    } else {
        tracing::info!("every meter record is shipped");
    }
}

fn tidy(shipping: &Shipping, pace: &mut Pace) {
    if pace.is_time_to_tidy()
        && let Err(error) = shipping.tidy()
    {
        tracing::warn!(%error, "old segments of the meter log cannot be removed");
    }
}

/// Find writers that are gone, again and again, and ship what each left behind.
async fn ship_abandoned(meter_dir: PathBuf, billing: Peer, logs: Arc<Logs>, retention: Retention) {
    let mut shipping = JoinSet::new();
    loop {
        let dir = meter_dir.clone();
        let found = spawn_blocking(move || OwnFolder::abandoned(&dir)).await;
        let folders = found
            .expect("looking does not panic")
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "the meter logs of earlier processes cannot be listed");
                Vec::new()
            });
        let mut unreadable = 0;
        for folder in folders {
            // One after the other: each is read whole.
            match take_over(folder, retention.clone()).await {
                Ok(Some(one)) => {
                    logs.add(one.writer_id(), one.progress.clone());
                    shipping.spawn(ship_one(one, billing.clone(), logs.clone()));
                }
                Ok(None) => {}
                Err(_) => unreadable += 1,
            }
        }
        logs.looked(unreadable);
        while shipping.try_join_next().is_some() {}
        tokio::time::sleep(TIDY_EVERY).await;
    }
}

/// The log in this folder, ready to be shipped; `None` when there is nothing in it.
async fn take_over(
    folder: OwnFolder,
    retention: Retention,
) -> Result<Option<Shipping>, std::io::Error> {
    let path = folder.path().to_owned();
    let recovered = spawn_blocking(move || recover(&path)).await;
    match recovered.expect("recovering does not panic") {
        Ok(Some(recovered)) => {
            let progress = progress_of(&recovered, folder.acknowledged());
            let header = header_of(&recovered);
            Ok(Some(Shipping::new(folder, header, progress, retention)))
        }
        Ok(None) => {
            folder.remove().ok();
            Ok(None)
        }
        Err(error) => {
            tracing::error!(%error, folder = %folder.path().display(), "a meter log of an earlier process cannot be read");
            Err(error)
        }
    }
}

/// Ship one abandoned log to its end, keep it as long as the retention says, and remove it.
async fn ship_one(mut shipping: Shipping, billing: Peer, logs: Arc<Logs>) {
    let mut pace = Pace::default();
    loop {
        let wait = pace.after(shipping.step(&billing).await, &shipping);
        if shipping.unshipped() > 0 {
            tokio::time::sleep(wait).await;
            continue;
        }
        if shipping.is_over().unwrap_or(false) {
            break;
        }
        tidy(&shipping, &mut pace);
        tokio::time::sleep(TIDY_EVERY).await;
    }
    let writer_id = shipping.writer_id();
    logs.remove(writer_id);
    match shipping.folder.remove() {
        Ok(()) => {
            tracing::info!(%writer_id, "removed the meter log of an earlier process: billing has had it for long enough")
        }
        Err(error) => {
            tracing::warn!(%error, %writer_id, "the meter log of an earlier process cannot be removed")
        }
    }
}

fn header_of(recovered: &Recovered) -> Header {
    tracing::info!(
        writer_id = %recovered.writer_id, end_seq = recovered.end_seq, torn_bytes = recovered.torn_bytes,
        "took over the meter log of an earlier process, up to record {}", recovered.end_seq
    );
    Header {
        writer_id: recovered.writer_id,
        started_at_ms: recovered.started_at_ms,
        engine_epoch: recovered.engine_epoch,
        base_seq: 0,
        chain: [0; 16],
    }
}

/// Where the log stands until billing says where. What it acknowledged may lie behind a power loss's torn end.
fn progress_of(recovered: &Recovered, acknowledged_seq: u64) -> Arc<Progress> {
    Arc::new(Progress {
        written_seq: AtomicU64::new(recovered.end_seq),
        acknowledged_seq: AtomicU64::new(acknowledged_seq.min(recovered.end_seq)),
        oldest_unix_ms: AtomicU64::new(0),
    })
}

/// When to try again: at once while a whole batch waits, else at the usual pace, and ever slower while billing is away.
#[derive(Default)]
struct Pace {
    failures: u32,
    tidied: Option<Instant>,
}

impl Pace {
    fn after(&mut self, stepped: Result<(), ShipError>, shipping: &Shipping) -> Duration {
        let Err(error) = stepped else {
            if std::mem::take(&mut self.failures) > 0 {
                tracing::info!(writer_id = %shipping.writer_id(), "meter records are shipped again");
            }
            return if shipping.is_behind() {
                Duration::ZERO
            } else {
                EVERY
            };
        };
        self.failures = self.failures.saturating_add(1);
        self.say(&error, shipping);
        let wait = EVERY.saturating_mul(1 << self.failures.min(8));
        wait.min(BACKOFF_MAX)
    }

    /// An outage is said once as it begins; what needs a person is said every time.
    fn say(&self, error: &ShipError, shipping: &Shipping) {
        let (writer_id, unshipped) = (shipping.writer_id(), shipping.unshipped());
        let why = std::error::Error::source(error)
            .map(ToString::to_string)
            .unwrap_or_default();
        match error {
            ShipError::Billing(call) if call.is_passing() => {
                if self.failures == 1 {
                    tracing::warn!(%writer_id, unshipped, "{error}: {why}; records wait on disk");
                }
            }
            ShipError::Billing(_) | ShipError::Log(_) => {
                tracing::error!(%writer_id, unshipped, "meter records cannot be shipped: {error}: {why}");
            }
        }
    }

    fn is_time_to_tidy(&mut self) -> bool {
        let is_time = self
            .tidied
            .is_none_or(|tidied| tidied.elapsed() > TIDY_EVERY);
        if is_time {
            self.tidied = Some(Instant::now());
        }
        is_time
    }
}
