//! Functions: what a tenant names, deploys and runs. Their code is in [`crate::versions`], their settings in [`crate::settings`].

pub(crate) mod limits;
pub(crate) mod store;

use std::str::FromStr;

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
use crate::schedules;
use crate::targets::{self, InputCut};

/// A function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Function {
    /// Its id, which meter records and invoices name, and which outlives its name.
    id: Uuid,
    /// Its name, unique in the tenant.
    name: String,
    /// The target that it answers.
    #[schema(required)]
    target: Option<String>,
    /// The part of its target's payload that it asked for; null for all of it.
    #[schema(required)]
    input_query: Option<Vec<String>>,
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

/// A function, and how much of a payload it reads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunctionDetail {
    #[serde(flatten)]
    function: Function,
    /// What its `input_query` makes of each example of its target; empty when it reads the whole payload.
    input_cuts: Vec<InputCut>,
}

/// A function to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFunction {
    /// 1 to 63 lowercase letters, digits and hyphens, beginning with a letter and not ending with a hyphen.
    #[schema(value_type = String, example = "volume-discount")]
    name: FunctionName,
    /// The target that it answers: its output must obey the target's schema. A module that exports a function of this name
    /// runs that, otherwise `_start`.
    #[schema(value_type = Option<String>, example = "cart.discount")]
    target: Option<TargetName>,
    /// The part of the target's payload that it asks for, where the target allows that: JSON pointers of member names, which
    /// pass through arrays. What is asked for keeps its place; all else is left out. All of it when absent.
    #[schema(example = json!(["/cart/currency", "/cart/lines/unit_price"]))]
    input_query: Option<Vec<String>>,
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
    /// Another target, or null for none. Not while the function is bound to one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    target: Option<Option<TargetName>>,
    /// Another part of the target's payload, or null for all of it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    input_query: Option<Option<Vec<String>>>,
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
        (status = 201, description = "The function", body = FunctionDetail),
        (status = 400, description = "`invalid_request`: `errors[]` has the place: a target that is not there, an `input_query` \
            that asks for what the target's payload does not have"),
        (status = 409, description = "`conflict`: a function with this name exists already"),
    )
)]
pub(crate) async fn create(
    tenant: Tenant<FunctionWrite>,
    State(app): State<App>,
    Json(new): Json<NewFunction>,
) -> Result<(StatusCode, Json<FunctionDetail>), ApiError> {
    limits::check(&new.limits)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    targets::agree(&mut tx, new.target.as_ref(), new.input_query.as_deref()).await?;
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
    let detail = detail(&mut tx, function).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(detail)))
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
        (status = 200, description = "The function", body = FunctionDetail),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
) -> Result<Json<FunctionDetail>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function = store::find(&mut tx, name.as_str()).await?;
    Ok(Json(detail(&mut tx, function).await?))
}

