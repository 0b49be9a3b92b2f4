//! Endpoints: where a tenant wants messages sent. What is sent there is left to [`crate::messages`].

pub(crate) mod secrets;
pub(crate) mod store;

use axum::extract::State;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use self::secrets::{CreatedSecret, SecretView};
use crate::app::App;
use crate::auth::{EndpointRead, EndpointWrite, Tenant};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};
use crate::messages::{self, Message, Notice};
use crate::page::{Page, PageRequest};
use crate::{audit, text};

/// Endpoints of one tenant, at most.
const ENDPOINTS_MAX: i64 = 50;

/// Where messages go.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Endpoint {
    /// Its id.
    id: Uuid,
    /// What it is for.
    name: String,
    /// Where messages are posted to.
    url: String,
    /// Which notices it wants. Outputs of functions go where their subscriptions say.
    #[schema(value_type = Vec<Notice>)]
    notices: Vec<String>,
    /// Since when nothing is sent to it; messages wait meanwhile. Null while it is enabled.
    #[schema(required)]
    disabled_at: Option<DateTime<Utc>>,
    /// Why it was disabled, when nobody of the tenant did.
    #[schema(required)]
    disabled_because: Option<String>,
    /// Attempts that failed one after the other, up to now.
    failures: i32,
    /// Since when they fail.
    #[schema(required)]
    failing_since: Option<DateTime<Utc>>,
    /// It gets nothing until then, since it asked for that or fails time after time.
    #[schema(required)]
    blocked_until: Option<DateTime<Utc>>,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// Who created it.
    created_by: String,
}

/// An endpoint and its valid secrets, without what makes them secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndpointDetail {
    #[serde(flatten)]
    endpoint: Endpoint,
    /// Those that messages are signed with, newest first.
    secrets: Vec<SecretView>,
}

/// A new endpoint, with its first secret, which is never shown again.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedEndpoint {
    #[serde(flatten)]
    endpoint: EndpointDetail,
    /// What its messages are signed with: give it to the library that verifies them.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// An endpoint to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEndpoint {
    /// What it is for, 1 to 200 characters.
    #[schema(example = "Operations")]
    name: String,
    /// Where messages are posted to: `https`, on the open internet, on a port that the operator allows.
    #[schema(example = "https://example.com/hooks/cartwright")]
    url: String,
    /// Which notices it wants.
    #[serde(default)]
    notices: Vec<Notice>,
}

/// What to change of an endpoint. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointChange {
    /// What it is for.
    name: Option<String>,
    /// Another address. What counted against the old one is forgotten.
    url: Option<String>,
    /// Other notices, in place of all that were set.
    notices: Option<Vec<Notice>>,
    /// True stops sending, and messages wait; false sends what waits.
    disabled: Option<bool>,
}

/// Create an endpoint
///
/// The answer is the only place where its secret is ever shown. Messages are [Standard Webhooks](https://www.standardwebhooks.com).
#[utoipa::path(
    post, path = "/v1/endpoints", operation_id = "create_endpoint", tag = "Endpoints",
    request_body = NewEndpoint,
    responses(
        (status = 201, description = "The endpoint, with its secret", body = CreatedEndpoint),
        (status = 409, description = "`conflict`: the tenant has 50 endpoints"),
    )
)]
pub(crate) async fn create(
    tenant: Tenant<EndpointWrite>,
    State(app): State<App>,
    Json(new): Json<NewEndpoint>,
) -> Result<
    (
        StatusCode,
        [(HeaderName, &'static str); 1],
        Json<CreatedEndpoint>,
    ),
    ApiError,
> {
    text::check_label("/name", &new.name)?;
    check_url(&app, &new.url)?;
    let actor = tenant.caller.actor();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    if store::count(&mut tx).await? >= ENDPOINTS_MAX {
        return Err(ApiError::Conflict(format!(
            "the tenant has {ENDPOINTS_MAX} endpoints: delete one that is not needed"
        )));
    }
    let id = store::insert(&mut tx, &new, &actor).await?;
    let CreatedSecret { secret, .. } = secrets::add(&mut tx, &app.wrapping, id, &actor).await?;
    let endpoint = detail(&mut tx, id).await?;
    audited(
        &mut tx,
        &actor,
        "endpoint.create",
        None,
        Some(&endpoint.endpoint),
    )
    .await?;
    tx.commit().await?;
    let created = CreatedEndpoint { endpoint, secret };
    Ok((
        StatusCode::CREATED,
        [(CACHE_CONTROL, "no-store")],
        Json(created),
    ))
}

/// List endpoints
///
/// Oldest first.
#[utoipa::path(
    get, path = "/v1/endpoints", operation_id = "list_endpoints", tag = "Endpoints",
    params(PageRequest),
    responses((status = 200, description = "A page of endpoints", body = Page<Endpoint>))
)]
pub(crate) async fn list(
    tenant: Tenant<EndpointRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Endpoint>>, ApiError> {
    let after = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let endpoints = store::list(&mut tx, after, request.rows()?).await?;
    Ok(Json(Page::of(endpoints, &request, |endpoint| endpoint.id)?))
}

/// Get an endpoint
#[utoipa::path(
    get, path = "/v1/endpoints/{id}", operation_id = "get_endpoint", tag = "Endpoints",
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "The endpoint", body = EndpointDetail),
        (status = 404, description = "`not_found`: no such endpoint"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<EndpointRead>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<EndpointDetail>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    Ok(Json(detail(&mut tx, id).await?))
}

