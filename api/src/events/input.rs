//! What a function gets of an event. The data goes into it byte for byte, so that a digest or a number stays what it was.

use bytes::Bytes;
use chrono::SecondsFormat;
use serde_json::Value;
use uuid::Uuid;

use super::store::EventRow;
use crate::clients::object_store::ObjectStore;
use crate::error::ApiError;
use crate::expressions::{Expression, Failure};
use crate::subscriptions::matching::envelope;

/// Steps of a transform.
const TRANSFORM_STEPS_MAX: u64 = 1_000_000;

/// An event with its data, as deliveries need it.
#[derive(Debug, Clone)]
pub(crate) struct StoredEvent {
    pub(crate) event_id: Uuid,
    pub(crate) event_type: String,
    /// The source's name; `None` for the platform and for schedules.
    pub(crate) source: Option<String>,
    /// Of a schedule's: its function gets the data alone.
    pub(crate) schedule_id: Option<Uuid>,
    pub(crate) occurred_at: chrono::DateTime<chrono::Utc>,
    pub(crate) data: Kept,
}

/// Where the data of an event is.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    Here(Bytes),
    Under(String),
}

/// Why a transform made no input of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransformError {
    /// It cannot be read any more, which is ours.
    #[error("the transform cannot be read: {0}")]
    Unreadable(String),
    /// It failed on this event, and will again.
    #[error("the transform failed: {0}")]
    Failed(#[from] Failure),
}

impl From<EventRow> for StoredEvent {
    fn from(row: EventRow) -> Self {
        Self {
            event_id: row.event_id,
            event_type: row.event_type,
            source: row.source,
            schedule_id: row.schedule_id,
            occurred_at: row.occurred_at,
            data: Kept::of(row.data, row.object_key),
        }
    }
}

impl Kept {
    /// As a row has it: one or the other.
    pub(crate) fn of(data: Option<Vec<u8>>, object_key: Option<String>) -> Self {
        match (data, object_key) {
            (Some(data), _) => Self::Here(data.into()),
            (None, key) => Self::Under(key.unwrap_or_default()),
        }
    }
}

impl StoredEvent {
    /// The data as it was sent, fetched where it is large.
    pub(crate) async fn data(&self, objects: &ObjectStore) -> Result<Bytes, ApiError> {
        match &self.data {
            Kept::Here(data) => Ok(data.clone()),
            Kept::Under(key) => Ok(objects.get(key, super::data::BYTES_MAX as u64).await?),
        }
    }
}

/// What the function of a delivery gets: the event in its envelope, what a transform makes of it, or a schedule's input as it is.
/// Takes some 30 ms at worst, for a transform that uses up its steps.
pub(crate) fn input_of(
    event: &StoredEvent,
    data: &Bytes,
    transform: Option<&str>,
) -> Result<Bytes, TransformError> {
    if let Some(transform) = transform {
        let expression = Expression::kept(transform)
            .map_err(|flaw| TransformError::Unreadable(flaw.to_string()))?;
        let data: Value = serde_json::from_slice(data)
            .map_err(|error| TransformError::Unreadable(error.to_string()))?;
        let source = event.source.as_deref();
        let envelope = envelope(
            event.event_id,
            &event.event_type,
            event.occurred_at,
            source,
            data,
        );
        return Ok(expression.json(&envelope, TRANSFORM_STEPS_MAX)?.into());
    }
    if event.schedule_id.is_some() {
        return Ok(data.clone());
    }
    let text = |text: &str| Value::from(text).to_string();
    let mut input = format!(
        r#"{{"id":"{}","type":{},"time":"{}","source":{},"data":"#,
        event.event_id,
        text(&event.event_type),
        event
            .occurred_at
            .to_rfc3339_opts(SecondsFormat::AutoSi, true),
        event
            .source
            .as_deref()
            .map_or_else(|| "null".to_owned(), text),
    )
    .into_bytes();
    input.extend_from_slice(data);
    input.push(b'}');
    Ok(input.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(data: &'static str) -> (StoredEvent, Bytes) {
        let data = Bytes::from_static(data.as_bytes());
        let event = StoredEvent {
            event_id: Uuid::nil(),
            event_type: "orders/paid".to_owned(),
            source: Some("shop".to_owned()),
            schedule_id: None,
            occurred_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            data: Kept::Here(data.clone()),
        };
        (event, data)
    }

    #[test]
    fn the_data_stands_in_the_envelope_byte_for_byte() {
        let (event, data) = stored(r#"{ "n": 1.10, "n": 12345678901234567890123 }"#);
        let input = input_of(&event, &data, None).unwrap();
        assert_eq!(
            std::str::from_utf8(&input).unwrap(),
            r#"{"id":"00000000-0000-0000-0000-000000000000","type":"orders/paid","time":"2026-01-02T03:04:05Z","source":"shop","data":{ "n": 1.10, "n": 12345678901234567890123 }}"#
        );
        let scheduled = StoredEvent {
            schedule_id: Some(Uuid::nil()),
            ..event
        };
        assert_eq!(input_of(&scheduled, &data, None).unwrap(), data);
    }

    #[test]
    fn a_transform_sees_what_the_envelope_says() {
        let (event, data) = stored(r#"{"total": 5}"#);
        let all =
            "{'e': [event.id, event.type, event.time, event.source], 'n': event.data.total + 1}";
        let input = input_of(&event, &data, Some(all)).unwrap();
        assert_eq!(
            std::str::from_utf8(&input).unwrap(),
            r#"{"e":["00000000-0000-0000-0000-000000000000","orders/paid","2026-01-02T03:04:05Z","shop"],"n":6}"#
        );
        let failed = input_of(&event, &data, Some("event.data.missing"));
        assert!(matches!(failed, Err(TransformError::Failed(_))));
    }
}
