//! Event types: what the platform may send, and the schemas that its events obey. Types that nobody defined pass as they are.

mod definition;
mod pattern;
mod schemas;
mod store;

pub(crate) use pattern::{Pattern, check_name};
pub(crate) use schemas::Schemas;

use axum::extract::State;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use self::definition::{EventTypeDefinition, NewEventType};
use crate::app::App;
use crate::auth::{EventRead, Platform, PlatformEvents, Tenant};
use crate::error::ApiError;
use crate::page::{Page, PageRequest};

/// An event type.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventType {
    /// Its name, such as `orders/paid`.
    name: String,
    /// What it tells.
    description: String,
    /// What the data of its events obeys: a JSON Schema; null for anything.
    #[schema(value_type = Option<Object>, required)]
    schema: Option<sqlx::types::Json<Value>>,
    /// When it was defined.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

/// Define an event type
#[utoipa::path(
    post, path = "/v1/event-types", operation_id = "create_event_type", tag = "Events",
    request_body = NewEventType,
    responses(
        (status = 201, description = "The event type", body = EventType),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of every offence"),
        (status = 409, description = "`conflict`: an event type with this name exists already"),
    )
)]
pub(crate) async fn create(
    platform: Platform<PlatformEvents>,
    State(app): State<App>,
    Json(new): Json<NewEventType>,
) -> Result<(StatusCode, Json<EventType>), ApiError> {
    let (name, definition) = new.into_parts();
    let definition = definition.checked(Some(&name)).await?;
    let mut tx = app.database.platform_tx().await?;
    store::insert(tx.connection(), &name, &definition).await?;
    let event_type = store::find(tx.connection(), &name).await?;
    tx.commit().await?;
    let actor = platform.caller.actor();
    tracing::info!(event.type = name, actor, "defined the event type {name}");
    Ok((StatusCode::CREATED, Json(event_type)))
}

/// List event types
///
/// By name. With the platform's key, name any tenant.
#[utoipa::path(
    get, path = "/v1/event-types", operation_id = "list_event_types", tag = "Events",
    params(PageRequest),
    responses((status = 200, description = "A page of event types", body = Page<EventType>))
)]
pub(crate) async fn list(
    _: Tenant<EventRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<EventType>>, ApiError> {
    let after: Option<String> = request.after()?;
    let mut crossing = app.database.crossing().await?;
    let rows = store::list(
        crossing.connection(),
        after.as_deref().unwrap_or_default(),
        request.rows()?,
    )
    .await?;
    Ok(Json(Page::of(rows, &request, |row| row.name.clone())?))
}

/// Get an event type
#[utoipa::path(
    get, path = "/v1/event-types/{name}", operation_id = "get_event_type", tag = "Events",
    params(("name" = String, Path, description = "The event type's name, its slashes written as %2F")),
    responses(
        (status = 200, description = "The event type", body = EventType),
        (status = 404, description = "`not_found`: no such event type"),
    )
)]
pub(crate) async fn get(
    _: Tenant<EventRead>,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<EventType>, ApiError> {
    known(&name)?;
    let mut crossing = app.database.crossing().await?;
    Ok(Json(store::find(crossing.connection(), &name).await?))
}

/// Change an event type
///
/// All of it but the name. Events that come from then on are held to the new schema.
#[utoipa::path(
    put, path = "/v1/event-types/{name}", operation_id = "put_event_type", tag = "Events",
    params(("name" = String, Path, description = "The event type's name, its slashes written as %2F")),
    request_body = EventTypeDefinition,
    responses(
        (status = 200, description = "The event type", body = EventType),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of every offence"),
        (status = 404, description = "`not_found`: no such event type"),
    )
)]
pub(crate) async fn put(
    platform: Platform<PlatformEvents>,
    State(app): State<App>,
    Path(name): Path<String>,
    Json(definition): Json<EventTypeDefinition>,
) -> Result<Json<EventType>, ApiError> {
    known(&name)?;
    let definition = definition.checked(None).await?;
    let mut tx = app.database.platform_tx().await?;
    store::update(tx.connection(), &name, &definition).await?;
    let event_type = store::find(tx.connection(), &name).await?;
    tx.commit().await?;
    let actor = platform.caller.actor();
    tracing::info!(event.type = name, actor, "changed the event type {name}");
    Ok(Json(event_type))
}

/// Delete an event type
///
/// Events of it pass as they are from then on; subscriptions go on.
#[utoipa::path(
    delete, path = "/v1/event-types/{name}", operation_id = "delete_event_type", tag = "Events",
    params(("name" = String, Path, description = "The event type's name, its slashes written as %2F")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "`not_found`: no such event type"),
    )
)]
pub(crate) async fn delete(
    platform: Platform<PlatformEvents>,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    known(&name)?;
    let mut tx = app.database.platform_tx().await?;
    store::delete(tx.connection(), &name).await?;
    tx.commit().await?;
    let actor = platform.caller.actor();
    tracing::info!(event.type = name, actor, "deleted the event type {name}");
    Ok(StatusCode::NO_CONTENT)
}

/// What is no name cannot be the name of any.
fn known(name: &str) -> Result<(), ApiError> {
    check_name(name).map_err(|_| ApiError::NotFound("event type"))
}
