//! A segment: one file of a writer's log. A header says whose it is and where in the sequence it begins; frames follow.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cartwright_domain::ids::WriterId;
use cartwright_domain::meter::ChainHash;
use sha2::{Digest, Sha256};

/// Length of a segment's header, in bytes.
pub(super) const HEADER_LEN: usize = 64;

/// A segment that has grown to this length is closed and the next one begun.
pub(super) const SEGMENT_BYTES_MAX: u64 = 64 << 20;

const MAGIC: [u8; 8] = *b"cwseg\0\0\x01";
const EXTENSION: &str = "seg";

/// What stands at the head of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Whose log it is.
    pub(super) writer_id: WriterId,
    /// When the writer's process started, in milliseconds since the Unix epoch.
    pub(super) started_at_ms: u64,
    /// The engine of that process.
    pub(super) engine_epoch: u16,
    /// Sequence number of the first record.
    pub(super) base_seq: u64,
    /// The chain up to the segment before.
    pub(super) chain: ChainHash,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..24].copy_from_slice(self.writer_id.as_bytes());
        bytes[24..32].copy_from_slice(&self.started_at_ms.to_le_bytes());
        bytes[32..34].copy_from_slice(&self.engine_epoch.to_le_bytes());
        bytes[34..42].copy_from_slice(&self.base_seq.to_le_bytes());
        bytes[42..58].copy_from_slice(&self.chain);
        let check = checksum(&bytes);
        bytes[58..].copy_from_slice(&check);
        bytes
    }

    /// The header that these bytes are; `None` when they are none, such as after a crash while the file was made.
    pub(super) fn decode(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        if bytes[..8] != MAGIC || bytes[58..] != checksum(bytes) {
            return None;
        }
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        Some(Self {
            writer_id: WriterId::from_bytes(bytes[8..24].try_into().expect("16 bytes")),
            started_at_ms: number(24),
            engine_epoch: u16::from_le_bytes([bytes[32], bytes[33]]),
            base_seq: number(34),
            chain: bytes[42..58].try_into().expect("16 bytes"),
        })
    }
}

fn checksum(bytes: &[u8; HEADER_LEN]) -> [u8; 6] {
    Sha256::digest(&bytes[..58])[..6]
        .try_into()
        .expect("a SHA-256 has 32 bytes")
}

/// A segment's file, by its place in the sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) base_seq: u64,
    pub(super) path: PathBuf,
}

impl Segment {
    /// The segment of this folder that begins at this record.
    pub(super) fn at(folder: &Path, base_seq: u64) -> Self {
        let path = folder.join(format!("{base_seq:020}.{EXTENSION}"));
        Self { base_seq, path }
    }

    /// Every segment of a folder, in sequence.
    pub(super) fn all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_segment = path.extension().is_some_and(|end| end == EXTENSION);
            let base_seq = path
                .file_stem()
                .and_then(|name| name.to_str()?.parse().ok());
            if let (true, Some(base_seq)) = (is_segment, base_seq) {
                segments.push(Self { base_seq, path });
            }
        }
        segments.sort_by_key(|segment| segment.base_seq);
        Ok(segments)
    }

    /// Open it and read its header; `None` when the header is torn or another's.
    pub(super) fn open(&self) -> io::Result<Option<(File, Header)>> {
        let mut file = File::open(&self.path)?;
        let mut bytes = [0; HEADER_LEN];
        match file.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let header = Header::decode(&bytes).filter(|header| header.base_seq == self.base_seq);
        Ok(header.map(|header| (file, header)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::meter_log) fn header(base_seq: u64) -> Header {
        Header {
            writer_id: WriterId::from_bytes([7; 16]),
            started_at_ms: 1_700_000_000_000,
            engine_epoch: 1,
            base_seq,
            chain: [9; 16],
        }
    }

    #[test]
    fn a_header_reads_back_and_a_changed_byte_is_noticed() {
        let bytes = header(42).encode();
        assert_eq!(Header::decode(&bytes), Some(header(42)));
        for at in 0..HEADER_LEN {
            let mut changed = bytes;
            changed[at] ^= 1;
            assert_eq!(Header::decode(&changed), None, "byte {at}");
        }
    }

    #[test]
    fn segments_are_listed_in_sequence_and_other_files_are_not() {
        let folder = crate::scratch::Folder::new();
        for name in [
            "lock",
            "x.seg",
            "00000000000000000500.seg",
            "00000000000000000000.seg",
        ] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let found: Vec<u64> = Segment::all(folder.path())
            .unwrap()
            .iter()
            .map(|s| s.base_seq)
            .collect();
        assert_eq!(found, [0, 500]);
    }
}
