//! Recorded runs once more: one by one, or a batch of them as the shadow run of a version. Batches are run by [`crate::jobs`].

mod batch;
mod comparison;
mod difference;
mod one;
mod recording;
mod runs;
mod side;
mod store;
mod subject;
mod summary;
pub(crate) mod work;

pub(crate) use one::{__path_replay, replay};
pub(crate) use recording::{__path_recording, recording};
pub(crate) use summary::Counts;

use axum::extract::State;
use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::{AliasName, FunctionName};
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::header::LOCATION;
use http::{HeaderName, StatusCode};
use uuid::Uuid;

use self::batch::{BatchRequest, ReplayBatch};
use self::runs::{ReplayResult, ResultFilter};
use self::store::BatchRow;
use crate::app::App;
use crate::audit;
use crate::auth::{InvocationRead, InvocationReplay, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::functions::store::id_of;
use crate::jobs::{self, Task};
use crate::page::{Page, PageRequest};

/// A batch that has finished, as a gate sees it.
#[derive(Debug)]
pub(crate) struct FinishedBatch {
    pub(crate) id: Uuid,
    pub(crate) finished_at: DateTime<Utc>,
    pub(crate) counts: Counts,
}

/// The newest finished batch of a version that took runs as they came: those of one outcome alone prove nothing.
pub(crate) async fn newest_finished(
    tx: &mut TenantTx,
    function_id: FunctionId,
    version: i32,
    alias: &AliasName,
) -> Result<Option<FinishedBatch>, ApiError> {
    let row = store::newest_finished(tx, function_id, version, alias.as_str()).await?;
    Ok(row.and_then(|row| {
        Some(FinishedBatch {
            id: row.batch_id,
            finished_at: row.ended_at?,
            counts: row.summary?.0.counts,
        })
    }))
}

/// Batches of one tenant that have not ended, at most.
const OPEN_MAX: i64 = 5;

/// Start a batch of replays
///
/// Runs a version on the newest recorded inputs of the function and compares: the shadow run before a promote, with its
/// quote. Billed to nobody. A worker does it; ask for the batch to see how far it is.
#[utoipa::path(
    post, path = "/v1/functions/{name}/replays", operation_id = "create_replay_batch", tag = "Replays",
    params(("name" = String, Path, description = "The function's name")),
    request_body = BatchRequest,
    responses(
        (status = 202, description = "The batch, which waits for a worker", body = ReplayBatch,
            headers(("Location" = String, description = "Where to look for it"))),
        (status = 404, description = "`not_found`: no such function or version"),
        (status = 409, description = "`conflict`: a version is not ready, or five batches of the tenant have not ended"),
    )
)]
pub(crate) async fn create(
    tenant: Tenant<InvocationReplay>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Json(asked): Json<BatchRequest>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ReplayBatch>), ApiError> {
    asked.check()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let new = asked.of_function(&mut tx, function_id).await?;
    if store::open(&mut tx).await? >= OPEN_MAX {
        return Err(ApiError::Conflict(format!(
            "{OPEN_MAX} batches of this tenant have not ended: wait for one, or cancel one"
        )));
    }
    let by = tenant.caller.actor();
    let id = store::insert(&mut tx, function_id, &new, &by).await?;
    jobs::store::insert(&mut tx, &Task::Replay { batch_id: id }).await?;
    let row = batch_of(&mut tx, function_id, id).await?;
    let batch = ReplayBatch::of(&mut tx, &name, row).await?;
    tx.commit().await?;
    let place = format!("/v1/functions/{name}/replays/{id}");
    Ok((StatusCode::ACCEPTED, [(LOCATION, place)], Json(batch)))
}

/// The batch, if it is of this function.
async fn batch_of(
    tx: &mut TenantTx,
    function_id: FunctionId,
    id: Uuid,
) -> Result<BatchRow, ApiError> {
    let row = store::find(tx, id).await?;
    row.filter(|row| row.function_id == function_id.uuid())
        .ok_or(ApiError::NotFound("batch of replays"))
}