/// Change a function's target, the part of its payload, or limits, or whether its results are kept
///
/// Runs that are under way end under the limits that they began with.
#[utoipa::path(
    patch, path = "/v1/functions/{name}", operation_id = "update_function", tag = "Functions",
    params(("name" = String, Path, description = "The function's name")),
    request_body = FunctionChange,
    responses(
        (status = 200, description = "The function", body = FunctionDetail),
        (status = 400, description = "`invalid_request`: `errors[]` has the place: a target that is not there, an `input_query` \
            that asks for what the target's payload does not have"),
        (status = 404, description = "`not_found`: no such function"),
        (status = 409, description = "`conflict`: it is bound to a target and would answer another; or results of a version that an \
            alias points at cannot be kept"),
    )
)]
pub(crate) async fn update(
    tenant: Tenant<FunctionWrite>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Json(change): Json<FunctionChange>,
) -> Result<Json<FunctionDetail>, ApiError> {
    change.limits.as_ref().map_or(Ok(()), limits::check)?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = store::id_of(&mut tx, name.as_str()).await?;
    store::lock(&mut tx, function_id).await?;
    let before = store::find(&mut tx, name.as_str()).await?;
    if change.memoise == Some(true) {
        check_deterministic(&mut tx, &name).await?;
    }
    stay_agreed(&mut tx, &before, &change).await?;
    store::update(&mut tx, name.as_str(), &change).await?;
    let after = store::find(&mut tx, name.as_str()).await?;
    audit::append(
        &mut tx,
        &tenant.caller.actor(),
        "function.update",
        &audit::target("function", &after.name),
        Some(&before),
        Some(&after),
    )
    .await?;
    let after = detail(&mut tx, after).await?;
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

/// Hold a function to its target once more before it gets new code, since the target may have changed; and tell how much
/// of the target's examples it reads.
pub(crate) async fn still_agreed(
    tx: &mut TenantTx,
    name: &FunctionName,
) -> Result<Vec<InputCut>, ApiError> {
    let function = store::find(tx, name.as_str()).await?;
    let (Some(target), Some(query)) = (function.target()?, &function.input_query) else {
        return Ok(Vec::new());
    };
    match targets::agree(tx, Some(&target), Some(query)).await {
        Err(ApiError::InvalidMembers(broken)) => {
            let why: Vec<_> = broken.into_iter().map(|each| each.detail).collect();
            Err(ApiError::Conflict(format!(
                "\"{name}\" asks for a part of its target's payload that it no longer has. PATCH /v1/functions/{name} with another \
                 `input_query`, or null, then upload again: {}",
                why.join("; ")
            )))
        }
        Err(other) => Err(other),
        Ok(()) => targets::cuts(tx, &target, query).await,
    }
}

async fn detail(tx: &mut TenantTx, function: Function) -> Result<FunctionDetail, ApiError> {
    let input_cuts = match (function.target()?, &function.input_query) {
        (Some(target), Some(query)) => targets::cuts(tx, &target, query).await?,
        _ => Vec::new(),
    };
    Ok(FunctionDetail {
        function,
        input_cuts,
    })
}

impl Function {
    fn target(&self) -> Result<Option<TargetName>, ApiError> {
        let target = self.target.as_deref().map(TargetName::from_str);
        Ok(target.transpose().map_err(anyhow::Error::from)?)
    }
}

/// Hold a changed function to its target as a new one is, and lock the tenant.
async fn stay_agreed(
    tx: &mut TenantTx,
    before: &Function,
    change: &FunctionChange,
) -> Result<(), ApiError> {
    let target = match &change.target {
        Some(other) => other.clone(),
        None => before.target()?,
    };
    let query = change.input_query.as_ref().unwrap_or(&before.input_query);
    if change.target.is_some() || change.input_query.is_some() {
        targets::agree(tx, target.as_ref(), query.as_deref()).await?;
    }
    // Locks the tenant, so that nobody binds the function meanwhile.
    tx.note_tenant_change().await?;
    if target.as_ref().map(TargetName::as_str) == before.target.as_deref() {
        return Ok(());
    }
    match targets::bindings::target_bound_to(tx, &before.name).await? {
        None => Ok(()),
        Some(bound) => Err(ApiError::Conflict(format!(
            "\"{name}\" is bound to {bound}: unbind it with PUT /v1/targets/{bound}/bindings, then let it answer another target",
            name = before.name
        ))),
    }
}

/// Delete a function
///
/// It stops being runnable within 100 ms, at worst 5 s, and its name is free again. One that is bound to a target must be unbound
/// first, since calls of the target would silently go without it. Its schedules are paused. Its meter records, and with them
/// the bill, stay.
#[utoipa::path(
    delete, path = "/v1/functions/{name}", operation_id = "delete_function", tag = "Functions",
    params(("name" = String, Path, description = "The function's name")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 404, description = "`not_found`: no such function"),
        (status = 409, description = "`conflict`: the function is bound to a target, which `detail` names"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<FunctionWrite>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
) -> Result<StatusCode, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = store::id_of(&mut tx, name.as_str()).await?;
    store::lock(&mut tx, function_id).await?;
    let before = store::find(&mut tx, name.as_str()).await?;
    // Locks the tenant, so that nobody binds the function meanwhile.
    tx.note_tenant_change().await?;
    if let Some(bound) = targets::bindings::target_bound_to(&mut tx, name.as_str()).await? {
        return Err(ApiError::Conflict(format!(
            "\"{name}\" is bound to {bound}, whose calls would go without it: unbind it with PUT /v1/targets/{bound}/bindings, then delete it"
        )));
    }
    schedules::pause_of_function(&mut tx, function_id).await?;
    store::delete(&mut tx, name.as_str()).await?;
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
