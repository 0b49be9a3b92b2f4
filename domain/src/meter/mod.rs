//! The meter record, and the frames in which an executor's log holds records and billing receives them.

mod frame;
mod record;

pub use frame::{
    ChainHash, FRAME_HEADER_LEN, Frame, FrameError, RECORDS_PER_FRAME_MAX, decode_frame,
    encode_frame,
};
pub use record::{MeterRecord, RECORD_LEN, RecordError};
