//! The meter log: every run's record lies in it before its answer leaves, and stays until billing has it and a while
//! after. What a record says is left to `admission`; what it costs, to billing.
//!
//! ```text
//! runs ──► queue ──► whoever holds the pen ──► segments on disk ──► shipper (a task) ──► billing
//!                       └─ syncer (a thread, every 5 ms)            old writers' segments too
//! ```

mod commit;
mod disk;
mod folder;
mod logs;
mod queue;
mod reader;
mod recovery;
mod segment;
mod shipper;
mod shipping;
mod sync;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::ids::WriterId;
use cartwright_domain::meter::MeterRecord;

pub(crate) use disk::DiskRoom;
pub(crate) use logs::Logs;
pub(crate) use queue::Appended;
pub(crate) use shipper::Shipper;

use commit::Commit;
use folder::OwnFolder;
use segment::{Header, SEGMENT_BYTES_MAX};
use writer::Writer;

use crate::config::MeterConfig;
use crate::mint;

/// How far the log has come. Sequence numbers are of the first record that has *not* come so far.
#[derive(Default)]
struct Progress {
    written_seq: AtomicU64,
    acknowledged_seq: AtomicU64,
    /// When the first unacknowledged record was admitted; 0 until the shipper has read it.
    oldest_unix_ms: AtomicU64,
}

impl Progress {
    fn unshipped(&self) -> u64 {
        let written = self.written_seq.load(Ordering::Acquire);
        written.saturating_sub(self.acknowledged_seq.load(Ordering::Acquire))
    }

    /// How old the first unacknowledged record is. What the shipper has not read yet is younger than its pace.
    fn age_ms(&self, now_unix_ms: u64) -> Option<u64> {
        if self.unshipped() == 0 {
            return None;
        }
        Some(match self.oldest_unix_ms.load(Ordering::Relaxed) {
            0 => 0,
            oldest => now_unix_ms.saturating_sub(oldest),
        })
    }
}

/// The log of this process. Dropping it loses nothing that was appended.
pub(crate) struct MeterLog {
    commit: Commit,
    logs: Arc<Logs>,
    writer_id: WriterId,
}

impl MeterLog {
    /// Begin a log of this process' own below the data directory, and make the shipper that empties it.
    ///
    /// # Errors
    /// When the disk cannot be written; the message names the folder.
    pub(crate) fn begin(config: &MeterConfig) -> Result<(Self, Shipper)> {
        let meter_dir = config.data_dir.join("meter");
        let begun = Self::begin_in(&meter_dir, config);
        begun.with_context(|| {
            format!(
                "the meter log cannot begin in {}: is CARTWRIGHT_DATA_DIR a folder that this user can write?",
                meter_dir.display()
            )
        })
    }

    fn begin_in(meter_dir: &PathBuf, config: &MeterConfig) -> Result<(Self, Shipper)> {
        std::fs::create_dir_all(meter_dir)?;
        let header = Header {
            writer_id: WriterId::from_bytes(mint::id_bytes()),
            started_at_ms: mint::unix_ms(),
            engine_epoch: ENGINE_EPOCH,
            base_seq: 0,
            chain: [0; 16],
        };
        let folder = OwnFolder::create(meter_dir, header.writer_id)?;
        let progress = Arc::<Progress>::default();
        let writer = Writer::begin(
            folder.path().to_owned(),
            header,
            config.meter_durability,
            SEGMENT_BYTES_MAX,
            progress.clone(),
        )?;
        let logs = Arc::new(Logs::new(progress.clone()));
        let log = Self {
            commit: Commit::begin(writer, config.meter_durability)?,
            logs: logs.clone(),
            writer_id: header.writer_id,
        };
        let own = (folder, header, progress);
        let shipper = Shipper::new(meter_dir, own, logs, config);
        Ok((log, shipper))
    }

    /// Put a record into the log. The answer of its run must wait for the outcome.
    pub(crate) fn append(&self, record: &MeterRecord) -> Appended {
        self.commit.append(record.encode())
    }

    /// Whose log this is.
    pub(crate) fn writer_id(&self) -> WriterId {
        self.writer_id
    }

    /// Records that wait for the writer.
    pub(crate) fn waiting(&self) -> usize {
        self.commit.waiting()
    }

    /// This log and those that were taken over, as far as billing does not have them.
    pub(crate) fn logs(&self) -> &Arc<Logs> {
        &self.logs
    }

    /// Write what waits, make everything durable, and end. Takes as long as the disk does.
    pub(crate) fn close(&self) {
        self.commit.close();
    }
}