/// Change an endpoint, disable it or enable it
#[utoipa::path(
    patch, path = "/v1/endpoints/{id}", operation_id = "update_endpoint", tag = "Endpoints",
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    request_body = EndpointChange,
    responses(
        (status = 200, description = "The endpoint", body = EndpointDetail),
        (status = 404, description = "`not_found`: no such endpoint"),
    )
)]
pub(crate) async fn update(
    tenant: Tenant<EndpointWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(change): Json<EndpointChange>,
) -> Result<Json<EndpointDetail>, ApiError> {
    if let Some(name) = &change.name {
        text::check_label("/name", name)?;
    }
    if let Some(url) = &change.url {
        check_url(&app, url)?;
    }
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = store::find(&mut tx, id).await?;
    store::update(&mut tx, id, &change).await?;
    let after = detail(&mut tx, id).await?;
    let actor = tenant.caller.actor();
    audited(
        &mut tx,
        &actor,
        "endpoint.update",
        Some(&before),
        Some(&after.endpoint),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(after))
}

/// Delete an endpoint
///
/// What waits for it is not sent any more.
#[utoipa::path(
    delete, path = "/v1/endpoints/{id}", operation_id = "delete_endpoint", tag = "Endpoints",
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "`not_found`: no such endpoint"),
        (status = 409, description = "`conflict`: a subscription sends its function's output there"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<EndpointWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = store::find(&mut tx, id).await?;
    if let Some(subscription) = store::subscription_that_uses(&mut tx, id).await? {
        return Err(ApiError::Conflict(format!(
            "the subscription {subscription} sends its function's output there: PATCH /v1/subscriptions/{subscription} first"
        )));
    }
    store::delete(&mut tx, id).await?;
    let actor = tenant.caller.actor();
    audited(&mut tx, &actor, "endpoint.delete", Some(&before), None).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test message to an endpoint
///
/// Of the type `endpoint.test`. It is signed, attempted and listed like every other.
#[utoipa::path(
    post, path = "/v1/endpoints/{id}/test", operation_id = "test_endpoint", tag = "Endpoints",
    params(("id" = Uuid, Path, description = "The endpoint's id")),
    responses(
        (status = 202, description = "The message, which waits for a worker", body = Message),
        (status = 404, description = "`not_found`: no such endpoint"),
    )
)]
pub(crate) async fn test(
    tenant: Tenant<EndpointWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    store::find(&mut tx, id).await?;
    store::unblock(&mut tx, id).await?;
    let data = json!({"endpoint_id": id, "by": tenant.caller.actor()});
    let message = messages::insert(&mut tx, id, "endpoint.test", &data).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(message)))
}

async fn detail(tx: &mut TenantTx, id: Uuid) -> Result<EndpointDetail, ApiError> {
    Ok(EndpointDetail {
        endpoint: store::find(tx, id).await?,
        secrets: store::secrets(tx, id).await?,
    })
}

fn check_url(app: &App, url: &str) -> Result<(), ApiError> {
    match app.outbound.read(url) {
        Ok(_) => Ok(()),
        Err(detail) => Err(ApiError::InvalidMembers(vec![Violation {
            pointer: "/url".to_owned(),
            detail,
        }])),
    }
}

async fn audited(
    tx: &mut TenantTx,
    actor: &str,
    action: &str,
    before: Option<&Endpoint>,
    after: Option<&Endpoint>,
) -> Result<(), ApiError> {
    let id = before.or(after).map(|endpoint| endpoint.id.to_string());
    let target = audit::target("endpoint", &id.unwrap_or_default());
    audit::append(tx, actor, action, &target, before, after).await
}
