//! The headers of the contract, and a way to write many short values with one allocation.

use std::time::Duration;

use bytes::BytesMut;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

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

    /// This value as it shows itself, which must be visible ASCII.
    pub(super) fn value(&mut self, value: impl std::fmt::Display) -> HeaderValue {
        self.written(|text| text.shown(value))
    }

    pub(super) fn number(&mut self, number: u64) -> HeaderValue {
        self.written(|text| text.number(number))
    }

    pub(super) fn id(&mut self, id: Uuid) -> HeaderValue {
        let mut letters = Uuid::encode_buffer();
        let id = id.hyphenated().encode_lower(&mut letters);
        self.written(|text| text.text(id))
    }

    /// The value that `write` writes, which must be visible ASCII.
    pub(super) fn written(&mut self, write: impl FnOnce(&mut Text)) -> HeaderValue {
        let mut text = Text(std::mem::take(&mut self.0));
        write(&mut text);
        self.0 = text.0;
        let value = HeaderValue::from_maybe_shared(self.0.split().freeze());
        value.expect("numbers, ids and words are visible ASCII")
    }
}

/// A value that is being written, without the detours of formatting: every answer has ten of them.
pub(super) struct Text(BytesMut);

impl Text {
    pub(super) fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn number(&mut self, number: u64) {
        self.text(itoa::Buffer::new().format(number));
    }

    /// Milliseconds with three places.
    pub(super) fn millis(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.number(us / 1_000);
        // Four digits, of which the first gives way to the point.
        let mut digits = itoa::Buffer::new();
        self.text(".");
        self.text(&digits.format(1_000 + us % 1_000)[1..]);
    }

    /// What shows itself in its own way.
    pub(super) fn shown(&mut self, value: impl std::fmt::Display) {
        use std::fmt::Write as _;

        write!(self.0, "{value}").expect("a buffer in memory takes it");
    }
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

    #[test]
    fn numbers_ids_and_times_are_written_as_they_show_themselves() {
        let mut values = Values::new();
        let id = Uuid::now_v7();
        assert_eq!(values.id(id), id.to_string());
        assert_eq!(values.number(u64::MAX), u64::MAX.to_string());
        for (ns, text) in [
            (0, "0.000"),
            (7_000, "0.007"),
            (1_234_567, "1.234"),
            (60_000_000_000, "60000.000"),
        ] {
            let written = values.written(|text| text.millis(Duration::from_nanos(ns)));
            assert_eq!(written, text);
        }
    }
}
