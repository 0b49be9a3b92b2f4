//! `POST /internal/v1/run`: a run that the api asks for, as of the test route. Limits and meters are those of any run.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::engine_epoch::ENGINE_EPOCH;
use cartwright_domain::ids::RequestId;
use cartwright_domain::outcome::Trigger;
use cartwright_domain::problem::Code;
use cartwright_domain::wire::{RunRequest, RunResult, WhichVersion};
use cartwright_role::extract::Json;
use cartwright_role::problem::ProblemResponse;
use tower::{Service, ServiceExt};

use crate::admission::what::{Resolved, find, unavailable};
use crate::admission::{Done, Input, Refusal, Stopwatch};
use crate::run_logs::{log_text, wire_error};
use crate::tenants::Tenants;

/// What the route works with.
#[derive(Clone)]
pub(crate) struct InternalRuns<Inner> {
    pub(crate) tenants: Arc<Tenants>,
    pub(crate) inner: Inner,
}

/// Run a function for another role. How the function ended is in the result; a problem means that it did not run.
pub(crate) async fn run<Inner>(
    State(runs): State<InternalRuns<Inner>>,
    Extension(request_id): Extension<RequestId>,
    Json(request): Json<RunRequest>,
) -> Response
where
    Inner: Service<Box<Resolved>, Response = Done, Error = Refusal, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let done = match resolve(&runs.tenants, request, request_id).await {
        Ok(resolved) => runs.inner.oneshot(resolved).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(done) => Json(result(done)).into_response(),
        Err(refusal) => ProblemResponse(refusal.for_a_role()).into_response(),
    }
}

async fn resolve(
    tenants: &Tenants,
    request: RunRequest,
    request_id: RequestId,
) -> Result<Box<Resolved>, Refusal> {
    let stopwatch = Stopwatch::start();
    if request.trigger == Trigger::Http {
        return Err(Refusal::new(
            Code::InvalidRequest,
            "the trigger `http` is for requests that come in at the front door",
        ));
    }
    let is_delivery = matches!(request.trigger, Trigger::Event | Trigger::Schedule);
    if request.invocation_id.is_some() && !is_delivery {
        return Err(Refusal::new(
            Code::InvalidRequest,
            "`invocation_id` is for the triggers `event` and `schedule`: other runs have ids of their own",
        ));
    }
    let input = STANDARD
        .decode(&request.input)
        .map_err(|_| Refusal::new(Code::InvalidRequest, "`input` must be base64"))?;
    let tenant = tenants
        .at_least(request.tenant_id, request.generation_min)
        .await
        .map_err(unavailable)?;
    let (mut function, version) = find(&tenant, request.function.as_str(), &request.which)?;
    if let Some(configuration) = &request.configuration {
        let given = function
            .given(configuration)
            .map_err(|error| Refusal::new(Code::InvalidRequest, error.to_string()))?;
        function = Arc::new(given);
    }
    Ok(Box::new(Resolved {
        request_id,
        tenant,
        function,
        version,
        alias: match request.which {
            WhichVersion::Alias(alias) => Some(alias),
            WhichVersion::Version(_) => None,
        },
        trigger: request.trigger,
        invocation_id: request.invocation_id,
        seed_id: request.seed_id,
        input: Input::Whole(input.into()),
        limits: request.limits,
        idempotency_key: None,
        charge_key: [0; 32],
        budget: None,
        stopwatch,
    }))
}

fn result(done: Done) -> RunResult {
    let Done {
        granted,
        finished,
        cost,
        ..
    } = done;
    let resolved = granted.resolved;
    RunResult {
        invocation_id: granted.invocation_id,
        function: resolved.function.name.clone(),
        version: resolved.version.number,
        engine_epoch: ENGINE_EPOCH,
        outcome: finished.outcome,
        output: STANDARD.encode(&finished.output),
        log: log_text(&finished.log),
        log_truncated: finished.log_truncated(),
        error: finished.error.as_ref().map(wire_error),
        fuel: finished.fuel_used,
        fuel_limit: granted.limits.fuel,
        memory_peak_bytes: finished.memory_peak_bytes,
        duration_us: u32::try_from(finished.wall.as_micros()).unwrap_or(u32::MAX),
        cost: format!("{cost} {}", resolved.tenant.prices.currency),
    }
}
