//! `POST /v1/invocations/{id}/replay`: one recorded run once more, and how that compares.

use axum::Extension;
use axum::extract::State;
use cartwright_domain::ids::{InvocationId, RequestId};
use cartwright_domain::outcome::Outcome;
use cartwright_role::extract::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::comparison::{WhyNot, compare};
use super::difference::{Difference, difference};
use super::side::{RunSide, Side};
use super::subject::{Recorded, Subject};
use crate::app::App;
use crate::auth::{InvocationReplay, Tenant};
use crate::error::ApiError;
use crate::settings;
use crate::versions::json_or_text;

/// Which configuration a repeated run is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReplayConfiguration)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Configuration {
    /// The one that the recorded run had.
    #[default]
    Recorded,
    /// The function's newest.
    Current,
}

/// How to repeat a run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// On another version of the function than the recorded one.
    version: Option<u32>,
    /// With which configuration.
    #[serde(default)]
    configuration: Configuration,
}

/// A recorded run and its repetition.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replay {
    /// The repetition, which is listed among the invocations with the trigger `replay`.
    invocation_id: Uuid,
    /// How the repetition ended: `ok`, or why it failed.
    #[schema(value_type = String, example = "ok")]
    outcome: Outcome,
    /// Whether both ended the same way with the same output, as JSON: spaces and the order of members do not count.
    output_equal: bool,
    /// Whether the outputs are the same byte for byte.
    output_identical: bool,
    /// Whether both burned the same fuel.
    fuel_equal: bool,
    /// Whether a difference is the version's doing: nothing else that decides about output and fuel has changed. For the
    /// recorded version, equal output and equal fuel are then promised.
    comparable: bool,
    /// Why it is not comparable.
    why_not: Vec<WhyNot>,
    /// Where the outputs differ.
    difference: Difference,
    /// The run as it was recorded.
    recorded: RunSide,
    /// The run as it went now.
    replayed: RunSide,
}

impl Replay {
    fn of(recorded: &Side, replayed: &Side) -> Self {
        let comparison = compare(recorded, replayed);
        if comparison.comparable
            && recorded.version == replayed.version
            && !(comparison.output_identical && comparison.fuel_equal)
        {
            // The front page promises that this does not happen.
            metrics::counter!("cartwright_replays_unequal_total").increment(1);
            tracing::error!(
                invocation_id = %recorded.invocation_id, replay_id = %replayed.invocation_id,
                "a replay of the same version went otherwise"
            );
        }
        Self {
            invocation_id: replayed.invocation_id.uuid(),
            outcome: replayed.outcome,
            output_equal: comparison.output_equal,
            output_identical: comparison.output_identical,
            fuel_equal: comparison.fuel_equal,
            comparable: comparison.comparable,
            why_not: comparison.why_not,
            difference: difference(
                &json_or_text(&recorded.output),
                &json_or_text(&replayed.output),
            ),
            recorded: recorded.into(),
            replayed: replayed.into(),
        }
    }
}

/// Replay an invocation
///
/// Runs the recorded input again: on the recorded version unless another is named, with the clock, the randomness and the
/// configuration of the recorded run. Billed to nobody. A run that fails is a result too: the answer is 200.
#[utoipa::path(
    post, path = "/v1/invocations/{id}/replay", operation_id = "replay_invocation", tag = "Replays",
    params(("id" = Uuid, Path, description = "The invocation's id")),
    request_body = Option<ReplayRequest>,
    responses(
        (status = 200, description = "Both runs, and how they compare", body = Replay),
        (status = 404, description = "`not_found`: no such invocation, or no such version of its function"),
        (status = 409, description = "`conflict`: its input was not kept (`log_status` says why), its function was deleted, or the version is not ready"),
        (status = 413, description = "`input_too_large`: the input is over the limit that holds now"),
        (status = 503, description = "`not_ready`: no executor can be reached, or the meter records cannot"),
    )
)]
pub(crate) async fn replay(
    tenant: Tenant<InvocationReplay>,
    State(app): State<App>,
    Extension(request_id): Extension<RequestId>,
    Path(id): Path<InvocationId>,
    body: Option<Json<ReplayRequest>>,
) -> Result<Json<Replay>, ApiError> {
    let asked = body.map(|Json(asked)| asked).unwrap_or_default();
    let record = app.billing.record(tenant.id, id, request_id).await?;
    let (recorded, request) = {
        let mut tx = app.database.tenant_tx(tenant.id).await?;
        let mut subject = Subject::of(&mut tx, record.function_id).await?;
        let version = asked.version.unwrap_or(record.version);
        subject.check_version(&mut tx, version).await?;
        let recorded = Recorded::load(&mut tx, &record, app.run_log_days).await?;
        let config_version = match asked.configuration {
            Configuration::Recorded => record.config_version,
            Configuration::Current => settings::store::newest(&mut tx, record.function_id).await?,
        };
        let configuration = subject.configuration(&mut tx, config_version).await?;
        let request = subject.repeat(&recorded, version, configuration);
        (recorded, request)
    };
    let config_version = request
        .configuration
        .as_ref()
        .map_or(0, |given| given.config_version);
    let result = app.executors.run(&request, request_id).await?;
    let replayed = Side::went(result, config_version)?;
    Ok(Json(Replay::of(&recorded.side, &replayed)))
}
