//! The frames of a batch as records: whole, unbroken, and following what was taken in before. Else nothing of it is.

use cartwright_domain::meter::{
    ChainHash, FRAME_HEADER_LEN, FrameError, MeterRecord, RECORD_LEN, decode_frame,
};
use sha2::{Digest, Sha256};

use super::RECORDS_MAX;
use crate::error::BillingError;

/// A batch that was read.
pub(super) struct Batch {
    /// Its records, in sequence. At least one.
    pub(super) records: Vec<MeterRecord>,
    /// The records as they came, one after the other.
    pub(super) bytes: Vec<u8>,
    /// The log's hash chain after them.
    pub(super) chain: ChainHash,
    /// SHA-256 of the whole body.
    pub(super) sha256: [u8; 32],
}

/// Read a batch that begins at `lo`, after a log whose chain is `chain`.
pub(super) fn read(body: &[u8], lo: u64, chain: &ChainHash) -> Result<Batch, BillingError> {
    let mut batch = Batch {
        records: Vec::with_capacity(body.len() / RECORD_LEN),
        bytes: Vec::with_capacity(body.len()),
        chain: *chain,
        sha256: Sha256::digest(body).into(),
    };
    let mut rest = body;
    while !rest.is_empty() {
        let at = body.len() - rest.len();
        let frame = decode_frame(rest, Some(&batch.chain)).map_err(|error| broken(at, error))?;
        let expected = lo + batch.records.len() as u64;
        if frame.base_seq != expected {
            return Err(BillingError::Invalid(format!(
                "the frame at byte {at} begins with record {} where {expected} is next",
                frame.base_seq
            )));
        }
        batch
            .bytes
            .extend_from_slice(&rest[FRAME_HEADER_LEN..frame.encoded_len]);
        batch.records.extend(frame.records);
        batch.chain = frame.chain;
        rest = &rest[frame.encoded_len..];
        if batch.records.len() > RECORDS_MAX {
            return Err(BillingError::TooLarge(format!(
                "a batch has at most {RECORDS_MAX} records"
            )));
        }
    }
    if batch.records.is_empty() {
        return Err(BillingError::Invalid("the batch has no frame".to_owned()));
    }
    Ok(batch)
}

fn broken(at: usize, error: FrameError) -> BillingError {
    BillingError::Invalid(format!(
        "at byte {at}: {error}; nothing of the batch was taken in"
    ))
}
