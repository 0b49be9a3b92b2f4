//! A delivery that this worker holds, with all that attempting it takes.

use cartwright_domain::ids::TenantId;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::fair::FlowKey;
use super::retry::Policy;
use super::settle::Settlement;
use crate::events::input::{Kept, StoredEvent};

/// As `delivery_claim_from` answers it.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) tenant_id: Uuid,
    pub(super) delivery_id: Uuid,
    pub(super) lane: i16,
    pub(super) event_id: Uuid,
    pub(super) subscription_id: Option<Uuid>,
    /// Where the function's output goes.
    pub(super) output_endpoint_id: Option<Uuid>,
    pub(super) function_id: Uuid,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) attempts: i16,
    pub(super) faults: i16,
    pub(super) invocation_id: Uuid,
    pub(super) seed_id: Uuid,
    pub(super) subscription_deleted: bool,
    pub(super) alias: Option<String>,
    pub(super) transform: Option<String>,
    pub(super) retry: Option<Json<Policy>>,
    pub(super) concurrency: Option<i32>,
    pub(super) function_name: String,
    pub(super) function_deleted: bool,
    /// `None` when the event is no longer kept.
    pub(super) event_type: Option<String>,
    pub(super) source: Option<String>,
    pub(super) schedule_id: Option<Uuid>,
    pub(super) occurred_at: Option<DateTime<Utc>>,
    pub(super) data: Option<Vec<u8>>,
    pub(super) object_key: Option<String>,
    pub(super) request_id: Option<Uuid>,
    pub(super) generation: i64,
    /// Who holds it, and since when.
    pub(super) worker_id: Uuid,
    pub(super) leased_at: DateTime<Utc>,
}

/// Which delivery of whose, and who holds it since when.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldId {
    pub(super) worker_id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) delivery_id: Uuid,
    pub(super) leased_at: DateTime<Utc>,
}

/// A function of a tenant.
pub(super) type FunctionKey = (Uuid, Uuid);

impl Claimed {
    pub(super) fn held(&self) -> HeldId {
        HeldId {
            worker_id: self.worker_id,
            tenant_id: self.tenant_id,
            delivery_id: self.delivery_id,
            leased_at: self.leased_at,
        }
    }

    pub(super) fn flow(&self) -> FlowKey {
        FlowKey {
            tenant_id: TenantId::from(self.tenant_id),
            lane: self.lane,
        }
    }

    pub(super) fn function(&self) -> FunctionKey {
        (self.tenant_id, self.function_id)
    }

    pub(super) fn policy(&self) -> Policy {
        self.retry
            .as_ref()
            .map_or_else(Policy::default, |retry| retry.0)
    }

    /// How it ends where nobody need attempt it.
    pub(super) fn ends_here(&self, now: DateTime<Utc>) -> Option<Settlement> {
        let end = |status, cause, error| Some(Settlement::unattempted(self, status, cause, error));
        if self.expires_at <= now {
            return end("expired", None, "it was not delivered in time");
        }
        if self.subscription_deleted {
            return end("cancelled", None, "its subscription was deleted");
        }
        if self.function_deleted {
            return end("dead", Some("function_deleted"), "its function was deleted");
        }
        if self.event_type.is_none() {
            return end("dead", Some("event_gone"), "its event is no longer kept");
        }
        None
    }

    /// The event, with its data where that stood in the row.
    pub(super) fn event(&mut self) -> StoredEvent {
        StoredEvent {
            event_id: self.event_id,
            event_type: self.event_type.clone().unwrap_or_default(),
            source: self.source.take(),
            schedule_id: self.schedule_id,
            occurred_at: self.occurred_at.unwrap_or_default(),
            data: Kept::of(self.data.take(), self.object_key.clone()),
        }
    }
}
