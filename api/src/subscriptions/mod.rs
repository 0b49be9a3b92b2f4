//! Subscriptions: which events a tenant's function is to run for, and how. Matching events against them is in [`matching`].

mod definition;
pub(crate) mod hold;
pub(crate) mod matching;
pub(crate) mod meeting;
mod store;

use axum::extract::State;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(crate) use self::definition::RetryPolicy;
use self::definition::{NewSubscription, SubscriptionChange};
use crate::app::App;
use crate::audit;
use crate::auth::{EventRead, EventWrite, Tenant};
use crate::error::ApiError;
use crate::jobs::{self, Task};
use crate::page::{Page, PageRequest};

/// Subscriptions of one tenant at most: each is looked at for every event.
const OF_A_TENANT_MAX: i64 = 100;

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    /// Its id.
    pub(crate) id: Uuid,
    /// The function that runs.
    pub(crate) function: String,
    /// The alias of it that runs.
    pub(crate) alias: String,
    /// An event's type, a pattern such as `orders/*`, or `*`.
    pub(crate) event_type: String,
    /// Only events of this source, by its name; null is any, the platform too.
    #[schema(required)]
    pub(crate) source: Option<String>,
    /// Which events: an expression over `event`; null is all.
    #[schema(required)]
    pub(crate) filter: Option<String>,
    /// What of an event the function gets: an expression over `event`; null is the event.
    #[schema(required)]
    pub(crate) transform: Option<String>,
    /// A JSON pointer into the event's data: deliveries with the same value there run one after the other.
    #[schema(required)]
    pub(crate) order_by: Option<String>,
    /// When what failed is tried again.
    #[schema(value_type = RetryPolicy)]
    pub(crate) retry: sqlx::types::Json<RetryPolicy>,
    /// Seconds that a delivery may wait before it expires.
    pub(crate) expires_after_s: i32,
    /// Its runs at the same time; null is what the tenant may.
    #[schema(required)]
    pub(crate) concurrency: Option<i32>,
    /// Its deliveries are held.
    pub(crate) paused: bool,
    /// Why, when it was not a person who paused it.
    #[schema(required)]
    pub(crate) paused_because: Option<String>,
    /// So many deliveries that end dead one after the other pause it; 0 is never.
    pub(crate) pause_after_dead: i32,
    /// Where the function's output goes as a signed message; null is nowhere.
    #[schema(required)]
    pub(crate) output_endpoint_id: Option<Uuid>,
    /// When it was created.
    pub(crate) created_at: DateTime<Utc>,
    /// Who created it.
    pub(crate) created_by: String,
}

/// Which subscriptions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubscriptionFilter {
    /// Those of this function.
    function: Option<String>,
}

fn target(id: Uuid) -> String {
    audit::target("subscription", &id.to_string())
}

/// Create a subscription
///
/// From then on the function runs for every event that it matches.
#[utoipa::path(
    post, path = "/v1/subscriptions", operation_id = "create_subscription", tag = "Events",
    request_body = NewSubscription,
    responses(
        (status = 201, description = "The subscription", body = Subscription),
        (status = 400, description = "`invalid_request`: `errors[]` has the place: a function or source that is not there, an expression \
            that cannot be read, with line and column"),
        (status = 409, description = "`conflict`: the tenant has 100 subscriptions"),
    )
)]
pub(crate) async fn create(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Json(new): Json<NewSubscription>,
) -> Result<(StatusCode, Json<Subscription>), ApiError> {
    let new = new.checked()?;
    let by = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    if store::count(&mut tx).await? >= OF_A_TENANT_MAX {
        return Err(ApiError::Conflict(format!(
            "the tenant has {OF_A_TENANT_MAX} subscriptions, and may have no more: delete one, or let one of them match more"
        )));
    }
    let references = definition::resolve(
        &mut tx,
        &new.function,
        new.source.as_deref(),
        new.output_endpoint_id,
    )
    .await?;
    let id = store::insert(&mut tx, &new, &references, &by).await?;
    let subscription = store::find(&mut tx, id).await?;
    audit::append(
        &mut tx,
        &by,
        "subscription.create",
        &target(id),
        None,
        Some(&subscription),
    )
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(subscription)))
}

