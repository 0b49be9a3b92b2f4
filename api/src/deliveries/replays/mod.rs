//! Deliveries that are delivered again, as many as a filter finds, as a batch with a name. [`crate::jobs`] works batches off.

mod batch;
mod step;
mod store;

pub(crate) use step::{Step, fail, step};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::extract::{Json, Path, Query};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use self::batch::{DeliveryReplay, DryRun, ReplayRequest};
use self::store::{NewReplay, Range};
use super::change::idempotency_key;
use super::listed::store::find as find_delivery;
use crate::app::App;
use crate::audit;
use crate::auth::{InvocationRead, InvocationReplay, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions::store::id_of_last;
use crate::jobs::{self, Task};
use crate::page::{Page, PageRequest};

/// Batches of one tenant that have not ended, at most.
const OPEN_MAX: i64 = 5;

/// Deliveries of one batch, at most: more are not counted within a request.
const TOTAL_MAX: i64 = 1_000_000;

/// Replay deliveries
///
/// Delivers the events of all deliveries that the filter finds once more, the oldest first, to the functions as they are now and
/// billed like any delivery. What has a replay already that was not cancelled is not replayed again. With `dry_run` nothing is made,
/// and the answer says how many there are. With an `Idempotency-Key`, a repeat answers the first one's batch.
#[utoipa::path(
    post, path = "/v1/deliveries/replay", operation_id = "replay_deliveries", tag = "Deliveries",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters; a repeat under it makes no other batch")),
    request_body = ReplayRequest,
    responses(
        (status = 200, description = "What would be replayed, for a dry run", body = DryRun),
        (status = 202, description = "The batch, which waits for a worker", body = DeliveryReplay,
            headers(("Location" = String, description = "Where to look for it"))),
        (status = 404, description = "`not_found`: no such function"),
        (status = 409, description = "`conflict`: another batch has the name, or five batches of the tenant have not ended"),
        (status = 422, description = "`idempotency_mismatch`: the key was used for another batch"),
    )
)]
pub(crate) async fn create(
    tenant: Tenant<InvocationReplay>,
    State(app): State<App>,
    headers: HeaderMap,
    Json(asked): Json<ReplayRequest>,
) -> Result<Response, ApiError> {
    asked.check()?;
    let key = idempotency_key(&headers)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    if asked.dry_run {
        return Ok(Json(dry_run(&mut tx, &asked).await?).into_response());
    }
    let open = store::open(&mut tx).await?;
    let first = match key {
        Some(key) => store::first_under(&mut tx, key).await?,
        None => None,
    };
    let id = match first {
        Some(first) if first.is_of(&asked) => first.replay_id,
        Some(_) => return Err(mismatch()),
        None if open >= OPEN_MAX => {
            return Err(ApiError::Conflict(format!(
                "{OPEN_MAX} batches of this tenant have not ended: wait for one, or cancel one"
            )));
        }
        None => insert(&mut tx, &tenant, key, &asked).await?,
    };
    let batch = found(&mut tx, id).await?;
    tx.commit().await?;
    let place = [(LOCATION, format!("/v1/deliveries/replays/{id}"))];
    Ok((StatusCode::ACCEPTED, place, Json(batch)).into_response())
}

async fn dry_run(tx: &mut TenantTx, asked: &ReplayRequest) -> Result<DryRun, ApiError> {
    let range = range(tx, asked).await?;
    let (total, first) = store::count(tx, &range, TOTAL_MAX).await?;
    let example = match first {
        Some(first) => Some(find_delivery(tx, first).await?.into()),
        None => None,
    };
    Ok(DryRun { total, example })
}

async fn range<'a>(tx: &mut TenantTx, asked: &'a ReplayRequest) -> Result<Range<'a>, ApiError> {
    let function_id = match &asked.filter.function {
        Some(name) => Some(id_of_last(tx, name.as_str()).await?.uuid()),
        None => None,
    };
    Ok(Range::of(&asked.filter, function_id))
}

