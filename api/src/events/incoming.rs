//! What the platform sends: one event or many, read without copying their data, and what of them is refused with its place.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::data;
use crate::error::{ApiError, Violation};
use crate::event_types::check_name;

/// Events of one request.
const EVENTS_MAX: usize = 1_000;

/// Letters of the sender's id.
pub(crate) const ID_CHARS_MAX: usize = 200;

/// An event that the platform sends.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewEvent)]
#[serde(deny_unknown_fields)]
pub(super) struct Incoming<'a> {
    /// The platform's id of it, 1 to 200 characters: an event whose id the tenant has seen already in the last 30 days does no work.
    pub(super) id: String,
    /// Its type, such as `orders/paid`.
    #[serde(rename = "type")]
    #[schema(example = "orders/paid")]
    pub(super) event_type: String,
    /// Whose it is, by name or id; when absent, the header `Cartwright-Tenant` says.
    pub(super) tenant: Option<String>,
    /// When it happened, in the years 1970 to 9999; now when absent.
    pub(super) time: Option<DateTime<Utc>>,
    /// The event that caused it, by our id: chains of events that cause each other are cut off.
    pub(super) parent: Option<Uuid>,
    /// Any JSON, at most 1 MiB. Functions get it byte for byte.
    #[serde(borrow)]
    #[schema(value_type = Value)]
    pub(super) data: &'a RawValue,
}

impl Incoming<'_> {
    /// The data, as a part of the body that it came in.
    pub(super) fn data_in(&self, body: &Bytes) -> Bytes {
        body.slice_ref(self.data.get().as_bytes())
    }
}

/// Events as they came, and whether they came as a list.
pub(super) struct Sent<'a> {
    pub(super) events: Vec<Incoming<'a>>,
    pub(super) is_list: bool,
}

impl Sent<'_> {
    /// The place of an event in the body, before a member's name.
    pub(super) fn pointer(&self, at: usize) -> String {
        if self.is_list {
            format!("/{at}")
        } else {
            String::new()
        }
    }
}

/// Read a body. Nothing of it is kept when anything of it is wrong.
pub(super) fn read(body: &[u8]) -> Result<Sent<'_>, ApiError> {
    let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let events = if is_list {
        serde_json::from_slice(body)
    } else {
        serde_json::from_slice(body).map(|event| vec![event])
    };
    let events = events.map_err(|error| {
        let said: String = error.to_string().chars().take(300).collect();
        ApiError::Invalid(format!(
            "the body must be an event or a list of events: {said}"
        ))
    })?;
    let sent = Sent { events, is_list };
    let count = sent.events.len();
    if !(1..=EVENTS_MAX).contains(&count) {
        return Err(ApiError::Invalid(format!(
            "a list must have 1 to {EVENTS_MAX} events; got {count}"
        )));
    }
    let mut found = Vec::new();
    for (at, event) in sent.events.iter().enumerate() {
        let rules = [
            ("id", id_flaw(&event.id)),
            ("type", check_name(&event.event_type).err()),
            ("time", event.time.and_then(time_flaw)),
            ("data", data::flaw(event.data.get().as_bytes())),
        ];
        let broken = rules
            .into_iter()
            .filter_map(|(member, rule)| Some((member, rule?)));
        found.extend(broken.map(|(member, detail)| Violation {
            pointer: format!("{}/{member}", sent.pointer(at)),
            detail,
        }));
    }
    if found.is_empty() {
        return Ok(sent);
    }
    Err(ApiError::InvalidMembers(found))
}

fn time_flaw(at: DateTime<Utc>) -> Option<String> {
    (!data::is_time(at)).then(|| format!("must be in the years 1970 to 9999; got {at}"))
}

/// The rule that a sender's id breaks, if it breaks one.
pub(crate) fn id_flaw(id: &str) -> Option<String> {
    let length = id.chars().count();
    let fits = (1..=ID_CHARS_MAX).contains(&length) && !id.chars().any(char::is_control);
    (!fits).then(|| {
        format!("must be 1 to {ID_CHARS_MAX} characters without control characters; got {length}")
    })
}
