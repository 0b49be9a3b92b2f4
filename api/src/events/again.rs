//! An event once more, changed: a new event that names the one it was made of as its parent.

use axum::Extension;
use axum::extract::State;
use bytes::Bytes;
use cartwright_domain::ids::RequestId;
use cartwright_role::extract::{Json, Path};
use chrono::Utc;
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::input::StoredEvent;
use super::{Accepted, NewEvent, Origin, data, id_flaw, read, record};
use crate::app::App;
use crate::audit;
use crate::auth::{EventWrite, Tenant};
use crate::deliveries::lane::Lane;
use crate::error::{ApiError, Violation};
use crate::event_types::Schemas;
use crate::subscriptions::matching::Candidate;
use crate::subscriptions::meeting;

/// What to send in place of what came.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edited {
    /// The caller's id of it, 1 to 200 characters, for repeats of this request that do no work; a new one when absent.
    id: Option<String>,
    /// Other data, at most 1 MiB; that of the event when absent.
    #[schema(value_type = Option<Value>)]
    data: Option<Box<RawValue>>,
}

/// Send an event again
///
/// As it was, or with other data: a new event of the same type and source, whose `parent` is this one. It meets the subscriptions as
/// they are now.
#[utoipa::path(
    post, path = "/v1/events/{id}/send", operation_id = "send_event_again", tag = "Events",
    params(("id" = Uuid, Path, description = "The event's id")),
    request_body = Edited,
    responses(
        (status = 202, description = "The new event", body = Accepted),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of every offence"),
        (status = 404, description = "`not_found`: no such event, or it is no longer kept"),
        (status = 422, description = "`loop_detected`: the chain of events is too long"),
    )
)]
pub(crate) async fn send_again(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    Path(id): Path<Uuid>,
    Json(edited): Json<Edited>,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    edited.check()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let row = read::find(&mut tx, id).await?;
    drop(tx);
    let source = row.source_id.zip(row.source.clone());
    let event = StoredEvent::from(row);
    let bytes = match edited.data {
        Some(data) => Bytes::from(String::from(Box::<str>::from(data))),
        None => event.data(&app.object_store).await?,
    };
    let mut crossing = app.database.crossing().await?;
    let schemas = Schemas::of(crossing.connection(), &[event.event_type.as_str()]).await?;
    drop(crossing);
    let broken = schemas.broken_by(&event.event_type, &bytes, "/data")?;
    if !broken.is_empty() {
        return Err(ApiError::InvalidMembers(broken));
    }
    let (event_id, occurred_at) = (Uuid::now_v7(), Utc::now());
    let kept = data::keep(&app.object_store, tenant.id, event_id, bytes.clone()).await?;
    let candidate = Candidate::new(
        event_id,
        &event.event_type,
        occurred_at,
        source.clone(),
        bytes,
    );
    let (mut tx, deliveries) =
        meeting::meet_one(&app.database, tenant.id, candidate, Lane::Live).await?;
    let new = NewEvent {
        event_id,
        event_type: event.event_type.clone(),
        origin: Origin::Again {
            of: id,
            source: source.as_ref().map(|(id, _)| *id),
        },
        external_id: edited.id.unwrap_or_else(|| event_id.to_string()),
        occurred_at,
        parent: Some(id),
        data: kept,
        request_id,
        deliveries,
    };
    let recorded = record(&mut tx, vec![new]).await?.pop();
    let accepted = recorded
        .map(Accepted::from)
        .ok_or_else(|| anyhow::anyhow!("an event is recorded"))?;
    let (by, target) = (
        tenant.caller.actor(),
        audit::target("event", &id.to_string()),
    );
    audit::append(
        &mut tx,
        &by,
        "event.send_again",
        &target,
        None,
        Some(&accepted),
    )
    .await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

impl Edited {
    fn check(&self) -> Result<(), ApiError> {
        let data = self
            .data
            .as_ref()
            .and_then(|data| data::flaw(data.get().as_bytes()));
        let rules = [
            ("/id", self.id.as_deref().and_then(id_flaw)),
            ("/data", data),
        ];
        let broken = rules.into_iter().filter_map(|(pointer, rule)| {
            Some(Violation {
                pointer: pointer.to_owned(),
                detail: rule?,
            })
        });
        let broken: Vec<Violation> = broken.collect();
        if broken.is_empty() {
            return Ok(());
        }
        Err(ApiError::InvalidMembers(broken))
    }
}
