//! A frame: records that were written together, with their place in the writer's sequence, a checksum, and a hash chain
//! that ties each frame to all before it. The same bytes lie in the log on disk and travel to billing.

use sha2::{Digest, Sha256};

use super::record::{MeterRecord, RECORD_LEN, RecordError};

/// Length of a frame's header, in bytes.
pub const FRAME_HEADER_LEN: usize = 36;

/// Most records in one frame, so that a reader knows how much it may have to hold.
pub const RECORDS_PER_FRAME_MAX: usize = 1024;

/// "cwm1": a frame of this version.
const MAGIC: [u8; 4] = *b"cwm1";

/// SHA-256, cut to 128 bits, over the previous frame's hash and this frame's place and records.
pub type ChainHash = [u8; 16];

/// A frame that was read, whole and unbroken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Sequence number of the first record.
    pub base_seq: u64,
    /// The records, in sequence.
    pub records: Vec<MeterRecord>,
    /// The chain up to and with this frame.
    pub chain: ChainHash,
    /// How many bytes of the input the frame took.
    pub encoded_len: usize,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The bytes end inside the frame: a torn write, when it is the last of a log.
    #[error("the frame is cut off")]
    Truncated,
    /// No frame begins here.
    #[error("no frame begins here")]
    Magic,
    /// A frame says that it has no records, or more than [`RECORDS_PER_FRAME_MAX`].
    #[error("the frame's count is out of range")]
    Count,
    /// The bytes are not those that were written.
    #[error("the frame's checksum does not match")]
    Checksum,
    /// The frame does not follow the one before it.
    #[error("the frame does not continue the chain")]
    Chain,
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Append a frame of these records to `out`, and give the chain's new end.
///
/// # Panics
/// When there are no records or more than [`RECORDS_PER_FRAME_MAX`]: the writer decides how many it takes.
pub fn encode_frame(
    out: &mut Vec<u8>,
    base_seq: u64,
    records: &[[u8; RECORD_LEN]],
    previous: &ChainHash,
) -> ChainHash {
    assert!(
        (1..=RECORDS_PER_FRAME_MAX).contains(&records.len()),
        "a frame of {} records",
        records.len()
    );
    let count = u32::try_from(records.len()).expect("at most RECORDS_PER_FRAME_MAX");
    let body = records.as_flattened();
    let chain = chain_of(previous, base_seq, count, body);
    let start = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&base_seq.to_le_bytes());
    out.extend_from_slice(&chain);
    let checksum = checksum_of(&out[start..start + 32], body);
    out.extend_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(body);
    chain
}

/// Read the frame at the beginning of `bytes`. `previous` is the chain so far; `None` where reading begins in its middle.
///
/// # Errors
/// See [`FrameError`]. Nothing of a broken frame is returned.
pub fn decode_frame(bytes: &[u8], previous: Option<&ChainHash>) -> Result<Frame, FrameError> {
    let header = bytes.get(..FRAME_HEADER_LEN).ok_or(FrameError::Truncated)?;
    if header[..4] != MAGIC {
        return Err(FrameError::Magic);
    }
    let count = u32::from_le_bytes(header[4..8].try_into().expect("four bytes"));
    let base_seq = u64::from_le_bytes(header[8..16].try_into().expect("eight bytes"));
    let chain: ChainHash = header[16..32].try_into().expect("sixteen bytes");
    let checksum = u32::from_le_bytes(header[32..36].try_into().expect("four bytes"));
    if !(1..=RECORDS_PER_FRAME_MAX).contains(&(count as usize)) {
        return Err(FrameError::Count);
    }
    let encoded_len = FRAME_HEADER_LEN + count as usize * RECORD_LEN;
    let body = bytes
        .get(FRAME_HEADER_LEN..encoded_len)
        .ok_or(FrameError::Truncated)?;
    if checksum_of(&header[..32], body) != checksum {
        return Err(FrameError::Checksum);
    }
    if previous.is_some_and(|previous| chain_of(previous, base_seq, count, body) != chain) {
        return Err(FrameError::Chain);
    }
    let (records, _) = body.as_chunks::<RECORD_LEN>();
    let records = records
        .iter()
        .map(MeterRecord::decode)
        .collect::<Result<_, _>>()?;
    Ok(Frame {
        base_seq,
        records,
        chain,
        encoded_len,
    })
}

fn chain_of(previous: &ChainHash, base_seq: u64, count: u32, body: &[u8]) -> ChainHash {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(base_seq.to_le_bytes());
    hash.update(count.to_le_bytes());
    hash.update(body);
    hash.finalize()[..16]
        .try_into()
        .expect("a SHA-256 has 32 bytes")
}

fn checksum_of(header: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::record::tests::record;

    fn two_frames() -> (Vec<u8>, ChainHash) {
        let mut bytes = Vec::new();
        let first = encode_frame(
            &mut bytes,
            0,
            &[record(1).encode(), record(2).encode()],
            &[0; 16],
        );
        let second = encode_frame(&mut bytes, 2, &[record(3).encode()], &first);
        (bytes, second)
    }

    #[test]
    fn frames_read_back_in_sequence() {
        let (bytes, end) = two_frames();
        let first = decode_frame(&bytes, Some(&[0; 16])).unwrap();
        assert_eq!((first.base_seq, first.records.len()), (0, 2));
        let second = decode_frame(&bytes[first.encoded_len..], Some(&first.chain)).unwrap();
        assert_eq!(
            (second.base_seq, second.records, second.chain),
            (2, vec![record(3)], end)
        );
    }

    #[test]
    fn a_frame_cut_at_any_byte_is_truncated() {
        let (bytes, _) = two_frames();
        let length = decode_frame(&bytes, None).unwrap().encoded_len;
        for cut in 0..length {
            assert_eq!(
                decode_frame(&bytes[..cut], None),
                Err(FrameError::Truncated),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let (bytes, _) = two_frames();
        let length = decode_frame(&bytes, None).unwrap().encoded_len;
        for at in 0..length {
            let mut changed = bytes[..length].to_vec();
            changed[at] ^= 0x10;
            assert!(decode_frame(&changed, Some(&[0; 16])).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_frame_taken_out_breaks_the_chain() {
        let (bytes, _) = two_frames();
        let first = decode_frame(&bytes, None).unwrap();
        assert_eq!(
            decode_frame(&bytes[first.encoded_len..], Some(&[0; 16])),
            Err(FrameError::Chain)
        );
    }
}
