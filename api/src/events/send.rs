//! `POST /v1/events`: the platform's events, all of a request in one transaction, whoever's they are.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_role::extract::Json;
use chrono::Utc;
use http::{HeaderMap, StatusCode};
use moka::sync::Cache;
use uuid::Uuid;

use super::incoming::{self, Incoming, Sent};
use super::{Accepted, NewEvent, Origin, Recorded, body, data, record};
use crate::app::App;
use crate::auth::{self, Platform, PlatformEvents};
use crate::deliveries::lane::Lane;
use crate::error::{ApiError, Violation};
use crate::event_types::Schemas;
use crate::subscriptions::matching::{Candidate, Candidates};
use crate::subscriptions::meeting;

/// Bytes of a request.
const BODY_BYTES_MAX: u64 = 5 << 20;

/// Names the tenant of events that name none themselves.
const TENANT_HEADER: &str = "cartwright-tenant";

/// How long a tenant's name is known without asking. Names are never given to another tenant.
static TENANTS: LazyLock<Cache<String, TenantId>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(10_000)
        .time_to_live(Duration::from_secs(30))
        .build()
});

/// Send events
///
/// One event, or a list of up to 1,000, in at most 5 MiB. What is accepted is kept together with its deliveries before the answer
/// leaves; what is refused leaves nothing: of a list all events are kept or none, also where they are several tenants'. After a 503,
/// or no answer, send all of it again: what was kept is a duplicate.
#[utoipa::path(
    post, path = "/v1/events", operation_id = "send_events", tag = "Events",
    params(("Cartwright-Tenant" = Option<String>, Header, description = "The tenant of events that name none, by name or id")),
    request_body(content = Incoming<'_>, content_type = "application/json", description = "An event, or a list of events"),
    responses(
        (status = 202, description = "What became of the event; for a list, a list in the same order", body = Accepted),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of every offence: a type or id that is none, data \
            that breaks its type's schema, a tenant that is not there"),
        (status = 408, description = "`request_timeout`: the body took longer than 10 s"),
        (status = 413, description = "`input_too_large`: over 5 MiB"),
        (status = 422, description = "`idempotency_mismatch`: the id was used with other content; `loop_detected`: the chain of events \
            over `parent` is too long"),
        (status = 429, description = "`rate_limited`: the filters of subscriptions take too long on these events; the detail names the \
            tenant"),
        (status = 503, description = "`not_ready`: nothing was kept"),
    )
)]
pub(crate) async fn send(
    _: Platform<PlatformEvents>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let body = body::receive(&headers, body, BODY_BYTES_MAX).await?;
    let sent = incoming::read(&body)?;
    let by_tenant = of_tenants(&app, &headers, &sent).await?;
    obeyed(&app, &sent).await?;
    let mut answers: Vec<Option<Accepted>> = Vec::new();
    answers.resize_with(sent.events.len(), || None);
    let recorded = keep(&app, &sent, &by_tenant, &body, request_id).await?;
    for (at, recorded) in by_tenant.into_values().flatten().zip(recorded) {
        answers[at] = Some(recorded.into());
    }
    let mut answers: Vec<Accepted> = answers.into_iter().flatten().collect();
    Ok(if sent.is_list {
        (StatusCode::ACCEPTED, Json(answers)).into_response()
    } else {
        (StatusCode::ACCEPTED, Json(answers.pop())).into_response()
    })
}

/// Which events are whose. In the order of the tenants' ids, as every request keeps them.
async fn of_tenants(
    app: &App,
    headers: &HeaderMap,
    sent: &Sent<'_>,
) -> Result<BTreeMap<TenantId, Vec<usize>>, ApiError> {
    let header = headers
        .get(TENANT_HEADER)
        .and_then(|value| value.to_str().ok());
    let mut ids = HashMap::<&str, Option<TenantId>>::new();
    let mut by_tenant = BTreeMap::<TenantId, Vec<usize>>::new();
    let mut found = Vec::new();
    for (at, event) in sent.events.iter().enumerate() {
        let Some(name) = event.tenant.as_deref().or(header) else {
            found.push(Violation {
                pointer: format!("{}/tenant", sent.pointer(at)),
                detail: "name the tenant here, or in the header Cartwright-Tenant".to_owned(),
            });
            continue;
        };
        let id = match ids.get(name) {
            Some(id) => *id,
            None => {
                let id = tenant_named(app, name).await?;
                ids.insert(name, id);
                id
            }
        };
        match id {
            Some(id) => by_tenant.entry(id).or_default().push(at),
            None => found.push(Violation {
                pointer: format!("{}/tenant", sent.pointer(at)),
                detail: "there is no tenant of this name or id".to_owned(),
            }),
        }
    }
    if found.is_empty() {
        return Ok(by_tenant);
    }
    Err(ApiError::InvalidMembers(found))
}

