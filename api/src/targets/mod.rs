//! Targets: the platform's extension points, as a tenant reads them. The operator's side is in [`operator`], which functions
//! of a tenant run at one in [`bindings`], what may be said of one in [`definition`].

mod agreement;
pub(crate) mod bindings;
mod definition;
pub(crate) mod operator;
mod store;

use axum::extract::State;
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::TargetName;
use cartwright_role::extract::{Json, Path, Query};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{FunctionRead, Tenant};
use crate::error::ApiError;
use crate::functions::limits::LimitOverridesSchema;
use crate::page::{Page, PageRequest};
pub(crate) use agreement::{InputCut, agree, cuts};
pub(crate) use definition::Example;

/// A target, as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetSummary {
    /// Its name: labels joined by dots.
    #[schema(example = "cart.discount")]
    name: String,
    /// Its name as people see it.
    title: String,
    /// What it is for, and when the platform calls it.
    description: String,
    /// Lower limits of its own, which hold for every function that answers it.
    #[schema(value_type = LimitOverridesSchema)]
    limits: sqlx::types::Json<LimitOverrides>,
    /// Whether a function may ask for a part of the payload only.
    input_query_allowed: bool,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

/// A target: what the platform sends, and what a function answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Target {
    /// Its name: labels joined by dots.
    #[schema(example = "cart.discount")]
    name: String,
    /// Its name as people see it.
    title: String,
    /// What it is for, and when the platform calls it.
    description: String,
    /// What every payload obeys: a JSON Schema, draft 2020-12.
    #[schema(value_type = Object)]
    input_schema: sqlx::types::Json<Box<RawValue>>,
    /// What every output must obey: a JSON Schema, draft 2020-12.
    #[schema(value_type = Object)]
    output_schema: sqlx::types::Json<Box<RawValue>>,
    /// Lower limits of its own, which hold for every function that answers it.
    #[schema(value_type = LimitOverridesSchema)]
    limits: sqlx::types::Json<LimitOverrides>,
    /// Payloads to try a function on, each with an output that obeys.
    #[schema(value_type = Vec<Example>)]
    examples: sqlx::types::Json<Vec<Example>>,
    /// Whether a function may ask for a part of the payload only.
    input_query_allowed: bool,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

/// List the targets
///
/// By name: where the platform calls functions.
#[utoipa::path(
    get, path = "/v1/targets", operation_id = "list_targets", tag = "Targets",
    params(PageRequest),
    responses((status = 200, description = "A page of targets", body = Page<TargetSummary>))
)]
pub(crate) async fn list(
    _: Tenant<FunctionRead>,
    State(app): State<App>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<TargetSummary>>, ApiError> {
    page(&app, &request).await
}

/// Get a target
///
/// Its schemas and examples: what to write a function against.
#[utoipa::path(
    get, path = "/v1/targets/{target}", operation_id = "get_target", tag = "Targets",
    params(("target" = String, Path, description = "The target's name")),
    responses(
        (status = 200, description = "The target", body = Target),
        (status = 404, description = "`not_found`: no such target"),
    )
)]
pub(crate) async fn get(
    _: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(target): Path<TargetName>,
) -> Result<Json<Target>, ApiError> {
    let mut crossing = app.database.crossing().await?;
    Ok(Json(store::find(crossing.connection(), &target).await?))
}

async fn page(app: &App, request: &PageRequest) -> Result<Json<Page<TargetSummary>>, ApiError> {
    let after: String = request.after()?.unwrap_or_default();
    let mut crossing = app.database.crossing().await?;
    let targets = store::list(crossing.connection(), &after, request.rows()?).await?;
    Ok(Json(Page::of(targets, request, |target| {
        target.name.clone()
    })?))
}

/// What a function that answers a target must agree to; asked before the function is written.
pub(crate) struct Terms {
    /// What its payloads obey.
    pub(crate) input_schema: sqlx::types::Json<Value>,
    /// Whether it may ask for a part of them.
    pub(crate) input_query_allowed: bool,
}
