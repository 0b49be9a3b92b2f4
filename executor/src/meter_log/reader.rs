//! Reads a writer's log in sequence, a batch of whole frames at a time: what is sent to billing.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use bytes::Bytes;
use cartwright_domain::meter::{ChainHash, FrameError, decode_frame};

use super::segment::{HEADER_LEN, Segment};

/// Read from a segment at a time: a little more than the largest batch.
const READ_BYTES: usize = 3 << 20;

/// Frames that follow each other, as they lie in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    /// Sequence number of the first record.
    pub(super) lo: u64,
    /// The sequence number after the last record.
    pub(super) next: u64,
    /// When the first record's run was admitted.
    pub(super) oldest_unix_ms: u64,
    /// The frames.
    pub(super) frames: Bytes,
}

/// Why the log cannot be read further.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The disk failed.
    #[error("the meter log cannot be read")]
    Io(#[from] io::Error),
    /// Bytes that were written are not what they were.
    #[error("{path} is damaged at byte {offset}: {why}")]
    Damaged {
        path: PathBuf,
        offset: u64,
        why: FrameError,
    },
    /// No segment holds this record: it was removed, or never written here.
    #[error("record {0} is not in this log")]
    Absent(u64),
}

/// A place in a writer's log.
pub(super) struct Reader {
    folder: PathBuf,
    next_seq: u64,
    open: Option<Open>,
}

struct Open {
    segment: Segment,
    file: File,
    offset: u64,
    chain: ChainHash,
}

impl Reader {
    /// Reads from this record on, which must be the first of a frame.
    pub(super) fn new(folder: PathBuf, next_seq: u64) -> Self {
        Self {
            folder,
            next_seq,
            open: None,
        }
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Go on reading from another record.
    pub(super) fn seek(&mut self, next_seq: u64) {
        if next_seq != self.next_seq {
            (self.next_seq, self.open) = (next_seq, None);
        }
    }

    /// The next frames below `end_seq`, up to `rows_max` records but at least one frame; `None` when there are none.
    pub(super) fn read(
        &mut self,
        end_seq: u64,
        rows_max: usize,
    ) -> Result<Option<Batch>, ReadError> {
        while self.next_seq < end_seq {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => self.find()?,
            };
            let batch = open.read(self.next_seq, end_seq, rows_max)?;
            match batch {
                Some(batch) => {
                    self.next_seq = batch.next;
                    self.open = Some(open);
                    return Ok(Some(batch));
                }
                // The segment ends here, so the next one must begin here.
                None if Segment::at(&self.folder, self.next_seq) != open.segment => {
                    self.open = Some(
                        Open::begin(Segment::at(&self.folder, self.next_seq))
                            .map_err(|error| self.absent(error))?,
                    );
                }
                None => return Err(ReadError::Absent(self.next_seq)),
            }
        }
        Ok(None)
    }

    /// Open the segment that holds the next record and step to its frame.
    fn find(&self) -> Result<Open, ReadError> {
        let segments = Segment::all(&self.folder)?;
        let holder = segments
            .into_iter()
            .rev()
            .find(|segment| segment.base_seq <= self.next_seq)
            .ok_or(ReadError::Absent(self.next_seq))?;
        let mut open = Open::begin(holder).map_err(|error| self.absent(error))?;
        let mut seq = open.segment.base_seq;
        while seq < self.next_seq {
            match open.read(seq, self.next_seq, usize::MAX)? {
                Some(batch) => seq = batch.next,
                // It ends at or before the wanted record, which then begins the next segment.
                None => break,
            }
        }
        Ok(open)
    }

    fn absent(&self, error: ReadError) -> ReadError {
        match error {
            ReadError::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                ReadError::Absent(self.next_seq)
            }
            other => other,
        }
    }
}

impl Open {
    fn begin(segment: Segment) -> Result<Self, ReadError> {
        let (file, header) = segment.open()?.ok_or_else(|| ReadError::Damaged {
            path: segment.path.clone(),
            offset: 0,
            why: FrameError::Magic,
        })?;
        Ok(Self {
            segment,
            file,
            offset: HEADER_LEN as u64,
            chain: header.chain,
        })
    }

    fn read(&mut self, lo: u64, end_seq: u64, rows_max: usize) -> Result<Option<Batch>, ReadError> {
        let bytes = self.bytes_from(self.offset)?;
        let (mut taken, mut next, mut oldest_unix_ms) = (0, lo, 0);
        while next < end_seq && taken < bytes.len() {
            let frame = match decode_frame(&bytes[taken..], Some(&self.chain)) {
                Ok(frame) => frame,
                // The rest of the frame lies beyond what was read.
                Err(FrameError::Truncated) if taken > 0 && bytes.len() == READ_BYTES => break,
                Err(why) => {
                    let (path, offset) = (self.segment.path.clone(), self.offset + taken as u64);
                    return Err(ReadError::Damaged { path, offset, why });
                }
            };
            let rows = usize::try_from(next - lo).expect("a batch is small") + frame.records.len();
            if taken > 0 && rows > rows_max {
                break;
            }
            if taken == 0 {
                oldest_unix_ms = frame
                    .records
                    .first()
                    .map_or(0, |record| record.invocation_id.unix_ms());
            }
            taken += frame.encoded_len;
            next = frame.base_seq + frame.records.len() as u64;
            self.chain = frame.chain;
        }
        self.offset += taken as u64;
        let frames = Bytes::from(bytes).slice(..taken);
        Ok((taken > 0).then_some(Batch {
            lo,
            next,
            oldest_unix_ms,
            frames,
        }))
    }

    fn bytes_from(&self, offset: u64) -> io::Result<Vec<u8>> {
        let left = self.file.metadata()?.len().saturating_sub(offset);
        let mut bytes =
            vec![0; usize::try_from(left).map_or(READ_BYTES, |left| left.min(READ_BYTES))];
        let mut filled = 0;
        while filled < bytes.len() {
            match self
                .file
                .read_at(&mut bytes[filled..], offset + filled as u64)?
            {
                0 => break,
                more => filled += more,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}
