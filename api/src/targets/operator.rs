//! The operator's side of targets: to define, change and delete them, by the platform's key.

use axum::extract::State;
use cartwright_domain::names::TargetName;
use cartwright_role::extract::{Json, Path, Query};
use http::StatusCode;

use super::definition::{NewTarget, TargetDefinition};
use super::{Target, TargetSummary, page, store};
use crate::app::App;
use crate::auth::{Platform, PlatformTargets};
use crate::error::ApiError;
use crate::page::{Page, PageRequest};

/// List the targets
///
/// By name.
#[utoipa::path(
    get, path = "/v1/platform/targets", operation_id = "list_platform_targets", tag = "Platform",
    params(PageRequest),
    responses((status = 200, description = "A page of targets", body = Page<TargetSummary>))
)]
pub(crate) async fn list(
    _: Platform<PlatformTargets>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<TargetSummary>>, ApiError> {
    page(&app, &request).await
}

/// Define a target
///
/// Tenants may write functions for it from now on. Executors know its name within 100 ms, at worst 5 s.
#[utoipa::path(
    post, path = "/v1/platform/targets", operation_id = "create_target", tag = "Platform",
    request_body = NewTarget,
    responses(
        (status = 201, description = "The target", body = Target),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of every offence: a schema that is none, \
            that is too large or reaches outside itself, an example that breaks its schema"),
        (status = 409, description = "`conflict`: a target with this name exists already"),
    )
)]
pub(crate) async fn create(
    platform: Platform<PlatformTargets>,
    State(app): State<App>,
    Json(new): Json<NewTarget>,
) -> Result<(StatusCode, Json<Target>), ApiError> {
    let (name, definition) = new.into_parts();
    let definition = definition.checked().await?;
    let actor = platform.caller.actor();
    let mut tx = app.database.platform_tx().await?;
    store::insert(tx.connection(), &name, &definition, &actor).await?;
    // Every tenant's snapshot names all targets.
    tx.note_target_change(None).await?;
    let target = store::find(tx.connection(), &name).await?;
    tx.commit().await?;
    tracing::info!(target.name = %name, actor, "defined the target {name}");
    Ok((StatusCode::CREATED, Json(target)))
}

/// Get a target
#[utoipa::path(
    get, path = "/v1/platform/targets/{target}", operation_id = "get_platform_target", tag = "Platform",
    params(("target" = String, Path, description = "The target's name")),
    responses(
        (status = 200, description = "The target", body = Target),
        (status = 404, description = "`not_found`: no such target"),
    )
)]
pub(crate) async fn get(
    _: Platform<PlatformTargets>,
    State(app): State<App>,
    Path(name): Path<TargetName>,
) -> Result<Json<Target>, ApiError> {
    let mut crossing = app.database.crossing().await?;
    Ok(Json(store::find(crossing.connection(), &name).await?))
}

/// Change a target
///
/// All of it but the name. Runs that begin from then on are held to the new schemas and limits, within 100 ms, at worst 5 s;
/// functions are not asked whether they still fit, so widen an output schema before functions use it, and narrow it after.
#[utoipa::path(
    put, path = "/v1/platform/targets/{target}", operation_id = "put_target", tag = "Platform",
    params(("target" = String, Path, description = "The target's name")),
    request_body = TargetDefinition,
    responses(
        (status = 200, description = "The target", body = Target),
        (status = 400, description = "`invalid_request`: `errors[]` has the place of every offence"),
        (status = 404, description = "`not_found`: no such target"),
    )
)]
pub(crate) async fn put(
    platform: Platform<PlatformTargets>,
    State(app): State<App>,
    Path(name): Path<TargetName>,
    Json(definition): Json<TargetDefinition>,
) -> Result<Json<Target>, ApiError> {
    let definition = definition.checked().await?;
    let actor = platform.caller.actor();
    let mut tx = app.database.platform_tx().await?;
    store::lock(tx.connection(), &name).await?;
    store::update(tx.connection(), &name, &definition, &actor).await?;
    tx.note_target_change(Some(&name)).await?;
    let target = store::find(tx.connection(), &name).await?;
    tx.commit().await?;
    tracing::info!(target.name = %name, actor, "changed the target {name}");
    Ok(Json(target))
}

/// Delete a target
///
/// Only one that no function answers: a checkout must not lose its functions by one request.
#[utoipa::path(
    delete, path = "/v1/platform/targets/{target}", operation_id = "delete_target", tag = "Platform",
    params(("target" = String, Path, description = "The target's name")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "`not_found`: no such target"),
        (status = 409, description = "`conflict`: functions answer it; the detail says how many"),
    )
)]
pub(crate) async fn delete(
    platform: Platform<PlatformTargets>,
    State(app): State<App>,
    Path(name): Path<TargetName>,
) -> Result<StatusCode, ApiError> {
    let mut tx = app.database.platform_tx().await?;
    store::lock(tx.connection(), &name).await?;
    let uses = store::uses(tx.connection(), &name).await?;
    if uses.functions > 0 {
        return Err(ApiError::Conflict(format!(
            "{} functions of {} tenants answer {name}: they must be deleted or answer another target first",
            uses.functions, uses.tenants
        )));
    }
    store::delete(tx.connection(), &name).await?;
    tx.note_target_change(None).await?;
    tx.commit().await?;
    let actor = platform.caller.actor();
    tracing::info!(target.name = %name, actor, "deleted the target {name}");
    Ok(StatusCode::NO_CONTENT)
}
