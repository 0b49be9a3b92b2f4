//! Messages to endpoints: notices of ours and outputs of functions, each posted until it is received or given up. Whoever
//! has something to tell makes its message in the transaction of what it tells; [`work`] sends them.

mod notice;
pub(crate) mod output;
mod store;
pub(crate) mod work;

pub(crate) use notice::{Notice, notify};
pub(crate) use store::{insert, of_delivery};

use axum::extract::State;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::auth::{EndpointWrite, MessageRead, Tenant};
use crate::endpoints;
use crate::error::ApiError;
use crate::page::{Page, PageRequest};

/// On which Postgres says that messages wait. A hint: the worker also looks every second.
pub(crate) const HINT_CHANNEL: &str = "cartwright_messages";

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum MessageStatus {
    /// It waits for its next attempt.
    Pending,
    /// It was received: the endpoint answered 2xx.
    Succeeded,
    /// It was given up: after the tenth attempt, after five days, or with its endpoint.
    Failed,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    /// Its id, which is also the header `webhook-id` of every attempt.
    id: Uuid,
    /// Where it goes.
    endpoint_id: Uuid,
    /// What it tells, such as `delivery.dead` or `function.output`: the member `type` of its payload.
    #[serde(rename = "type")]
    kind: String,
    /// How it stands.
    status: MessageStatus,
    /// Attempts so far, since it was made or sent again.
    attempts: i16,
    /// When the next attempt is due; null when there is none.
    #[schema(required)]
    next_attempt_at: Option<DateTime<Utc>>,
    /// What the last attempt came to, or why it was given up.
    #[schema(required)]
    last_error: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was received or given up.
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
    /// The delivery whose output it has; null for what is no output of a function.
    #[schema(required)]
    delivery_id: Option<Uuid>,
}

/// An attempt to send a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageAttempt {
    /// When it began.
    started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    duration_ms: i32,
    /// `delivered`, `http_status`, `timed_out`, `connection_failed`, `tls_failed`, `name_not_found`, `address_refused` or
    /// `answer_unreadable`.
    outcome: String,
    /// The HTTP status that came back, where one did.
    #[schema(required)]
    status: Option<i16>,
}

/// A message with its payload and attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageDetail {
    #[serde(flatten)]
    message: Message,
    /// The body that is posted, byte for byte.
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
    /// The newest 100 attempts, oldest first, those before it was sent again among them.
    history: Vec<MessageAttempt>,
}

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageFilter {
    /// To this endpoint.
    endpoint: Option<Uuid>,
    /// That stand so.
    status: Option<MessageStatus>,
    /// Of this type.
    r#type: Option<String>,
}

/// List messages
///
/// Newest first. They are kept for 30 days.
#[utoipa::path(
    get, path = "/v1/messages", operation_id = "list_messages", tag = "Endpoints",
    params(MessageFilter, PageRequest),
    responses((status = 200, description = "A page of messages", body = Page<Message>))
)]
pub(crate) async fn list(
    tenant: Tenant<MessageRead>,
    State(app): State<App>,
    Query(filter): Query<MessageFilter>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Message>>, ApiError> {
    let before = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let messages = store::list(&mut tx, &filter, before, request.rows()?).await?;
    Ok(Json(Page::of(messages, &request, |message| message.id)?))
}

/// Get a message with its attempts
#[utoipa::path(
    get, path = "/v1/messages/{id}", operation_id = "get_message", tag = "Endpoints",
    params(("id" = Uuid, Path, description = "The message's id")),
    responses(
        (status = 200, description = "The message", body = MessageDetail),
        (status = 404, description = "`not_found`: no such message"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<MessageRead>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<MessageDetail>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let message = store::find(&mut tx, id).await?;
    let payload = store::payload(&mut tx, id).await?;
    let history = store::attempts(&mut tx, id).await?;
    Ok(Json(MessageDetail {
        message,
        payload,
        history,
    }))
}

/// Send a message again
///
/// One that was received or given up: the same payload under the same `webhook-id`, at once, with attempts counted anew.
#[utoipa::path(
    post, path = "/v1/messages/{id}/resend", operation_id = "resend_message", tag = "Endpoints",
    params(("id" = Uuid, Path, description = "The message's id")),
    responses(
        (status = 202, description = "The message, which waits for a worker", body = Message),
        (status = 404, description = "`not_found`: no such message, or its endpoint was deleted"),
        (status = 409, description = "`conflict`: it waits for an attempt already"),
    )
)]
pub(crate) async fn resend(
    tenant: Tenant<EndpointWrite>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = store::find(&mut tx, id).await?;
    endpoints::store::find(&mut tx, before.endpoint_id).await?;
    if !store::resend(&mut tx, id).await? {
        return Err(ApiError::Conflict(
            "the message waits for its next attempt already: `next_attempt_at` says when"
                .to_owned(),
        ));
    }
    endpoints::store::unblock(&mut tx, before.endpoint_id).await?;
    let message = store::find(&mut tx, id).await?;
    let (actor, target) = (
        tenant.caller.actor(),
        audit::target("message", &id.to_string()),
    );
    audit::append(
        &mut tx,
        &actor,
        "message.resend",
        &target,
        Some(&before),
        Some(&message),
    )
    .await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(message)))
}
