//! What came in: events, each kept with the place that it has among what was seen, and with its deliveries.

mod again;
pub(crate) mod body;
pub(crate) mod data;
mod incoming;
pub(crate) mod input;
mod lineage;
mod read;
mod record;
mod send;
mod store;

pub(crate) use again::{__path_send_again, send_again};
pub(crate) use incoming::id_flaw;
pub(crate) use read::{__path_get, __path_list, get, list};
pub(crate) use record::record;
pub(crate) use send::{__path_send, send};

use bytes::Bytes;
use cartwright_domain::ids::RequestId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::deliveries::enqueue::NewDelivery;

/// Who says that it happened. An id of the sender's is unique under one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// The platform, by `POST /v1/events`.
    Platform,
    /// A third party, through this source.
    Source(Uuid),
    /// A schedule of ours.
    Schedule(Uuid),
    /// Whoever sent an event of this source again, changed.
    Again { of: Uuid, source: Option<Uuid> },
}

impl Origin {
    /// As `event_seen` has it: the nil id is the platform.
    fn id(self) -> Uuid {
        match self {
            Self::Platform => Uuid::nil(),
            Self::Source(id) | Self::Schedule(id) | Self::Again { of: id, .. } => id,
        }
    }

    fn source(self) -> Option<Uuid> {
        match self {
            Self::Source(id) => Some(id),
            Self::Again { source, .. } => source,
            Self::Platform | Self::Schedule(_) => None,
        }
    }

    fn schedule(self) -> Option<Uuid> {
        match self {
            Self::Schedule(id) => Some(id),
            _ => None,
        }
    }
}

/// The JSON of an event, as it was sent.
#[derive(Debug, Clone)]
pub(crate) enum EventData {
    /// Small enough for the row.
    Inline(Bytes),
    /// In the object store already, under this key.
    Stored {
        object_key: String,
        bytes: u32,
        sha256: [u8; 32],
    },
}

/// An event that is to be kept, with the deliveries that it makes.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    /// A new UUIDv7.
    pub(crate) event_id: Uuid,
    pub(crate) event_type: String,
    pub(crate) origin: Origin,
    /// The sender's id: a repeat of it under the same origin does no work.
    pub(crate) external_id: String,
    /// When it happened, by the sender.
    pub(crate) occurred_at: DateTime<Utc>,
    /// The event that caused this one.
    pub(crate) parent: Option<Uuid>,
    pub(crate) data: EventData,
    /// The request that brought it.
    pub(crate) request_id: RequestId,
    pub(crate) deliveries: Vec<NewDelivery>,
}

/// What became of an event that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The event's; of a duplicate, the first one's.
    pub(crate) event_id: Uuid,
    /// It was known already, and nothing was done.
    pub(crate) duplicate: bool,
    /// Deliveries that the event made.
    pub(crate) deliveries: i32,
}

/// What became of an event, as its sender hears it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Our id of the event; of a duplicate, the first one's.
    event_id: Uuid,
    /// It was known already, and nothing was done.
    duplicate: bool,
    /// Deliveries that the event made.
    deliveries: i32,
}

impl From<Recorded> for Accepted {
    fn from(recorded: Recorded) -> Self {
        Self {
            event_id: recorded.event_id,
            duplicate: recorded.duplicate,
            deliveries: recorded.deliveries,
        }
    }
}
