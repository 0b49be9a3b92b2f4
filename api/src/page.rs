//! Lists in pages: `limit`, an opaque cursor that names where the page before ended, `next_cursor`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::error::ApiError;

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 100;

/// Which page a caller wants.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageRequest {
    /// Entries at most, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; absent for the first.
    cursor: Option<String>,
}

impl PageRequest {
    /// Rows to fetch: one more than the page holds, which tells whether another page follows.
    pub(crate) fn rows(&self) -> Result<i64, ApiError> {
        Ok(i64::from(self.limit()?) + 1)
    }

    /// Where the page before ended: the key that [`Page::of`] was given for its last entry. `None` on the first page.
    pub(crate) fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let key = URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let refusal = || {
            ApiError::Invalid(
                "`cursor` must be the `next_cursor` of the page before, unchanged".to_owned(),
            )
        };
        key.map(Some).ok_or_else(refusal)
    }

    /// Entries of a page.
    pub(crate) fn limit(&self) -> Result<u32, ApiError> {
        match self.limit {
            None => Ok(LIMIT_DEFAULT),
            Some(limit @ 1..=LIMIT_MAX) => Ok(limit),
            Some(other) => Err(ApiError::Invalid(format!(
                "`limit` must be 1 to {LIMIT_MAX}; got {other}"
            ))),
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries.
    data: Vec<T>,
    /// Send as `cursor` for the next page; null at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page that these rows make, fetched with [`PageRequest::rows`]; `key` names an entry's place in the order.
    pub(crate) fn of<K: Serialize>(
        mut rows: Vec<T>,
        request: &PageRequest,
        key: impl Fn(&T) -> K,
    ) -> Result<Self, ApiError> {
        let limit = request.limit()? as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows
            .last()
            .filter(|_| more)
            .map(|last| cursor_at(&key(last)));
        Ok(Self {
            data: rows,
            next_cursor,
        })
    }

    /// A page whose rows another role cut to size, with the key at which the next begins.
    pub(crate) fn with_next<K: Serialize>(data: Vec<T>, next: Option<K>) -> Self {
        Self {
            data,
            next_cursor: next.map(|key| cursor_at(&key)),
        }
    }

    /// A list that is always whole.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
        }
    }
}

/// A cursor that names this place.
pub(crate) fn cursor_at(key: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).expect("a key is ids, numbers and text"))
}

/// Where a moment begins in a list by id: the lowest UUIDv7 of it.
pub(crate) fn first_id_at(at: DateTime<Utc>) -> Uuid {
    let unix_ms = u64::try_from(at.timestamp_millis())
        .unwrap_or(0)
        .min((1 << 48) - 1);
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&unix_ms.to_be_bytes()[2..]);
    Uuid::from_bytes(bytes)
}

/// When something was made: the time inside its UUIDv7.
pub(crate) fn made_at(id: Uuid) -> DateTime<Utc> {
    let unix_ms = i64::try_from(id.as_u128() >> 80).expect("48 bits are left");
    DateTime::from_timestamp_millis(unix_ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(limit: Option<u32>, cursor: Option<String>) -> PageRequest {
        PageRequest { limit, cursor }
    }

    #[test]
    fn a_page_names_its_last_entry_when_more_follow() {
        let first = request(Some(2), None);
        assert_eq!(first.rows().unwrap(), 3);
        let page = Page::of(vec![1, 2, 3], &first, |n| *n).unwrap();
        assert_eq!(page.data, [1, 2]);
        let second = request(Some(2), page.next_cursor);
        assert_eq!(second.after::<i32>().unwrap(), Some(2));
        let last = Page::of(vec![3], &second, |n| *n).unwrap();
        assert!(last.next_cursor.is_none());
    }

    #[test]
    fn an_id_has_the_time_at_which_lists_look_for_it() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let moment = at("2026-11-21T20:00:00.123Z");
        assert_eq!(made_at(first_id_at(moment)), moment);
        assert_eq!(first_id_at(at("0001-01-01T00:00:00Z")), Uuid::nil());
        assert!(first_id_at(DateTime::<Utc>::MAX_UTC) > first_id_at(at("9999-12-31T00:00:00Z")));
    }

    #[test]
    fn what_is_no_limit_or_no_cursor_is_refused() {
        for limit in [0, 101, u32::MAX] {
            assert!(request(Some(limit), None).rows().is_err());
        }
        for cursor in ["", "!", "bm90IGpzb24", &"A".repeat(10_000)] {
            let request = request(None, Some(cursor.to_owned()));
            assert!(request.after::<i64>().is_err(), "{cursor}");
        }
    }
}
