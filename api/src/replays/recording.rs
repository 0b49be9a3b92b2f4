//! `GET /v1/invocations/{id}/recording`: a recorded run with all that makes it go the same way on another machine.

use anyhow::Context;
use axum::Extension;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::ids::{InvocationId, RequestId};
use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::Outcome;
use cartwright_domain::seed;
use cartwright_domain::wire::{FunctionSnapshot, TenantSnapshot};
use cartwright_role::extract::{Json, Path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::side::Side;
use super::subject::{Recorded, Subject};
use crate::app::App;
use crate::auth::{InvocationReplay, Tenant};
use crate::billing::LimitsSchema;
use crate::error::ApiError;
use crate::internal::snapshot;

/// A recorded run, to be run again elsewhere: `cartwright run --recorded` takes it as it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recording {
    /// The run.
    invocation_id: Uuid,
    /// The function's name.
    function: String,
    /// The version that ran.
    version: u32,
    /// SHA-256 of its module, hexadecimal.
    module_sha256: String,
    /// The target that the function answers, if it does.
    #[schema(required)]
    target: Option<String>,
    /// Which engine and fuel table the fuel was counted by.
    engine_epoch: u16,
    /// The input to the byte, base64.
    input: String,
    /// The JSON text of the configuration that it was given; null when there was none.
    #[schema(required)]
    config: Option<String>,
    /// What every clock of the run showed, in milliseconds since the Unix epoch.
    clock_ms: u64,
    /// What the randomness of the run was drawn from: 32 bytes, hexadecimal.
    seed: String,
    /// The limits that hold for the function now, lowered to the one that stopped the run, if one did.
    #[schema(value_type = LimitsSchema)]
    limits: Limits,
    /// How it ended: `ok`, or why it failed.
    #[schema(value_type = String, example = "ok")]
    outcome: Outcome,
    /// The output to the byte, base64.
    output: String,
    /// Fuel burned.
    fuel: u64,
    /// Whether it was answered from the cache of results, without running: then its fuel is another run's.
    cached: bool,
}

/// Get a recording
///
/// A recorded run with its input, its configuration, its clock and its randomness to the byte, so that it can be run again
/// on a developer's machine. With the same module on the same engine it burns the same fuel there.
#[utoipa::path(
    get, path = "/v1/invocations/{id}/recording", operation_id = "get_recording", tag = "Replays",
    params(("id" = Uuid, Path, description = "The invocation's id")),
    responses(
        (status = 200, description = "The recording", body = Recording),
        (status = 404, description = "`not_found`: no such invocation"),
        (status = 409, description = "`conflict`: its input was not kept (`log_status` says why), or its function was deleted"),
        (status = 503, description = "`not_ready`: the meter records cannot be reached"),
    )
)]
pub(crate) async fn recording(
    tenant: Tenant<InvocationReplay>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    Path(id): Path<InvocationId>,
) -> Result<Json<Recording>, ApiError> {
    let record = app.billing.record(tenant.id, id, request_id).await?;
    let (recorded, request) = {
        let mut tx = app.database.tenant_tx(tenant.id).await?;
        let mut subject = Subject::of(&mut tx, record.function_id).await?;
        let recorded = Recorded::load(&mut tx, &record, app.run_log_days).await?;
        let configuration = subject
            .configuration(&mut tx, record.config_version)
            .await?;
        let request = subject.repeat(&recorded, record.version, configuration);
        (recorded, request)
    };
    let picture = snapshot::of(&app, tenant.id).await?;
    let mut functions = picture.functions.iter();
    let function = functions
        .find(|function| function.function_id == record.function_id)
        .ok_or(ApiError::NotFound("function"))?;
    let Recorded { side, seed_id, .. } = recorded;
    Ok(Json(Recording {
        module_sha256: module_of(function, &side)?,
        invocation_id: side.invocation_id.uuid(),
        function: function.name.to_string(),
        version: side.version,
        target: function.target.as_ref().map(ToString::to_string),
        engine_epoch: side.engine_epoch,
        input: request.input,
        config: request
            .configuration
            .and_then(|given| Some(given.config?.get().to_owned())),
        clock_ms: seed_id.unix_ms(),
        seed: hex::encode(seed::of_run(&key_of(&picture)?, seed_id)),
        limits: picture
            .limits
            .lowered_by(&function.limits)
            .lowered_by(&request.limits),
        outcome: side.outcome,
        output: STANDARD.encode(&side.output),
        fuel: side.fuel,
        cached: side.cached,
    }))
}

fn module_of(function: &FunctionSnapshot, side: &Side) -> Result<String, ApiError> {
    let mut versions = function.versions.iter();
    let version = versions.find(|version| version.version == side.version);
    let version = version.context("a version that ran is not ready any more")?;
    Ok(version.module_sha256.clone())
}

fn key_of(picture: &TenantSnapshot) -> anyhow::Result<[u8; 32]> {
    let key = STANDARD.decode(&picture.seed_key)?;
    key.as_slice().try_into().context("a seed key is 32 bytes")
}
