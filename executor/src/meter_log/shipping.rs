//! Ships one writer's log: registers the writer, sends batches in sequence, and removes what billing has had for long
//! enough. Billing's cursor decides what comes next; the log only follows it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use cartwright_domain::ids::{RequestId, WriterId};
use cartwright_domain::problem::Code;
use cartwright_domain::wire::{BatchAck, WriterAck, WriterRegistration};
use cartwright_role::internal::{CallError, Peer};
use tokio::task::spawn_blocking;

use super::Progress;
use super::disk::{DiskRoom, TIDY_PERCENT};
use super::folder::OwnFolder;
use super::reader::{Batch, ReadError, Reader};
use super::segment::{Header, Segment};
use crate::mint;

/// Most records in one batch.
const ROWS_MAX: usize = 10_000;

/// Why a writer's log does not get further for now.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShipError {
    /// Billing does not answer, or not with what is needed.
    #[error("billing does not take the batch")]
    Billing(#[from] CallError),
    /// Our own log cannot be read. What billing has stands; a person must look.
    #[error(transparent)]
    Log(#[from] ReadError),
}

/// One writer's log on its way to billing.
pub(super) struct Shipping {
    pub(super) folder: OwnFolder,
    header: Header,
    pub(super) progress: Arc<Progress>,
    reader: Option<Reader>,
    registered: bool,
    retention: Retention,
}

/// How long and how much is kept of what billing has.
#[derive(Clone)]
pub(super) struct Retention {
    pub(super) keep: Duration,
    pub(super) bytes_max: u64,
    pub(super) room: DiskRoom,
}

impl Shipping {
    pub(super) fn new(
        folder: OwnFolder,
        header: Header,
        progress: Arc<Progress>,
        retention: Retention,
    ) -> Self {
        Self {
            folder,
            header,
            progress,
            reader: None,
            registered: false,
            retention,
        }
    }

    pub(super) fn writer_id(&self) -> WriterId {
        self.header.writer_id
    }

    /// Records that were written and that billing has not.
    pub(super) fn unshipped(&self) -> u64 {
        self.progress.unshipped()
    }

    /// Whether a whole batch waits, so that the next should leave at once.
    pub(super) fn is_behind(&self) -> bool {
        self.unshipped() >= ROWS_MAX as u64
    }

    /// Send one batch, if there is anything to send.
    pub(super) async fn step(&mut self, billing: &Peer) -> Result<(), ShipError> {
        if !self.registered
            && let Err(error) = self.register(billing).await
        {
            self.look_at_oldest().await?;
            return Err(error);
        }
        let Some(batch) = self.read().await? else {
            return Ok(());
        };
        let path = format!("batches?writer={}&lo={}", self.writer_id(), batch.lo);
        let sent: Result<BatchAck, CallError> = billing
            .post_bytes(
                &path,
                "application/octet-stream",
                batch.frames,
                request_id(),
            )
            .await;
        match sent {
            Ok(ack) => self.acknowledged(ack.next_seq),
            // Billing is elsewhere in the sequence: after its restore from a backup, or when an answer was lost.
            Err(error) if error.code() == Some(Code::Conflict) => self.register(billing).await?,
            Err(error) => {
                self.reader_seek(batch.lo);
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Tell billing of this writer and learn where it stands. Telling it twice changes nothing.
    async fn register(&mut self, billing: &Peer) -> Result<(), ShipError> {
        let registration = WriterRegistration {
            writer_id: self.header.writer_id,
            engine_epoch: self.header.engine_epoch,
            started_at_ms: self.header.started_at_ms,
        };
        let ack: WriterAck = billing
            .post_json("writers", &registration, request_id())
            .await?;
        let skew_ms = mint::unix_ms().abs_diff(ack.now_ms);
        if skew_ms > 2_000 {
            tracing::warn!(
                skew_ms,
                "this machine's clock differs from billing's by {skew_ms} ms"
            );
        }
        self.registered = true;
        self.acknowledged(ack.next_seq);
        Ok(())
    }

    fn acknowledged(&mut self, next_seq: u64) {
        let before = self
            .progress
            .acknowledged_seq
            .swap(next_seq, Ordering::AcqRel);
        if next_seq != before {
            self.progress.oldest_unix_ms.store(0, Ordering::Relaxed);
            self.folder.note_acknowledged(next_seq);
        }
        self.reader_seek(next_seq);
    }

    /// While billing is away, nothing else would tell how long the oldest record has waited.
    async fn look_at_oldest(&mut self) -> Result<(), ReadError> {
        if self.progress.oldest_unix_ms.load(Ordering::Relaxed) == 0
            && let Some(batch) = self.read().await?
        {
            self.reader_seek(batch.lo);
        }
        Ok(())
    }

    fn reader_seek(&mut self, next_seq: u64) {
        if let Some(reader) = &mut self.reader {
            reader.seek(next_seq);
        }
    }

    async fn read(&mut self) -> Result<Option<Batch>, ReadError> {
        let end_seq = self.progress.written_seq.load(Ordering::Acquire);
        let mut reader = self.reader.take().unwrap_or_else(|| self.new_reader());
        if reader.next_seq() >= end_seq {
            self.reader = Some(reader);
            return Ok(None);
        }
        // The disk may have to be asked.
        let read = spawn_blocking(move || {
            let batch = reader.read(end_seq, ROWS_MAX);
            (reader, batch)
        });
        let (reader, batch) = read.await.expect("reading does not panic");
        self.reader = Some(reader);
        let batch = batch?;
        if let Some(batch) = &batch {
            self.progress
                .oldest_unix_ms
                .store(batch.oldest_unix_ms, Ordering::Relaxed);
        }
        Ok(batch)
    }

    /// At first, and after a read that was cut short, begin where billing stands.
    fn new_reader(&self) -> Reader {
        let next_seq = self.progress.acknowledged_seq.load(Ordering::Acquire);
        Reader::new(self.folder.path().to_owned(), next_seq)
    }

    /// Remove segments that billing has wholly, once their time is over or their room is needed. The newest stays: it is
    /// being written, or says who the writer was. How many are left.
    pub(super) fn tidy(&self) -> std::io::Result<usize> {
        let acknowledged = self.progress.acknowledged_seq.load(Ordering::Acquire);
        let segments = Segment::all(self.folder.path())?;
        let mut kept_bytes = 0;
        let mut left = segments.len();
        for pair in segments.windows(2).rev() {
            let [segment, following] = pair else { continue };
            let found = fs::metadata(&segment.path)?;
            kept_bytes += found.len();
            let is_over = following.base_seq <= acknowledged
                && (age(&found) > self.retention.keep
                    || kept_bytes > self.retention.bytes_max
                    || self.retention.room.used_percent() >= TIDY_PERCENT);
            if is_over {
                fs::remove_file(&segment.path)?;
                left -= 1;
            }
        }
        Ok(left)
    }

    /// Whether nothing of this log is needed any more. Only asked of a writer that is gone.
    pub(super) fn is_over(&self) -> std::io::Result<bool> {
        let last = Segment::all(self.folder.path())?.pop();
        let is_old = match last {
            Some(last) => age(&fs::metadata(&last.path)?) > self.retention.keep,
            None => true,
        };
        let is_short = self.retention.room.used_percent() >= TIDY_PERCENT;
        Ok(self.unshipped() == 0 && (is_old || is_short))
    }
}

fn age(found: &fs::Metadata) -> Duration {
    let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    // A clock that was set back makes a file look new, and it is kept for longer.
    SystemTime::now()
        .duration_since(modified)
        .unwrap_or_default()
}

fn request_id() -> RequestId {
    RequestId::from_bytes(mint::id_bytes())
}