async fn tenant_named(app: &App, name: &str) -> Result<Option<TenantId>, ApiError> {
    if let Some(id) = TENANTS.get(name) {
        return Ok(Some(id));
    }
    // What is longer is no name, and what is no text Postgres would refuse.
    if name.len() > 63 || name.contains('\0') {
        return Ok(None);
    }
    let mut crossing = app.database.crossing().await?;
    let id = auth::tenant_named(&mut crossing, name).await?;
    if let Some(id) = id {
        TENANTS.insert(name.to_owned(), id);
    }
    Ok(id)
}

/// Refuse events whose data breaks the schema of their type.
async fn obeyed(app: &App, sent: &Sent<'_>) -> Result<(), ApiError> {
    let mut types: Vec<&str> = sent
        .events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect();
    types.sort_unstable();
    types.dedup();
    let mut crossing = app.database.crossing().await?;
    let schemas = Schemas::of(crossing.connection(), &types).await?;
    drop(crossing);
    let mut found = Vec::new();
    for (at, event) in sent.events.iter().enumerate() {
        let pointer = format!("{}/data", sent.pointer(at));
        let data = event.data.get().as_bytes();
        found.extend(schemas.broken_by(&event.event_type, data, &pointer)?);
        // A large batch under a large schema takes a while, and others wait for this thread.
        tokio::task::yield_now().await;
    }
    if found.is_empty() {
        return Ok(());
    }
    found.truncate(100);
    Err(ApiError::InvalidMembers(found))
}

/// Keep what every tenant was sent, in one transaction. The answers stand in the order of the parts.
async fn keep(
    app: &App,
    sent: &Sent<'_>,
    by_tenant: &BTreeMap<TenantId, Vec<usize>>,
    body: &Bytes,
    request_id: RequestId,
) -> Result<Vec<Recorded>, ApiError> {
    let lane = if sent.is_list { Lane::Bulk } else { Lane::Live };
    let now = Utc::now();
    let mut news = Vec::with_capacity(by_tenant.len());
    let mut parts = Vec::with_capacity(by_tenant.len());
    for (tenant, places) in by_tenant {
        let (mut new, mut candidates) = (Vec::new(), Vec::new());
        for event in places.iter().map(|at| &sent.events[*at]) {
            let bytes = event.data_in(body);
            let event_id = Uuid::now_v7();
            let one = NewEvent {
                event_id,
                event_type: event.event_type.clone(),
                origin: Origin::Platform,
                external_id: event.id.clone(),
                occurred_at: event.time.unwrap_or(now),
                parent: event.parent,
                data: data::keep(&app.object_store, *tenant, event_id, bytes.clone()).await?,
                request_id,
                deliveries: Vec::new(),
            };
            candidates.push(Candidate::new(
                one.event_id,
                &one.event_type,
                one.occurred_at,
                None,
                bytes,
            ));
            new.push(one);
        }
        news.push(new);
        parts.push((*tenant, Candidates::of(candidates)));
    }
    let (mut tx, met) = meeting::meet(&app.database, parts, lane).await?;
    let mut recorded = Vec::with_capacity(sent.events.len());
    for ((tenant, mut new), met) in by_tenant.keys().zip(news).zip(met) {
        for (event, deliveries) in new.iter_mut().zip(met) {
            event.deliveries = deliveries;
        }
        tx.turn_to(*tenant).await?;
        recorded.extend(record(&mut tx, new).await?);
    }
    tx.commit().await?;
    Ok(recorded)
}
