//! The one thread that appends to the log: a batch, one frame, one write, and then everyone who waited is told.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cartwright_domain::meter::{ChainHash, RECORD_LEN, encode_frame};
use rustix::fs::{FallocateFlags, fallocate};

use super::queue::{NotWritten, Pending, Queue};
use super::segment::{HEADER_LEN, Header, SEGMENT_BYTES_MAX, Segment};
use super::sync::Syncer;
use super::{Durability, Progress};

/// The end of the log, where the next frame goes.
pub(super) struct Writer {
    folder: PathBuf,
    header: Header,
    file: Arc<File>,
    length: u64,
    next_seq: u64,
    chain: ChainHash,
    durability: Durability,
    syncer: Syncer,
    progress: Arc<Progress>,
}

impl Writer {
    /// Begin a log in this folder, which exists and is the writer's own.
    pub(super) fn begin(
        folder: PathBuf,
        header: Header,
        durability: Durability,
        progress: Arc<Progress>,
    ) -> io::Result<Self> {
        let file = Arc::new(create(&Segment::at(&folder, header.base_seq), &header)?);
        let syncer = Syncer::start(file.clone());
        Ok(Self {
            folder,
            file,
            length: HEADER_LEN as u64,
            next_seq: header.base_seq,
            chain: header.chain,
            header,
            durability,
            syncer,
            progress,
        })
    }

    /// Write whatever comes until the queue is closed, then make it all durable.
    pub(super) fn run(mut self, queue: &Queue) {
        let (mut batch, mut frame) = (Vec::new(), Vec::new());
        while queue.take(&mut batch) {
            let result = self.append(&batch, &mut frame);
            for pending in batch.drain(..) {
                // Who no longer listens left after its run; the record stands.
                pending.written.send(result).ok();
            }
        }
        sync_or_abort(&self.file);
        self.syncer.stop();
    }

    fn append(&mut self, batch: &[Pending], frame: &mut Vec<u8>) -> Result<(), NotWritten> {
        let records: Vec<[u8; RECORD_LEN]> = batch.iter().map(|pending| pending.record).collect();
        frame.clear();
        let chain = encode_frame(frame, self.next_seq, &records, &self.chain);
        if self.length + frame.len() as u64 > SEGMENT_BYTES_MAX {
            self.rotate().map_err(|error| self.not_written(&error))?;
        }
        (&*self.file)
            .write_all(frame)
            .map_err(|error| self.not_written(&error))?;
        match self.durability {
            Durability::Strict => sync_or_abort(&self.file),
            Durability::Relaxed => self.syncer.wrote(),
        }
        self.chain = chain;
        self.length += frame.len() as u64;
        self.next_seq += records.len() as u64;
        self.progress
            .written_seq
            .store(self.next_seq, Ordering::Release);
        Ok(())
    }

    /// Close the segment, durable, and begin the next.
    fn rotate(&mut self) -> io::Result<()> {
        let header = Header {
            base_seq: self.next_seq,
            chain: self.chain,
            ..self.header
        };
        let file = Arc::new(create(&Segment::at(&self.folder, self.next_seq), &header)?);
        sync_or_abort(&self.file);
        self.syncer.turn_to(file.clone());
        (self.header, self.file, self.length) = (header, file, HEADER_LEN as u64);
        Ok(())
    }

    /// Undo what was written in part, so that the next frame follows the last whole one.
    fn not_written(&self, error: &io::Error) -> NotWritten {
        tracing::error!(%error, "meter records could not be written; their runs are refused, not billed");
        if self.file.set_len(self.length).is_err() {
            tracing::error!("the meter log could not be cut back to its last whole frame: ending");
            std::process::abort();
        }
        NotWritten
    }
}

/// A new segment with its header. Its room on disk is reserved, so that a full disk shows here and rarely in the middle.
fn create(segment: &Segment, header: &Header) -> io::Result<File> {
    let file = File::options()
        .append(true)
        .create_new(true)
        .open(&segment.path)?;
    let reserved = fallocate(&file, FallocateFlags::KEEP_SIZE, 0, SEGMENT_BYTES_MAX);
    let outcome = match reserved {
        // Some file systems reserve nothing; then a full disk shows at a write.
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
        Err(error) => Err(io::Error::from(error)),
    };
    let outcome = outcome
        .and_then(|()| (&file).write_all(&header.encode()))
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(segment.path.parent().unwrap_or(&segment.path))?.sync_all());
    if outcome.is_err() {
        fs::remove_file(&segment.path).ok();
    }
    outcome.map(|()| file)
}

/// After a failed sync nobody knows what lies on the disk, and asking again would say that all is well. So the process
/// ends, and the next start reads back what is there.
pub(super) fn sync_or_abort(file: &File) {
    if let Err(error) = file.sync_data() {
        tracing::error!(%error, "the meter log could not be made durable: ending");
        std::process::abort();
    }
}
