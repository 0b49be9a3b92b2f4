//! Gates: what an alias asks of a version before it moves there. A finished batch of replays of that version must have gone
//! well enough; a rollback is never asked.

mod judge;
mod store;

use axum::extract::State;
use cartwright_domain::ids::FunctionId;
use cartwright_domain::names::{AliasName, FunctionName};
use cartwright_domain::problem::{Code, Problem};
use cartwright_role::extract::{Json, Path};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::audit;
use crate::auth::{FunctionRead, GateWrite, Tenant};
use crate::database::TenantTx;
use crate::error::{ApiError, Violation};
use crate::functions::store::id_of;
use crate::replays;

/// Hours of a year.
const HOURS_MAX: i32 = 8_760;

/// Runs of a batch at most.
const RUNS_MAX: i32 = 1_000;

/// What an alias asks of a version before it moves there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Gate {
    /// The alias.
    alias: String,
    /// Runs that must have been compared.
    min_runs: i32,
    /// Runs that may fail newly.
    newly_failing_max: i32,
    /// Runs that may differ; null when any number may.
    #[schema(required)]
    differs_max: Option<i32>,
    /// How long ago the batch may have finished, in hours.
    max_age_hours: i32,
    /// When it was set.
    set_at: DateTime<Utc>,
    /// Who set it.
    set_by: String,
}

/// What an alias shall ask of a version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateRequest {
    /// Runs that must have been compared, 1 to 1,000.
    #[schema(minimum = 1, maximum = 1000)]
    min_runs: i32,
    /// Runs that may fail newly; 0 when absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    newly_failing_max: i32,
    /// Runs that may differ; any number when absent.
    #[schema(minimum = 0, maximum = 1000)]
    differs_max: Option<i32>,
    /// How long ago the batch may have finished, in hours, at most a year; 24 when absent.
    #[serde(default = "a_day")]
    #[schema(minimum = 1, maximum = 8760)]
    max_age_hours: i32,
}

fn a_day() -> i32 {
    24
}

impl GateRequest {
    fn check(&self) -> Result<(), ApiError> {
        let numbers = [
            ("min_runs", Some(self.min_runs), 1, RUNS_MAX),
            (
                "newly_failing_max",
                Some(self.newly_failing_max),
                0,
                RUNS_MAX,
            ),
            ("differs_max", self.differs_max, 0, RUNS_MAX),
            ("max_age_hours", Some(self.max_age_hours), 1, HOURS_MAX),
        ];
        let violations: Vec<_> = numbers
            .into_iter()
            .filter_map(|(member, number, least, most)| {
                let number = number.filter(|number| !(least..=most).contains(number))?;
                Some(Violation {
                    pointer: format!("/{member}"),
                    detail: format!("must be {least} to {most}; got {number}"),
                })
            })
            .collect();
        match violations.is_empty() {
            true => Ok(()),
            false => Err(ApiError::InvalidMembers(violations)),
        }
    }
}

/// Set an alias' gate
///
/// From then on the alias moves to a version only when the newest finished batch of replays of that version, taken of runs as
/// they came, went so well. Moving back to where the alias pointed before is not asked.
#[utoipa::path(
    put, path = "/v1/functions/{name}/aliases/{alias}/gate", operation_id = "put_gate", tag = "Aliases",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("alias" = String, Path, description = "The alias, such as `live`"),
    ),
    request_body = GateRequest,
    responses(
        (status = 200, description = "The gate", body = Gate),
        (status = 404, description = "`not_found`: no such function"),
    )
)]
pub(crate) async fn put(
    tenant: Tenant<GateWrite>,
    State(app): State<App>,
    Path((name, alias)): Path<(FunctionName, AliasName)>,
    Json(asked): Json<GateRequest>,
) -> Result<Json<Gate>, ApiError> {
    asked.check()?;
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let before = store::find(&mut tx, function_id, alias.as_str()).await?;
    let by = tenant.caller.actor();
    store::put(&mut tx, function_id, alias.as_str(), &asked, &by).await?;
    let after = store::find(&mut tx, function_id, alias.as_str()).await?;
    let target = audit::target("gate", &format!("{name}/{alias}"));
    let (was, is) = (before.as_ref(), after.as_ref());
    audit::append(&mut tx, &by, "gate.put", &target, was, is).await?;
    tx.commit().await?;
    after.map(Json).ok_or(ApiError::NotFound("gate"))
}

/// Get an alias' gate
#[utoipa::path(
    get, path = "/v1/functions/{name}/aliases/{alias}/gate", operation_id = "get_gate", tag = "Aliases",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("alias" = String, Path, description = "The alias, such as `live`"),
    ),
    responses(
        (status = 200, description = "The gate", body = Gate),
        (status = 404, description = "`not_found`: no such function, or the alias has no gate"),
    )
)]
pub(crate) async fn get(
    tenant: Tenant<FunctionRead>,
    State(app): State<App>,
    Path((name, alias)): Path<(FunctionName, AliasName)>,
) -> Result<Json<Gate>, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let gate = store::find(&mut tx, function_id, alias.as_str()).await?;
    gate.map(Json).ok_or(ApiError::NotFound("gate"))
}

/// Remove an alias' gate
#[utoipa::path(
    delete, path = "/v1/functions/{name}/aliases/{alias}/gate", operation_id = "delete_gate", tag = "Aliases",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("alias" = String, Path, description = "The alias, such as `live`"),
    ),
    responses(
        (status = 204, description = "It is removed"),
        (status = 404, description = "`not_found`: no such function, or the alias has no gate"),
    )
)]
pub(crate) async fn delete(
    tenant: Tenant<GateWrite>,
    State(app): State<App>,
    Path((name, alias)): Path<(FunctionName, AliasName)>,
) -> Result<StatusCode, ApiError> {
    let mut tx = app.database.tenant_tx(tenant.id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let gate = store::find(&mut tx, function_id, alias.as_str()).await?;
    let gate = gate.ok_or(ApiError::NotFound("gate"))?;
    store::delete(&mut tx, function_id, alias.as_str()).await?;
    let (by, target) = (
        tenant.caller.actor(),
        audit::target("gate", &format!("{name}/{alias}")),
    );
    audit::append(&mut tx, &by, "gate.delete", &target, Some(&gate), None).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is missing before an alias may move to a version; nothing is, when it may.
pub(crate) async fn missing(
    tx: &mut TenantTx,
    function_id: FunctionId,
    alias: &AliasName,
    version: i32,
) -> Result<Vec<String>, ApiError> {
    let Some(gate) = store::find(tx, function_id, alias.as_str()).await? else {
        return Ok(Vec::new());
    };
    if store::is_free_to_move(tx, function_id, alias.as_str(), version).await? {
        return Ok(Vec::new());
    }
    let newest = replays::newest_finished(tx, function_id, version, alias).await?;
    Ok(judge::missing(&gate, version, newest.as_ref(), Utc::now()))
}

/// The refusal of a move.
pub(crate) fn refusal(alias: &AliasName, version: i32, missing: &[String]) -> ApiError {
    let detail = format!(
        "`{alias}` has a gate and does not move to version {version} yet: {}",
        missing.join("; ")
    );
    let errors = missing
        .iter()
        .map(|what| serde_json::json!({"detail": what}));
    let problem = Problem::new(Code::Conflict, detail).with_errors(errors.collect());
    ApiError::Problem(Box::new(problem))
}