/// List subscriptions
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/subscriptions", operation_id = "list_subscriptions", tag = "Events",
    params(SubscriptionFilter, PageRequest),
    responses((status = 200, description = "A page of subscriptions", body = Page<Subscription>))
)]
pub(crate) async fn list(
    tenant: Tenant<EventRead>,
    State(app): State<App>,
    Query(filter): Query<SubscriptionFilter>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Subscription>>, ApiError> {
    let before = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let rows = store::page(&mut tx, filter.function.as_deref(), before, request.rows()?).await?;
    Ok(Json(Page::of(rows, &request, |row| row.id)?))
}

/// Get a subscription
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}", operation_id = "get_subscription", tag = "Events",
    params(("id" = Uuid, Path, description = "The subscription's id")),
    responses(
        (status = 200, description = "The subscription", body = Subscription),
        (status = 404, description = "`not_found`: no such subscription"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<EventRead>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<Subscription>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    Ok(Json(store::find(&mut tx, id).await?))
}

/// Change a subscription
///
/// What is absent stays. `paused: true` holds its deliveries, those that wait already too; `paused: false` releases them, a few
/// thousand at a time. Runs under way go on.
#[utoipa::path(
    patch, path = "/v1/subscriptions/{id}", operation_id = "update_subscription", tag = "Events",
    params(("id" = Uuid, Path, description = "The subscription's id")),
    request_body = SubscriptionChange,
    responses(
        (status = 200, description = "The subscription", body = Subscription),
        (status = 400, description = "`invalid_request`: `errors[]` has the place"),
        (status = 404, description = "`not_found`: no such subscription"),
    )
)]
pub(crate) async fn update(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(change): Json<SubscriptionChange>,
) -> Result<Json<Subscription>, ApiError> {
    let by = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    // Whoever makes deliveries now has read the subscription as it was; their deliveries are there before it changes.
    matching::exclude(&mut tx).await?;
    let before = store::lock(&mut tx, id).await?;
    let pauses = change.paused.filter(|paused| *paused != before.paused);
    let new = change.onto(&before).checked()?;
    let references = definition::resolve(
        &mut tx,
        &new.function,
        new.source.as_deref(),
        new.output_endpoint_id,
    )
    .await?;
    store::update(&mut tx, id, &new, &references, pauses).await?;
    if pauses.is_some() {
        let task = Task::HoldDeliveries {
            subscription_id: id,
            after_key: None,
        };
        jobs::store::insert(&mut tx, &task).await?;
    }
    let after = store::find(&mut tx, id).await?;
    audit::append(
        &mut tx,
        &by,
        "subscription.update",
        &target(id),
        Some(&before),
        Some(&after),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(after))
}

/// Delete a subscription
///
/// No event meets it from then on, and deliveries of it that wait are cancelled. Runs under way go on.
#[utoipa::path(
    delete, path = "/v1/subscriptions/{id}", operation_id = "delete_subscription", tag = "Events",
    params(("id" = Uuid, Path, description = "The subscription's id")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "`not_found`: no such subscription"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<EventWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    let by = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    matching::exclude(&mut tx).await?;
    let before = store::lock(&mut tx, id).await?;
    store::delete(&mut tx, id).await?;
    if before.paused {
        // Nobody can resume it any more: what is held is released, and cancelled by whoever takes it.
        let task = Task::HoldDeliveries {
            subscription_id: id,
            after_key: None,
        };
        jobs::store::insert(&mut tx, &task).await?;
    }
    audit::append(
        &mut tx,
        &by,
        "subscription.delete",
        &target(id),
        Some(&before),
        None,
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
