//! What a writer left behind that is no more: where its log ends. A crash may tear the last frame, which nobody was
//! answered for; everything before it stands.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use cartwright_domain::ids::WriterId;
use cartwright_domain::meter::{FrameError, decode_frame};

use super::segment::{HEADER_LEN, Header, Segment};

/// A log whose writer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recovered {
    pub(super) writer_id: WriterId,
    pub(super) started_at_ms: u64,
    pub(super) engine_epoch: u16,
    /// The sequence number after the last record.
    pub(super) end_seq: u64,
    /// Bytes of a torn frame that were cut off.
    pub(super) torn_bytes: u64,
}

/// Find the end of the log in this folder and cut a torn tail off. `None` when it holds no record.
pub(super) fn recover(folder: &Path) -> io::Result<Option<Recovered>> {
    let mut segments = Segment::all(folder)?;
    while let Some(last) = segments.pop() {
        let Some((_, header)) = last.open()? else {
            // The process ended while it made this file, so nothing was in it yet.
            fs::remove_file(&last.path)?;
            continue;
        };
        let bytes = fs::read(&last.path)?;
        let (end_seq, end) = whole_frames(&bytes, &header);
        let torn_bytes = (bytes.len() - end) as u64;
        // Also where nothing is torn: it gives back the room that was reserved behind the end.
        cut(&last.path, end as u64)?;
        if end_seq == 0 {
            return Ok(None);
        }
        return Ok(Some(Recovered {
            writer_id: header.writer_id,
            started_at_ms: header.started_at_ms,
            engine_epoch: header.engine_epoch,
            end_seq,
            torn_bytes,
        }));
    }
    Ok(None)
}

/// The sequence number and the offset after the last whole frame.
fn whole_frames(bytes: &[u8], header: &Header) -> (u64, usize) {
    let (mut seq, mut at, mut chain) = (header.base_seq, HEADER_LEN, header.chain);
    loop {
        match decode_frame(&bytes[at..], Some(&chain)) {
            Ok(frame) => {
                at += frame.encoded_len;
                seq = frame.base_seq + frame.records.len() as u64;
                chain = frame.chain;
            }
            Err(FrameError::Truncated) => return (seq, at),
            Err(why) => {
                // After a power loss the tail may hold anything, since its blocks were not all written.
                tracing::warn!(%why, offset = at, "the meter log ends in bytes that are no frame");
                return (seq, at);
            }
        }
    }
}

fn cut(path: &Path, length: u64) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    file.set_len(length)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use cartwright_domain::meter::{RECORD_LEN, encode_frame};

    use super::super::reader::Reader;
    use super::super::segment::tests::header;
    use super::*;
    use crate::scratch::Folder;

    /// A segment that begins at record 10, with frames of 2, 1 and 3 records; and where each frame ends.
    fn segment() -> (Vec<u8>, Vec<(u64, usize)>) {
        let header = header(10);
        let mut bytes = header.encode().to_vec();
        let (mut chain, mut seq) = (header.chain, 10);
        let mut ends = vec![(seq, bytes.len())];
        for count in [2, 1, 3] {
            chain = encode_frame(&mut bytes, seq, &vec![[0; RECORD_LEN]; count], &chain);
            seq += count as u64;
            ends.push((seq, bytes.len()));
        }
        (bytes, ends)
    }

    #[test]
    fn a_log_cut_at_any_byte_keeps_every_whole_frame_and_nothing_else() {
        let (bytes, ends) = segment();
        for length in 0..=bytes.len() {
            let folder = Folder::new();
            let path = Segment::at(folder.path(), 10).path;
            fs::write(&path, &bytes[..length]).unwrap();
            let recovered = recover(folder.path()).unwrap();
            let Some((seq, end)) = ends.iter().rev().find(|(_, end)| *end <= length) else {
                assert_eq!((recovered, path.exists()), (None, false), "cut at {length}");
                continue;
            };
            let recovered = recovered.expect("the header is whole");
            assert_eq!(recovered.end_seq, *seq, "cut at {length}");
            assert_eq!(
                fs::metadata(&path).unwrap().len(),
                *end as u64,
                "cut at {length}"
            );
            let read = Reader::new(folder.path().to_owned(), 10)
                .read(*seq, 100)
                .unwrap();
            assert_eq!(read.map_or(10, |batch| batch.next), *seq, "cut at {length}");
        }
    }

    #[test]
    fn a_changed_byte_ends_the_log_before_its_frame() {
        let (bytes, ends) = segment();
        for at in HEADER_LEN..bytes.len() {
            let folder = Folder::new();
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(Segment::at(folder.path(), 10).path, &changed).unwrap();
            let last_good = ends.iter().rev().find(|(_, end)| *end <= at).unwrap();
            let recovered = recover(folder.path()).unwrap().unwrap();
            assert_eq!(recovered.end_seq, last_good.0, "byte {at}");
        }
    }

    #[test]
    fn a_folder_without_records_has_no_log() {
        let folder = Folder::new();
        assert_eq!(recover(folder.path()).unwrap(), None);
        fs::write(Segment::at(folder.path(), 0).path, header(0).encode()).unwrap();
        assert_eq!(recover(folder.path()).unwrap(), None);
    }
}
