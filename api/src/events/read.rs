//! Events as they are read again.

use axum::extract::State;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::input::StoredEvent;
use super::store::{self, EventRow, Wanted};
use crate::app::App;
use crate::auth::{EventRead, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::page::{self, Page, PageRequest, first_id_at};

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// Our id of it.
    id: Uuid,
    /// Its type.
    r#type: String,
    /// The source that it came through, by its name; null for the platform.
    #[schema(required)]
    source: Option<String>,
    /// The schedule that made it.
    #[schema(required)]
    schedule_id: Option<Uuid>,
    /// The sender's id of it.
    external_id: String,
    /// When it happened, by the sender.
    occurred_at: DateTime<Utc>,
    /// When it came.
    received_at: DateTime<Utc>,
    /// The event that caused it.
    #[schema(required)]
    parent: Option<Uuid>,
    /// The first event of its chain, itself when nothing caused it.
    root: Uuid,
    /// How many events lie between it and the first.
    hops: i16,
    /// Length of its data in bytes.
    data_bytes: i32,
    /// Deliveries that it made: see `GET /v1/deliveries?event=`.
    deliveries: i32,
    /// The request that brought it, which stands in the logs and records of its runs too.
    request_id: Uuid,
}

/// An event with its data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventDetail {
    #[serde(flatten)]
    event: Event,
    /// What was sent.
    #[schema(value_type = Value)]
    data: Box<RawValue>,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventFilter {
    /// Of this type.
    r#type: Option<String>,
    /// Through the source of this name; of several that had it, the one that has it now or had it last.
    source: Option<String>,
    /// That came from this moment on.
    from: Option<DateTime<Utc>>,
    /// That came before this moment.
    to: Option<DateTime<Utc>>,
}

impl From<&EventRow> for Event {
    fn from(row: &EventRow) -> Self {
        Self {
            id: row.event_id,
            r#type: row.event_type.clone(),
            source: row.source.clone(),
            schedule_id: row.schedule_id,
            external_id: row.external_id.clone(),
            occurred_at: row.occurred_at,
            received_at: page::made_at(row.event_id),
            parent: row.parent_event_id,
            root: row.root_event_id,
            hops: row.hops,
            data_bytes: row.data_bytes,
            deliveries: row.deliveries,
            request_id: row.request_id,
        }
    }
}

/// The event with this id.
pub(super) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<EventRow, ApiError> {
    let found = store::find(tx, &[id]).await?.pop();
    found.ok_or(ApiError::NotFound("event"))
}

/// List events
///
/// Newest first, without their data.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "list_events", tag = "Events",
    params(EventFilter, PageRequest),
    responses((status = 200, description = "A page of events", body = Page<Event>))
)]
pub(crate) async fn list(
    tenant: Tenant<EventRead>,
    State(app): State<App>,
    Query(filter): Query<EventFilter>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Event>>, ApiError> {
    let cursor: Option<Uuid> = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let source_id = match &filter.source {
        Some(name) => match store::source_named(&mut tx, name).await? {
            Some(id) => Some(id),
            None => return Ok(Json(Page::whole(Vec::new()))),
        },
        None => None,
    };
    let end = filter.to.map(first_id_at);
    let wanted = Wanted {
        event_type: filter.r#type.as_deref(),
        source_id,
        from: filter.from.map(first_id_at),
        before: cursor.into_iter().chain(end).min(),
    };
    let rows = store::page(&mut tx, &wanted, request.rows()?).await?;
    let events = rows.iter().map(Event::from).collect();
    Ok(Json(Page::of(events, &request, |event: &Event| event.id)?))
}

/// Get an event
///
/// With its data, as it was sent.
#[utoipa::path(
    get, path = "/v1/events/{id}", operation_id = "get_event", tag = "Events",
    params(("id" = Uuid, Path, description = "The event's id")),
    responses(
        (status = 200, description = "The event", body = EventDetail),
        (status = 404, description = "`not_found`: no such event, or it is no longer kept"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<EventRead>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<EventDetail>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let row = find(&mut tx, id).await?;
    drop(tx);
    let event = Event::from(&row);
    let data = StoredEvent::from(row).data(&app.object_store).await?;
    let data = String::from_utf8(data.into()).map_err(anyhow::Error::from)?;
    let data = RawValue::from_string(data).map_err(anyhow::Error::from)?;
    Ok(Json(EventDetail { event, data }))
}
