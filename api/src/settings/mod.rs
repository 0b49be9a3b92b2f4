//! A function's configuration: versioned JSON that its runs are given, checked against the settings schema that the function carries.

pub(crate) mod store;

use axum::extract::State;
use cartwright_domain::names::FunctionName;
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::extract::{Json, Path, Query};
use cartwright_schema::{Schema, Violation};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::App;
use crate::audit;
use crate::auth::{FunctionRead, FunctionWrite, Tenant};
use crate::error::ApiError;
use crate::functions::store::id_of;
use crate::page::{Page, PageRequest};

/// It is handed to the guest as one environment variable with every run.
const CONFIG_BYTES_MAX: usize = 64 << 10;

/// One version of a function's configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Configuration {
    /// Its number, from 1, without gaps.
    config_version: i32,
    /// The configuration, as the function is given it.
    #[schema(value_type = Value)]
    config: sqlx::types::Json<Box<RawValue>>,
    /// The version whose settings schema it was checked against; null when that carried none.
    #[schema(required)]
    checked_against: Option<i32>,
    /// When it was put.
    created_at: DateTime<Utc>,
    /// Who put it.
    created_by: String,
}

/// Put a configuration
///
/// The body is the configuration itself, any JSON of at most 64 KiB. It is checked against the settings schema of the version
/// that `live` points at, or else of the newest that is ready; without one, everything passes. Every put makes a new version,
/// which new runs see within 100 ms, at worst 5 s.
#[utoipa::path(
    put, path = "/v1/functions/{name}/config", operation_id = "put_config", tag = "Configuration",
    params(("name" = String, Path, description = "The function's name")),
    request_body(content = Value, description = "The configuration"),
    responses(
        (status = 200, description = "The configuration, as it is now", body = Configuration),
        (status = 400, description = "`invalid_request`: it breaks the settings schema; `errors[]` has every violation with its JSON pointer"),
        (status = 404, description = "`not_found`: no such function"),
        (status = 413, description = "`input_too_large`: it is over 64 KiB"),
    )
)]
pub(crate) async fn put(
    tenant: Tenant<FunctionWrite>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Json(config): Json<Box<RawValue>>,
) -> Result<Json<Configuration>, ApiError> {
    if config.get().len() > CONFIG_BYTES_MAX {
        return Err(ApiError::InputTooLarge {
            limit_bytes: CONFIG_BYTES_MAX as u64,
        });
    }
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let carried = store::schema_in_force(&mut tx, function_id).await?;
    let checked_against = match carried {
        Some(store::CarriedSchema {
            version,
            settings_schema: Some(schema),
            // The report of a module without one says `null`.
        }) if !schema.is_null() => {
            obey(schema, &config, version).await?;
            Some(version)
        }
        _ => None,
    };
    let by = tenant.caller.actor();
    store::insert(&mut tx, function_id, &config, checked_against, &by).await?;
    let target = audit::target("config", name.as_str());
    tx.note_tenant_change().await?;
    audit::append(&mut tx, &by, "config.put", &target, None, Some(&config)).await?;
    let current = store::current(&mut tx, function_id).await?;
    tx.commit().await?;
    current.map(Json).ok_or(ApiError::NotFound("configuration"))
}

/// Refuse a configuration that breaks its schema, with every violation.
async fn obey(schema: Value, config: &RawValue, version: i32) -> Result<(), ApiError> {
    let config = config.get().to_owned();
    // A large schema on a large configuration takes a while, and would hold up every other request of its thread.
    let checked = tokio::task::spawn_blocking(move || {
        let config: Value = serde_json::from_str(&config).map_err(|error| error.to_string())?;
        let schema = Schema::new(&schema).map_err(|flaw| flaw.detail)?;
        Ok(schema.violations(&config))
    });
    let violations: Result<Vec<Violation>, String> = checked
        .await
        .map_err(|panic| anyhow::anyhow!("a schema check did not end: {panic}"))?;
    let violations = violations.map_err(|why| {
        ApiError::Conflict(format!(
            "the settings schema of version {version} cannot be used: {why}"
        ))
    })?;
    if violations.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "the configuration breaks the settings schema of version {version} in {} places; each entry of `errors` has its pointer",
        violations.len()
    );
    let errors = violations.iter().map(|violation| json!(violation));
    let problem = Problem::new(Code::InvalidRequest, detail).with_errors(errors.collect());
    Err(ApiError::Problem(Box::new(problem)))
}

/// Get the configuration
#[utoipa::path(
    get, path = "/v1/functions/{name}/config", operation_id = "get_config", tag = "Configuration",
    params(("name" = String, Path, description = "The function's name")),
    responses(
        (status = 200, description = "The configuration", body = Configuration),
        (status = 404, description = "`not_found`: no such function, or no configuration was put yet"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
) -> Result<Json<Configuration>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let current = store::current(&mut tx, function_id).await?;
    current.map(Json).ok_or(ApiError::NotFound("configuration"))
}

/// List the versions of the configuration
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/functions/{name}/config/versions", operation_id = "list_config_versions", tag = "Configuration",
    params(("name" = String, Path, description = "The function's name"), PageRequest),
    responses(
        (status = 200, description = "A page of configurations", body = Page<Configuration>),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn history(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path(name): Path<FunctionName>,
    Query(request): Query<PageRequest>,
) -> Result<Json<Page<Configuration>>, ApiError> {
    let before = request.after()?.unwrap_or(i32::MAX);
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let history = store::history(&mut tx, function_id, before, request.rows()?).await?;
    Ok(Json(Page::of(history, &request, |each| {
        each.config_version
    })?))
}