async fn insert(
    tx: &mut TenantTx,
    tenant: &Tenant<InvocationReplay>,
    key: Option<&str>,
    asked: &ReplayRequest,
) -> Result<Uuid, ApiError> {
    let range = range(tx, asked).await?;
    let (total, _) = store::count(tx, &range, TOTAL_MAX + 1).await?;
    if total > TOTAL_MAX {
        return Err(ApiError::Invalid(format!(
            "`filter` finds more than {TOTAL_MAX} deliveries: make a batch for each part of the time, by `from` and `to`"
        )));
    }
    let by = tenant.caller.actor();
    let new = NewReplay {
        key,
        function_id: range.function_id,
        total,
        by: &by,
    };
    let id = store::insert(tx, asked, &new).await?;
    jobs::store::insert(tx, &Task::ReplayDeliveries { replay_id: id }).await?;
    let target = audit::target("delivery_replay", &asked.name);
    audit::append(tx, &by, "deliveries.replay", &target, None, Some(&id)).await?;
    Ok(id)
}

fn mismatch() -> ApiError {
    let detail = "this `Idempotency-Key` made a batch with another name, filter or rate: take another key, or repeat that request unchanged";
    ApiError::Problem(Box::new(Problem::new(Code::IdempotencyMismatch, detail)))
}

async fn found(tx: &mut TenantTx, id: Uuid) -> Result<DeliveryReplay, ApiError> {
    let row = store::page(tx, None, Some(id), 1).await?.pop();
    row.map(DeliveryReplay::from)
        .ok_or(ApiError::NotFound("batch of replays"))
}

/// List batches of replayed deliveries
///
/// Newest first, each as far as it has come.
#[utoipa::path(
    get, path = "/v1/deliveries/replays", operation_id = "list_delivery_replays", tag = "Deliveries",
    params(PageRequest),
    responses((status = 200, description = "A page of batches", body = Page<DeliveryReplay>))
)]
pub(crate) async fn list(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<DeliveryReplay>>, ApiError> {
    let before: Option<Uuid> = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let rows = store::page(&mut tx, before, None, request.rows()?).await?;
    let batches = rows.into_iter().map(DeliveryReplay::from).collect();
    Ok(Json(Page::of(batches, &request, DeliveryReplay::id)?))
}

/// Get a batch of replayed deliveries
#[utoipa::path(
    get, path = "/v1/deliveries/replays/{id}", operation_id = "get_delivery_replay", tag = "Deliveries",
    params(("id" = Uuid, Path, description = "The batch's id")),
    responses(
        (status = 200, description = "The batch, as far as it has come", body = DeliveryReplay),
        (status = 404, description = "`not_found`: no such batch"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<DeliveryReplay>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    Ok(Json(found(&mut tx, id).await?))
}

/// Cancel a batch of replayed deliveries
///
/// No more are made, and those that wait are cancelled. Those that run end by themselves.
#[utoipa::path(
    post, path = "/v1/deliveries/replays/{id}/cancel", operation_id = "cancel_delivery_replay", tag = "Deliveries",
    params(("id" = Uuid, Path, description = "The batch's id")),
    responses(
        (status = 200, description = "The batch", body = DeliveryReplay),
        (status = 404, description = "`not_found`: no such batch"),
    )
)]
pub(crate) async fn cancel(
    tenant: Tenant<InvocationReplay>,
    State(app): State<App>,
    Path(id): Path<Uuid>,
) -> Result<Json<DeliveryReplay>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let batch = found(&mut tx, id).await?;
    let is_cancelled = store::cancel(&mut tx, id).await?;
    let waited = store::cancel_waiting(&mut tx, id).await?;
    if is_cancelled || waited > 0 {
        let target = audit::target("delivery_replay", batch.name());
        let by = tenant.caller.actor();
        audit::append(
            &mut tx,
            &by,
            "deliveries.replay_cancel",
            &target,
            None,
            Some(&id),
        )
        .await?;
    }
    let batch = found(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(batch))
}
