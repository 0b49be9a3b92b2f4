//! `POST /v1/sources/{id}`: a third party's webhook on its way in. Believed before it is read, kept before it is answered.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::extract::{Json, Path};
use chrono::Utc;
use http::HeaderMap;
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::naming::{Named, names};
use super::scheme::{Scheme, Settings};
use super::{signature, store};
use crate::app::App;
use crate::auth::Anyone;
use crate::deliveries::lane::Lane;
use crate::error::ApiError;
use crate::events::{Accepted, NewEvent, Origin, body, data, record};
use crate::subscriptions::matching::Candidate;
use crate::subscriptions::meeting;

/// A source as receiving needs it.
struct Address {
    tenant: TenantId,
    source_id: Uuid,
    name: String,
    scheme: Scheme,
    settings: Settings,
    secrets: Vec<Vec<u8>>,
}

/// Receive a webhook
///
/// Takes what the source's sender signed, at most 1 MiB within 10 s. It is kept together with its deliveries before the answer
/// leaves; a repeat is answered as the first was, and does no work.
#[utoipa::path(
    post, path = "/v1/sources/{id}", operation_id = "receive_webhook", tag = "Events",
    params(("id" = Uuid, Path, description = "The source's id")),
    request_body(content = Value, content_type = "application/json", description = "Any JSON"),
    responses(
        (status = 200, description = "It is kept", body = Accepted),
        (status = 400, description = "`invalid_request`: it is signed, and is no JSON, or a header with its id or type is missing"),
        (status = 401, description = "`unauthenticated`: no signature of it fits, or it is older than five minutes; the detail says which"),
        (status = 404, description = "`not_found`: no such source"),
        (status = 408, description = "`request_timeout`: it took longer than 10 s"),
        (status = 413, description = "`input_too_large`: over 1 MiB"),
        (status = 415, description = "`unsupported_media_type`: it is no JSON by its Content-Type"),
        (status = 503, description = "`not_ready`: it was not kept; send it again"),
    )
)]
pub(crate) async fn receive(
    _: Anyone,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Accepted>, ApiError> {
    let source = address(&app, id).await?;
    let body = body::receive(&headers, body, data::BYTES_MAX as u64).await?;
    let now_s = Utc::now().timestamp();
    let believed = signature::check(
        source.scheme,
        &source.settings,
        &headers,
        &body,
        &source.secrets,
        now_s,
    );
    if let Err(refusal) = believed {
        metrics::counter!("cartwright_webhooks_refused_total").increment(1);
        tracing::info!(source.id = %id, "a webhook was refused: {refusal}");
        let problem = Problem::new(Code::Unauthenticated, refusal.to_string());
        return Err(ApiError::Problem(Box::new(problem)));
    }
    read(&body)?;
    let named = names(source.scheme, &source.settings, &headers, &body)?;
    let accepted = keep(&app, &source, named, body, request_id).await?;
    Ok(Json(accepted))
}

async fn address(app: &App, id: Uuid) -> Result<Address, ApiError> {
    const MISSING: ApiError = ApiError::NotFound("source");
    let mut crossing = app.database.crossing().await?;
    let tenant = store::tenant_of(&mut crossing, id).await?.ok_or(MISSING)?;
    drop(crossing);
    let mut tx = app.database.tenant_tx(tenant).await?;
    let source = store::find(&mut tx, id).await?;
    if source.paused {
        let detail = "the source is paused and takes nothing in; send it again later";
        return Err(ApiError::Problem(Box::new(Problem::new(
            Code::NotReady,
            detail,
        ))));
    }
    let now = Utc::now();
    let secrets = store::secrets(&mut tx, id).await?.into_iter();
    let secrets = secrets
        .filter(|secret| secret.expires_at.is_none_or(|end| end > now))
        .map(|secret| {
            app.wrapping
                .source_secret(tenant, secret.secret_id, &secret.wrapped)
        });
    Ok(Address {
        tenant,
        source_id: id,
        name: source.name,
        scheme: source.scheme,
        settings: source.settings.0,
        secrets: secrets.collect::<anyhow::Result<_>>()?,
    })
}

/// Refuse what is no JSON that functions can read.
fn read(body: &[u8]) -> Result<(), ApiError> {
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        return Err(ApiError::Invalid(format!("the body is no JSON: {error}")));
    }
    if std::str::from_utf8(body).is_err() {
        return Err(ApiError::Invalid(
            "the body is not UTF-8, as JSON must be".to_owned(),
        ));
    }
    match data::flaw(body) {
        None => Ok(()),
        Some(rule) => Err(ApiError::Invalid(format!("the body {rule}"))),
    }
}

async fn keep(
    app: &App,
    source: &Address,
    named: Named,
    body: Bytes,
    request_id: RequestId,
) -> Result<Accepted, ApiError> {
    let (event_id, occurred_at) = (Uuid::now_v7(), named.occurred_at.unwrap_or_else(Utc::now));
    let kept = data::keep(&app.object_store, source.tenant, event_id, body.clone()).await?;
    let origin = Some((source.source_id, source.name.clone()));
    let candidate = Candidate::new(event_id, &named.event_type, occurred_at, origin, body);
    let (mut tx, deliveries) =
        meeting::meet_one(&app.database, source.tenant, candidate, Lane::Live).await?;
    let new = NewEvent {
        event_id,
        event_type: named.event_type.clone(),
        origin: Origin::Source(source.source_id),
        external_id: named.external_id,
        occurred_at,
        parent: None,
        data: kept,
        request_id,
        deliveries,
    };
    let recorded = record(&mut tx, vec![new]).await?.pop();
    let recorded = recorded.ok_or_else(|| anyhow::anyhow!("an event is recorded"))?;
    tx.commit().await?;
    Ok(recorded.into())
}
