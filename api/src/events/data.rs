//! The data of an event: what of it is refused, and where it is kept.

use std::ops::RangeInclusive;

use bytes::Bytes;
use cartwright_domain::ids::TenantId;
use chrono::{DateTime, Datelike, Utc};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::EventData;
use crate::clients::object_store::{ObjectStore, event_key};
use crate::error::ApiError;
use crate::page::made_at;

/// Bytes of data that one event has at most.
pub(crate) const BYTES_MAX: usize = 1 << 20;

/// Up to so many bytes stand in the row; more go to the object store.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// Arrays and objects that nest. Readers of JSON give up at 128, and the data stands in the envelope of a run.
const DEPTH_MAX: usize = 100;

/// The rule that data breaks which is JSON already, if it breaks one.
pub(crate) fn flaw(data: &[u8]) -> Option<String> {
    if data.len() > BYTES_MAX {
        return Some(format!(
            "must have at most {BYTES_MAX} bytes; got {}",
            data.len()
        ));
    }
    let depth = depth(data);
    if depth > DEPTH_MAX {
        return Some(format!("must nest at most {DEPTH_MAX} deep; got {depth}"));
    }
    let unreadable = serde_json::from_slice::<Readable>(data).err()?;
    Some(format!("must be JSON that can be read: {unreadable}"))
}

/// JSON whose every number and text can be read, which passing over them does not tell: `1e400` is no number that anybody has, and
/// a lone `\ud800` no text.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        while elements.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

/// The years of the times that we keep. Ids carry none before 1970, and RFC 3339 has none after 9999.
const YEARS: RangeInclusive<i32> = 1970..=9999;

/// Whether this is a time that an event may have.
pub(crate) fn is_time(at: DateTime<Utc>) -> bool {
    YEARS.contains(&at.year())
}

fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Put the data where it is kept until its event is. The key is the digest's, so that a repeat leaves no second object, and the
/// day's inside the event's id: events share an object only with those that are dropped together with them.
pub(crate) async fn keep(
    store: &ObjectStore,
    tenant: TenantId,
    event_id: Uuid,
    data: Bytes,
) -> Result<EventData, ApiError> {
    if data.len() <= INLINE_BYTES_MAX {
        return Ok(EventData::Inline(data));
    }
    let sha256: [u8; 32] = Sha256::digest(&data).into();
    let object_key = key(tenant, event_id, &sha256);
    let bytes = u32::try_from(data.len()).map_err(anyhow::Error::from)?;
    store.put(&object_key, data, "application/json").await?;
    Ok(EventData::Stored {
        object_key,
        bytes,
        sha256,
    })
}

fn key(tenant: TenantId, event_id: Uuid, sha256: &[u8; 32]) -> String {
    event_key(tenant, made_at(event_id).date_naive(), sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_lies_under_the_day_inside_its_events_id() {
        // The last millisecond of a day, and the first of the next.
        let midnight = 1_795_132_800_000_u128;
        for (ms, day) in [(midnight - 1, "20261119"), (midnight, "20261120")] {
            let key = key(TenantId::new(), Uuid::from_u128(ms << 80), &[7; 32]);
            assert!(key.contains(&format!("/{day}/")), "{key}");
        }
    }

    #[test]
    fn brackets_in_texts_do_not_nest() {
        for (json, expected) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[{}]}"#, 3),
            (r#"["[[[", "\"[[", "\\", {}]"#, 2),
        ] {
            assert_eq!(depth(json.as_bytes()), expected, "{json}");
        }
        let nested = |deep: usize| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
        assert!(flaw(nested(101).as_bytes()).is_some());
        assert!(flaw(nested(100).as_bytes()).is_none());
    }

    #[test]
    fn what_nobody_can_read_is_refused_with_its_place() {
        for json in [
            r#"{"n": [1e400]}"#,
            r#"{"t": "\ud800"}"#,
            r#"{"\udc00": 1}"#,
            r#""\ud83d.""#,
            "-1e999",
        ] {
            let rule = flaw(json.as_bytes()).expect(json);
            assert!(rule.contains("at line 1 column "), "{rule}");
        }
        for json in [
            r#"{"n": [1e308, -1e-400, 12345678901234567890123, 18446744073709551615, -1, null, true]}"#,
            r#"["\ud83d\ude00", "\u0000", "\\ud800", {"a": {"b": ""}}]"#,
        ] {
            assert_eq!(flaw(json.as_bytes()), None, "{json}");
        }
    }
}
