//! What we tell of our own accord, to the endpoints that want it.
//!
//! A role that acts for a tenant calls [`notify`]. What ends in SQL across tenants calls the database's function
//! `message_notify(tenant, notice, data)` itself, in its own transaction and with its own rights. Deaths of deliveries need
//! no call: [`super::work`] tells of them by the clock, once a minute of each subscription.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::store;
use crate::database::TenantTx;
use crate::error::ApiError;

/// A kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Notice {
    /// A subscription was paused, since its deliveries ended dead time after time.
    #[serde(rename = "subscription.paused")]
    SubscriptionPaused,
    /// A schedule was paused, since it cannot fire.
    #[serde(rename = "schedule.paused")]
    SchedulePaused,
    /// Deliveries ended dead: at most one message a minute of each subscription, with how many.
    #[serde(rename = "delivery.dead")]
    DeliveryDead,
    /// Another endpoint was disabled, since it answered 410 or failed for five days.
    #[serde(rename = "endpoint.disabled")]
    EndpointDisabled,
}

impl Notice {
    /// Every kind.
    pub(crate) const ALL: [Self; 4] = [
        Self::SubscriptionPaused,
        Self::SchedulePaused,
        Self::DeliveryDead,
        Self::EndpointDisabled,
    ];

    /// Its word in the database and in payloads.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SubscriptionPaused => "subscription.paused",
            Self::SchedulePaused => "schedule.paused",
            Self::DeliveryDead => "delivery.dead",
            Self::EndpointDisabled => "endpoint.disabled",
        }
    }
}

/// Tell every endpoint of the tenant that wants it, but for one that it is about.
pub(crate) async fn notify(
    tx: &mut TenantTx,
    notice: Notice,
    data: &impl Serialize,
    except: Option<Uuid>,
) -> Result<(), ApiError> {
    let data = serde_json::to_string(data).context("what we tell is plain JSON")?;
    store::notify(tx, notice.as_str(), &data, except).await
}
