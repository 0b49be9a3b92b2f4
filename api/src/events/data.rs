//! The data of an event: what of it is refused, and where it is kept.

use bytes::Bytes;
use cartwright_domain::ids::TenantId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::EventData;
use super::read::made_at;
use crate::clients::object_store::{ObjectStore, event_key};
use crate::error::ApiError;

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
    (depth > DEPTH_MAX).then(|| format!("must nest at most {DEPTH_MAX} deep; got {depth}"))
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
        assert!(flaw("[".repeat(101).as_bytes()).is_some());
        assert!(flaw("[".repeat(100).as_bytes()).is_none());
    }
}
