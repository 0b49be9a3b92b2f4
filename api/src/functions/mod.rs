//! Functions: what a tenant names, deploys and runs. Their code is in [`crate::versions`], their settings in [`crate::settings`].

pub(crate) mod limits;
pub(crate) mod store;

use axum::extract::State;
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::{FunctionName, TargetName};
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use self::limits::LimitOverridesSchema;
use crate::app::App;
use crate::audit;
use crate::auth::{FunctionRead, FunctionWrite, Tenant};
use crate::database::TenantTx;
use crate::error::ApiError;
use crate::page::{Page, PageRequest};

/// A function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Function {
    /// Its id, which meter records and invoices name, and which outlives its name.
    id: Uuid,
    /// Its name, unique in the tenant.
    name: String,
    /// The extension point that it is bound to.
    #[schema(required)]
    target: Option<String>,
    /// Lower limits of its own.
    #[schema(value_type = LimitOverridesSchema)]
    limits: sqlx::types::Json<LimitOverrides>,
    /// Whether its results are kept and given again for the same input.
    memoise: bool,
    /// The version that `live` points at; null until the first promote.
    #[schema(required)]
    live: Option<i32>,
    /// How many versions it has.
    versions: i32,
    /// Version of its configuration; 0 when none was put yet.
    config_version: i32,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// Who created it.
    created_by: String,
}

/// A function to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFunction {
    /// 1 to 63 lowercase letters, digits and hyphens, beginning with a letter and not ending with a hyphen.
    #[schema(value_type = String, example = "volume-discount")]
    name: FunctionName,
    /// The extension point that it answers, such as `cart.discount`. Any well-formed name is taken: the platform need not
    /// have defined it yet. A module that exports a function of this name runs that, otherwise `_start`.
    #[schema(value_type = Option<String>, example = "cart.discount")]
    target: Option<TargetName>,
    /// Lower limits of its own.
    #[serde(default)]
    #[schema(value_type = LimitOverridesSchema)]
    limits: LimitOverrides,
    /// Keep its results and give them again for the same input, code and configuration, for a lower price than a run.
    /// Runs that ask for the time or for randomness are never kept.
    #[serde(default)]
    memoise: bool,
}

/// What to change of a function. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunctionChange {
    /// Another extension point, or null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    target: Option<Option<TargetName>>,
    /// Other limits, in place of all that were set.
    #[schema(value_type = Option<LimitOverridesSchema>)]
    limits: Option<LimitOverrides>,
    /// Whether its results are kept and given again for the same input.
    memoise: Option<bool>,
}

/// Tells a member that is null from one that is absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Create a function
///
/// It runs nothing until an alias points at a version of it.
#[utoipa::path(
    post, path = "/v1/functions", operation_id = "create_function", tag = "Functions",
    request_body = NewFunction,
    responses(
        (status = 201, description = "The function", body = Function),
        (status = 409, description = "`conflict`: a function with this name exists already"),
    )
)]
pub(crate) async fn create(
    tenant: Tenant<FunctionWrite>,
    State(app): State<App>,
    Json(new): Json<NewFunction>,
) -> Result<(StatusCode, Json<Function>), ApiError> {
    limits::check(&new.limits)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    store::insert(&mut tx, &new, &tenant.caller.actor()).await?;
    let function = store::find(&mut tx, new.name.as_str()).await?;
    tx.note_tenant_change().await?;
    audit::append(
        &mut tx,
        &tenant.caller.actor(),
        "function.create",
        &audit::target("function", &function.name),
        None,
        Some(&function),
    )
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(function)))
}

/// List functions
///
/// By name.
#[utoipa::path(
    get, path = "/v1/functions", operation_id = "list_functions", tag = "Functions",
    params(PageRequest),
    responses((status = 200, description = "A page of functions", body = Page<Function>))
)]
pub(crate) async fn list(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Function>>, ApiError> {
    let after: String = request.after()?.unwrap_or_default();
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let functions = store::list(&mut tx, &after, request.rows()?).await?;
    Ok(Json(Page::of(functions, &request, |function| {
        function.name.clone()
    })?))
}

/// Get a function
#[utoipa::path(
    get, path = "/v1/functions/{name}", operation_id = "get_function", tag = "Functions",
    params(("name" = String, Path, description = "The function's name")),
    responses(
        (status = 200, description = "The function", body = Function),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
) -> Result<Json<Function>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    Ok(Json(store::find(&mut tx, name.as_str()).await?))
}

/// Change a function's target or limits, or whether its results are kept
///
/// Runs that are under way end under the limits that they began with.
#[utoipa::path(
    patch, path = "/v1/functions/{name}", operation_id = "update_function", tag = "Functions",
    params(("name" = String, Path, description = "The function's name")),
    request_body = FunctionChange,
    responses(
        (status = 200, description = "The function", body = Function),
        (status = 404, description = "`not_found`: no such function"),
        (status = 409, description = "`conflict`: results of a version that an alias points at cannot be kept"),
    )
)]
pub(crate) async fn update(
    tenant: Tenant<FunctionWrite>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Json(change): Json<FunctionChange>,
) -> Result<Json<Function>, ApiError> {
    change.limits.as_ref().map_or(Ok(()), limits::check)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = store::find(&mut tx, name.as_str()).await?;
    if change.memoise == Some(true) {
        check_deterministic(&mut tx, &name).await?;
    }
    store::update(&mut tx, name.as_str(), &change).await?;
    let after = store::find(&mut tx, name.as_str()).await?;
    tx.note_tenant_change().await?;
    audit::append(
        &mut tx,
        &tenant.caller.actor(),
        "function.update",
        &audit::target("function", &after.name),
        Some(&before),
        Some(&after),
    )
    .await?;
    tx.commit().await?;
    Ok(Json(after))
}

/// What may answer differently next time must not be kept.
async fn check_deterministic(tx: &mut TenantTx, name: &FunctionName) -> Result<(), ApiError> {
    let Some((alias, version)) = store::not_deterministic(tx, name.as_str()).await? else {
        return Ok(());
    };
    Err(ApiError::Conflict(format!(
        "the results of \"{name}\" cannot be kept: version {version}, at which the alias \"{alias}\" points, is not \
         deterministic. Point the alias at a version that is, or leave `memoise` off"
    )))
}

/// Delete a function
///
/// It stops being runnable within 100 ms, at worst 5 s, and its name is free again. Its meter records, and with them the bill, stay.
#[utoipa::path(
    delete, path = "/v1/functions/{name}", operation_id = "delete_function", tag = "Functions",
    params(("name" = String, Path, description = "The function's name")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<FunctionWrite>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
) -> Result<StatusCode, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let before = store::find(&mut tx, name.as_str()).await?;
    store::delete(&mut tx, name.as_str()).await?;
    tx.note_tenant_change().await?;
    audit::append(
        &mut tx,
        &tenant.caller.actor(),
        "function.delete",
        &audit::target("function", &before.name),
        Some(&before),
        None::<&Function>,
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
