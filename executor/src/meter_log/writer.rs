//! The end of the log: appends a batch as one frame with one write, and begins a new segment when one is full. Who holds
//! the pen is `commit`'s to say.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cartwright_domain::meter::{ChainHash, RECORD_LEN, encode_frame};
use rustix::fs::{FallocateFlags, fallocate};

use super::Progress;
use super::queue::{NotWritten, Pending};
use super::segment::{HEADER_LEN, Header, Segment};
use super::sync::Syncer;
use crate::config::Durability;

/// The end of the log, where the next frame goes.
pub(super) struct Writer {
    folder: PathBuf,
    header: Header,
    file: Arc<File>,
    length: u64,
    next_seq: u64,
    chain: ChainHash,
    durability: Durability,
    segment_bytes_max: u64,
    syncer: Syncer,
    progress: Arc<Progress>,
    /// Kept between appends, so that none allocates.
    records: Vec<[u8; RECORD_LEN]>,
    frame: Vec<u8>,
}

impl Writer {
    /// Begin a log in this folder, which exists and is the writer's own.
    pub(super) fn begin(
        folder: PathBuf,
        header: Header,
        durability: Durability,
        segment_bytes_max: u64,
        progress: Arc<Progress>,
    ) -> io::Result<Self> {
        let file = Arc::new(create(
            &Segment::at(&folder, header.base_seq),
            &header,
            segment_bytes_max,
            // A process that starts on a full disk must start: it ships what fills it, and sheds runs meanwhile.
            Room::IfThereIs,
        )?);
        let syncer = Syncer::start(file.clone());
        Ok(Self {
            folder,
            file,
            length: HEADER_LEN as u64,
            next_seq: header.base_seq,
            chain: header.chain,
            header,
            durability,
            segment_bytes_max,
            syncer,
            progress,
            records: Vec::new(),
            frame: Vec::new(),
        })
    }

    /// Append these records as one frame, as durable as the log's mode promises.
    pub(super) fn append(&mut self, batch: &[Pending]) -> Result<(), NotWritten> {
        self.records.clear();
        self.records
            .extend(batch.iter().map(|pending| pending.record));
        self.frame.clear();
        let chain = encode_frame(&mut self.frame, self.next_seq, &self.records, &self.chain);
        let length = self.frame.len() as u64;
        if self.length + length > self.segment_bytes_max {
            self.rotate().map_err(|error| self.not_written(&error))?;
        }
        (&*self.file)
            .write_all(&self.frame)
            .map_err(|error| self.not_written(&error))?;
        match self.durability {
            Durability::Strict => sync_or_abort(&self.file),
            Durability::Relaxed => self.syncer.wrote(),
        }
        self.chain = chain;
        self.length += length;
        self.next_seq += self.records.len() as u64;
        self.progress
            .written_seq
            .store(self.next_seq, Ordering::Release);
        Ok(())
    }

    /// Make everything durable. Nothing is appended afterwards.
    pub(super) fn finish(&mut self) {
        // Gives back what was reserved behind the end. That it fails costs room until the segment is removed, no record.
        if let Err(error) = self.file.set_len(self.length) {
            tracing::warn!(%error, "the last segment keeps the room that was reserved for it");
        }
        sync_or_abort(&self.file);
        self.syncer.stop();
    }

    /// Close the segment, durable, and begin the next.
    fn rotate(&mut self) -> io::Result<()> {
        let header = Header {
            base_seq: self.next_seq,
            chain: self.chain,
            ..self.header
        };
        let file = Arc::new(create(
            &Segment::at(&self.folder, self.next_seq),
            &header,
            self.segment_bytes_max,
            Room::Needed,
        )?);
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

/// Whether a segment's room on disk must be there when it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Needed,
    IfThereIs,
}

/// A new segment with its header. Its room on disk is reserved, so that a full disk shows here and rarely in the middle.
fn create(
    segment: &Segment,
    header: &Header,
    segment_bytes_max: u64,
    room: Room,
) -> io::Result<File> {
    let file = File::options()
        .append(true)
        .create_new(true)
        .open(&segment.path)?;
    let reserved = fallocate(&file, FallocateFlags::KEEP_SIZE, 0, segment_bytes_max);
    let outcome = match reserved {
        // Some file systems reserve nothing; then a full disk shows at a write.
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
        Err(rustix::io::Errno::NOSPC) if room == Room::IfThereIs => Ok(()),
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
