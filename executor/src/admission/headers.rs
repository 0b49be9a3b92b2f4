//! The headers of the contract, and a way to write many short values with one allocation.

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue};

pub(crate) const REQUEST_ID: HeaderName = cartwright_role::request::REQUEST_ID;
pub(super) const TENANT: HeaderName = HeaderName::from_static("cartwright-tenant");
pub(super) const INVOCATION_ID: HeaderName = HeaderName::from_static("cartwright-invocation-id");
pub(super) const VERSION: HeaderName = HeaderName::from_static("cartwright-version");
pub(super) const FUEL: HeaderName = HeaderName::from_static("cartwright-fuel");
pub(super) const MEMORY_PEAK: HeaderName = HeaderName::from_static("cartwright-memory-peak");
pub(super) const DURATION_US: HeaderName = HeaderName::from_static("cartwright-duration-us");
pub(super) const INPUT_QUERY: HeaderName = HeaderName::from_static("cartwright-input-query");
pub(super) const COST: HeaderName = HeaderName::from_static("cartwright-cost");
pub(super) const CACHE: HeaderName = HeaderName::from_static("cartwright-cache");
pub(crate) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// All values of one answer, a few hundred bytes.
const CAPACITY: usize = 384;

/// Header values written one after the other into one buffer.
pub(super) struct Values(BytesMut);

impl Values {
    pub(super) fn new() -> Self {
        Self(BytesMut::with_capacity(CAPACITY))
    }

    /// The value that `write` writes, which must be visible ASCII.
    pub(super) fn value(&mut self, value: impl std::fmt::Display) -> HeaderValue {
        use std::fmt::Write as _;

        write!(self.0, "{value}").expect("a buffer in memory takes it");
        header_value(self.0.split().freeze())
    }
}

fn header_value(bytes: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes).expect("numbers, ids and words are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_written_into_one_buffer_stay_apart() {
        let mut values = Values::new();
        let written = [
            values.value(12),
            values.value("x y"),
            values.value("z".repeat(CAPACITY)),
        ];
        assert_eq!(written[0], "12");
        assert_eq!(written[1], "x y");
        assert_eq!(written[2].len(), CAPACITY);
    }
}
