//! A run of a version on a sample input: with the limits and meters of any run, billed to nobody.

use axum::Extension;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::limits::LimitOverrides;
use cartwright_domain::names::FunctionName;
use cartwright_domain::outcome::Trigger;
use cartwright_domain::wire::{RunRequest, RunResult, WhichVersion};
use cartwright_role::extract::{Json, Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Status, store};
use crate::app::App;
use crate::auth::{FunctionTest, Tenant};
use crate::error::ApiError;
use crate::functions::limits::{self, LimitOverridesSchema};
use crate::functions::store::id_of;
use crate::invocations::RunErrorSchema;

/// A sample to run a version on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    /// The input: any JSON. The function gets it as it is written here.
    #[schema(value_type = Value)]
    input: Box<RawValue>,
    /// Lower limits for this run.
    #[serde(default)]
    #[schema(value_type = LimitOverridesSchema)]
    limits: LimitOverrides,
}

/// How a test run went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestRun {
    /// The run, which is listed among the invocations with the trigger `test`.
    invocation_id: Uuid,
    /// The function's name.
    function: String,
    /// The version that ran.
    version: u32,
    /// `ok`, or why it failed.
    outcome: String,
    /// The output, as JSON; as text where it is none.
    output: Value,
    /// What it logged.
    log: String,
    /// Whether the log was cut at its limit.
    log_truncated: bool,
    /// What went wrong; null when the outcome is `ok`.
    #[schema(required, value_type = Option<RunErrorSchema>)]
    error: Option<Value>,
    /// Fuel burned.
    fuel: u64,
    /// Fuel that it could have burned.
    fuel_limit: u64,
    /// Most linear memory held, in bytes.
    memory_peak_bytes: u64,
    /// Wall-clock time in microseconds.
    duration_us: u32,
    /// What such a run costs when it is no test: `0.0000012 USD`.
    cost: String,
}

/// Run a version on a sample input
///
/// With the same limits and meters as any run, and billed to nobody. A run that fails is a result too: the answer is 200, and
/// `outcome` and `error` say how it ended.
#[utoipa::path(
    post, path = "/v1/functions/{name}/versions/{version}/test", operation_id = "test_version", tag = "Versions",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("version" = i32, Path, description = "The version's number"),
    ),
    request_body = Sample,
    responses(
        (status = 200, description = "How it went", body = TestRun),
        (status = 404, description = "`not_found`: no such function or version"),
        (status = 409, description = "`conflict`: the version is not ready"),
        (status = 413, description = "`input_too_large`: the input is over the limit"),
        (status = 503, description = "`not_ready`: no executor can be reached"),
    )
)]
pub(crate) async fn test(
    tenant: Tenant<FunctionTest>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    Path((name, version)): Path<(FunctionName, i32)>,
    Json(sample): Json<Sample>,
) -> Result<Json<TestRun>, ApiError> {
    limits::check(&sample.limits)?;
    let request = request_for(&app, tenant.id, name, version, &sample).await?;
    let result = app.executors.run(&request, request_id).await?;
    Ok(Json(told(result)?))
}

/// What to ask of an executor, once it is sure that the version can run.
async fn request_for(
    app: &App,
    tenant_id: TenantId,
    name: FunctionName,
    version: i32,
    sample: &Sample,
) -> Result<RunRequest, ApiError> {
    let mut tx = app.database.tenant_tx(tenant_id).await?;
    let function_id = id_of(&mut tx, name.as_str()).await?;
    let status = store::status_of(&mut tx, function_id, version).await?;
    if status != Status::Ready {
        return Err(ApiError::Conflict(format!(
            "version {version} is not ready and cannot run"
        )));
    }
    let version = u32::try_from(version).map_err(|_| ApiError::NotFound("version"))?;
    Ok(RunRequest {
        tenant_id,
        generation_min: store::generation(&mut tx).await?,
        function: name,
        which: WhichVersion::Version(version),
        trigger: Trigger::Test,
        invocation_id: None,
        input: STANDARD.encode(sample.input.get()),
        limits: sample.limits,
        seed_id: None,
        configuration: None,
    })
}

fn told(result: RunResult) -> Result<TestRun, ApiError> {
    let output = STANDARD
        .decode(&result.output)
        .map_err(|error| anyhow::anyhow!("an executor's output is not base64: {error}"))?;
    let error = result.error.map(serde_json::to_value).transpose();
    Ok(TestRun {
        invocation_id: result.invocation_id.uuid(),
        function: result.function.into(),
        version: result.version,
        outcome: result.outcome.to_string(),
        output: json_or_text(&output),
        log: result.log,
        log_truncated: result.log_truncated,
        error: error.map_err(anyhow::Error::from)?,
        fuel: result.fuel,
        fuel_limit: result.fuel_limit,
        memory_peak_bytes: result.memory_peak_bytes,
        duration_us: result.duration_us,
        cost: result.cost,
    })
}

/// Bytes that a function wrote, as JSON, or else as text; null where there are none.
pub(crate) fn json_or_text(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}
