//! The operator's side of the fleet: which executors there are, how each is, and which are drained. What executors report
//! comes in by `report`; who of them runs a test is `clients::executors`' to say.

mod host;
pub(crate) mod report;
mod state;
pub(crate) mod store;
mod view;

use axum::extract::State;
use cartwright_domain::ids::WriterId;
use cartwright_role::extract::{Json, Path, Query};
use http::StatusCode;

use crate::app::App;
use crate::auth::{Platform, PlatformFleet};
use crate::error::ApiError;
use crate::page::{Page, PageRequest};
use view::ExecutorView;

pub(crate) use host::{FleetConfig, Host};

/// List the executors
///
/// Those that started first come first. One that ended in good order is not listed; one that is `lost` stays until another
/// has had its meter log for an hour, or until it is forgotten by `DELETE`.
#[utoipa::path(
    get, path = "/v1/platform/fleet", operation_id = "list_executors", tag = "Platform",
    params(PageRequest),
    responses((status = 200, description = "A page of executors", body = Page<ExecutorView>))
)]
pub(crate) async fn list(
    _: Platform<PlatformFleet>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<ExecutorView>>, ApiError> {
    let after: Option<WriterId> = request.after()?;
    let mut crossing = app.database.crossing().await?;
    let rows = store::list(&mut crossing, after, request.rows()?).await?;
    let views: Vec<ExecutorView> = rows.into_iter().map(ExecutorView::of).collect();
    Ok(Json(Page::of(views, &request, |view| view.id)?))
}

/// Drain an executor
///
/// Within 4 s its `/readyz` answers 503 `not_ready` naming `drain_order`, so that balancers turn away; some 10 s later it
/// refuses new runs. Runs that go on end, and its meter log is shipped as ever. The order is for this process: one that is
/// started anew is a new executor and takes runs.
#[utoipa::path(
    post, path = "/v1/platform/fleet/{id}/drain", operation_id = "drain_executor", tag = "Platform",
    params(("id" = String, Path, format = "uuid", description = "The executor's id")),
    responses(
        (status = 200, description = "The executor, which will be told by the answer to its next report", body = ExecutorView),
        (status = 404, description = "`not_found`: no such executor"),
    )
)]
pub(crate) async fn drain(
    platform: Platform<PlatformFleet>,
    State(app): State<App>,
    Path(id): Path<WriterId>,
) -> Result<Json<ExecutorView>, ApiError> {
    order(&app, id, Some(&platform.caller.actor())).await
}

/// Put a drained executor back
///
/// It takes runs again within 4 s.
#[utoipa::path(
    post, path = "/v1/platform/fleet/{id}/undrain", operation_id = "undrain_executor", tag = "Platform",
    params(("id" = String, Path, format = "uuid", description = "The executor's id")),
    responses(
        (status = 200, description = "The executor", body = ExecutorView),
        (status = 404, description = "`not_found`: no such executor"),
    )
)]
pub(crate) async fn undrain(
    _: Platform<PlatformFleet>,
    State(app): State<App>,
    Path(id): Path<WriterId>,
) -> Result<Json<ExecutorView>, ApiError> {
    order(&app, id, None).await
}

/// Forget a lost executor
///
/// For one that does not come back, and whose meter log nobody can ship: what it had not shipped stays unbilled. One that
/// lives is not forgotten.
#[utoipa::path(
    delete, path = "/v1/platform/fleet/{id}", operation_id = "forget_executor", tag = "Platform",
    params(("id" = String, Path, format = "uuid", description = "The executor's id")),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = 404, description = "`not_found`: no such executor"),
        (status = 409, description = "`conflict`: the executor is not lost"),
    )
)]
pub(crate) async fn forget(
    platform: Platform<PlatformFleet>,
    State(app): State<App>,
    Path(id): Path<WriterId>,
) -> Result<StatusCode, ApiError> {
    let mut crossing = app.database.crossing().await?;
    if !store::forget(&mut crossing, id).await? {
        let view = ExecutorView::of(store::find(&mut crossing, id).await?);
        return Err(ApiError::Conflict(format!(
            "executor {id} is {} and reports; only one that is lost can be forgotten: stop its process first",
            view.state.as_str()
        )));
    }
    tracing::warn!(executor.id = %id, by = platform.caller.actor(), "forgot the lost executor {id}");
    Ok(StatusCode::NO_CONTENT)
}

/// Write the order down, and tell how the executor stands.
async fn order(
    app: &App,
    id: WriterId,
    drain_by: Option<&str>,
) -> Result<Json<ExecutorView>, ApiError> {
    let mut crossing = app.database.crossing().await?;
    store::order(&mut crossing, id, drain_by).await?;
    app.executors.forget_list();
    match drain_by {
        Some(by) => tracing::info!(executor.id = %id, by, "executor {id} is to be drained"),
        None => tracing::info!(executor.id = %id, "executor {id} is to be put back"),
    }
    Ok(Json(ExecutorView::of(
        store::find(&mut crossing, id).await?,
    )))
}