/// List batches of replays
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/functions/{name}/replays", operation_id = "list_replay_batches", tag = "Replays",
    params(("name" = String, Path, description = "The function's name"), PageRequest),
    responses(
        (status = 200, description = "A page of batches", body = Page<ReplayBatch>),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn list(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<ReplayBatch>>, ApiError> {
    let before = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let rows = store::page(&mut tx, function_id, before, request.rows()?).await?;
    let mut batches = Vec::with_capacity(rows.len());
    for row in rows {
        batches.push(ReplayBatch::of(&mut tx, &name, row).await?);
    }
    Ok(Json(Page::of(batches, &request, ReplayBatch::id)?))
}

/// Get a batch of replays
#[utoipa::path(
    get, path = "/v1/functions/{name}/replays/{id}", operation_id = "get_replay_batch", tag = "Replays",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("id" = Uuid, Path, description = "The batch's id"),
    ),
    responses(
        (status = 200, description = "The batch, as far as it has come", body = ReplayBatch),
        (status = 404, description = "`not_found`: no such function or batch"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Path((name, id)): Path<(FunctionName, Uuid)>,
) -> Result<Json<ReplayBatch>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let row = batch_of(&mut tx, function_id, id).await?;
    Ok(Json(ReplayBatch::of(&mut tx, &name, row).await?))
}

/// Cancel a batch of replays
///
/// What it found out so far stays. One that has ended stays as it is.
#[utoipa::path(
    post, path = "/v1/functions/{name}/replays/{id}/cancel", operation_id = "cancel_replay_batch", tag = "Replays",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("id" = Uuid, Path, description = "The batch's id"),
    ),
    responses(
        (status = 200, description = "The batch", body = ReplayBatch),
        (status = 404, description = "`not_found`: no such function or batch"),
    )
)]
pub(crate) async fn cancel(
    tenant: Tenant<InvocationReplay>,
    State(app): State<App>,
    Path((name, id)): Path<(FunctionName, Uuid)>,
) -> Result<Json<ReplayBatch>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    batch_of(&mut tx, function_id, id).await?;
    if store::cancel(&mut tx, id).await? {
        let (by, target) = (
            tenant.caller.actor(),
            audit::target("replays", &id.to_string()),
        );
        audit::append(&mut tx, &by, "replays.cancel", &target, None, Some(&id)).await?;
    }
    let row = batch_of(&mut tx, function_id, id).await?;
    let batch = ReplayBatch::of(&mut tx, &name, row).await?;
    tx.commit().await?;
    Ok(Json(batch))
}

/// List the results of a batch of replays
///
/// The worst first: newly failing, then other outputs, then those that do not compare, then newly passing, then the same; in each, those that burn most
/// more. Outputs and logs over 64 KiB are left out. They are kept as long as run logs.
#[utoipa::path(
    get, path = "/v1/functions/{name}/replays/{id}/results", operation_id = "list_replay_results", tag = "Replays",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("id" = Uuid, Path, description = "The batch's id"),
        ResultFilter, PageRequest,
    ),
    responses(
        (status = 200, description = "A page of runs that are done", body = Page<ReplayResult>),
        (status = 404, description = "`not_found`: no such function or batch"),
    )
)]
pub(crate) async fn results(
    tenant: Tenant<InvocationRead>,
    State(app): State<App>,
    Path((name, id)): Path<(FunctionName, Uuid)>,
    Query(filter): Query<ResultFilter>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<ReplayResult>>, ApiError> {
    let after = request.after()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    batch_of(&mut tx, function_id, id).await?;
    let rows = runs::store::results(&mut tx, id, filter.class, after, request.rows()?).await?;
    let results = rows.into_iter().map(ReplayResult::from).collect();
    Ok(Json(Page::of(results, &request, ReplayResult::place)?))
}
