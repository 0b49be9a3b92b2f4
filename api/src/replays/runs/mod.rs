//! The runs of a batch, each with both sides: what is read, and what is stored of it.

pub(super) mod store;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use self::store::ResultRow;
use crate::replays::comparison::{Class, Comparison, WhyNot};
use crate::replays::difference::{Difference, difference};
use crate::replays::side::RunSide;

/// Where a run stands in the order: its rank, its difference of fuel, its id.
pub(super) type Place = (i16, i64, Uuid);

/// Which runs of a batch a caller wants to see.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResultFilter {
    /// Only runs of this class: `same`, `differs`, `newly_failing`, `newly_passing` or `not_comparable`.
    #[param(inline)]
    pub(super) class: Option<Class>,
}

/// What is stored of a run of a batch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunResult {
    pub(crate) before: RunSide,
    /// `None` when it could not be repeated.
    pub(crate) after: Option<RunSide>,
    #[serde(flatten)]
    pub(crate) comparison: Comparison,
}

/// One run of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayResult {
    /// The recorded run.
    invocation_id: Uuid,
    /// What it says about the version.
    class: Class,
    /// Whether both ended the same way with the same output, as JSON.
    output_equal: bool,
    /// Whether the outputs are the same byte for byte.
    output_identical: bool,
    /// Whether both burned the same fuel.
    fuel_equal: bool,
    /// Whether a difference is the version's doing.
    comparable: bool,
    /// Why it is not.
    why_not: Vec<WhyNot>,
    /// What it burns more now; 0 unless both ended well.
    fuel_delta: i64,
    /// Where the outputs differ. Empty where one was left out.
    difference: Difference,
    /// What the version is compared with.
    before: RunSide,
    /// How the version went; null when the input was gone.
    #[schema(required)]
    after: Option<RunSide>,
}

impl ReplayResult {
    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        (self.class.rank(), self.fuel_delta, self.invocation_id)
    }
}

impl From<ResultRow> for ReplayResult {
    fn from(row: ResultRow) -> Self {
        let RunResult {
            before,
            after,
            comparison,
        } = row.result.0;
        let outputs = after
            .as_ref()
            .and_then(|after| before.output().zip(after.output()));
        Self {
            invocation_id: row.invocation_id,
            class: row.class,
            output_equal: comparison.output_equal,
            output_identical: comparison.output_identical,
            fuel_equal: comparison.fuel_equal,
            comparable: comparison.comparable,
            why_not: comparison.why_not,
            fuel_delta: row.fuel_delta,
            difference: outputs
                .map(|(before, after)| difference(before, after))
                .unwrap_or_default(),
            before,
            after,
        }
    }
}
