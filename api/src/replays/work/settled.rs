//! A run of a batch that is done: what it says about the version, and what is kept of it.

use cartwright_domain::problem::Code;
use cartwright_domain::wire::Record;
use uuid::Uuid;

use crate::database::TenantTx;
use crate::error::ApiError;
use crate::replays::comparison::{Class, Comparison, Reason, WhyNot, class, compare};
use crate::replays::runs::{self, RunResult};
use crate::replays::side::{RunSide, Side};
use crate::replays::summary::DoneRun;

/// Outputs and logs in results, at most: a batch of a thousand must not fill a disk.
const KEPT_BYTES_MAX: usize = 64 << 10;

/// A run that is done, and what is kept of it.
pub(crate) struct Settled {
    invocation_id: Uuid,
    done: DoneRun,
    result: RunResult,
}

impl Settled {
    /// Keep it.
    pub(crate) async fn keep(&self, tx: &mut TenantTx, batch_id: Uuid) -> Result<(), ApiError> {
        metrics::counter!("cartwright_replays_total").increment(1);
        runs::store::settle(tx, batch_id, self.invocation_id, self.done, &self.result).await
    }
}

/// A run with both sides.
pub(super) fn judged(record: &Record, before: &Side, after: &Side) -> Settled {
    let comparison = compare(before, after);
    let class = class(before, after, &comparison);
    let ran_well = |side: &Side| side.is_ok() && !side.cached;
    let tells_fuel = ran_well(before) && ran_well(after) && class != Class::NotComparable;
    Settled {
        invocation_id: record.invocation_id.uuid(),
        done: DoneRun {
            class,
            fuel: tells_fuel.then_some((before.fuel, after.fuel)),
        },
        result: RunResult {
            before: RunSide::at_most(before, KEPT_BYTES_MAX),
            after: Some(RunSide::at_most(after, KEPT_BYTES_MAX)),
            comparison,
        },
    }
}

/// Why this one run cannot be repeated, if the others can.
pub(super) fn not_repeated(error: &ApiError) -> Option<WhyNot> {
    match error {
        ApiError::Problem(problem)
            if matches!(problem.code, Code::InputTooLarge | Code::Conflict) =>
        {
            Some(WhyNot {
                code: Reason::InputGone,
                detail: problem.detail.clone(),
            })
        }
        _ => None,
    }
}

/// A run that could not be repeated, and why.
pub(super) fn gone(record: &Record, why: WhyNot) -> Settled {
    let before = Side::metered(record);
    Settled {
        invocation_id: record.invocation_id.uuid(),
        done: DoneRun {
            class: Class::NotComparable,
            fuel: None,
        },
        result: RunResult {
            before: RunSide::at_most(&before, KEPT_BYTES_MAX),
            after: None,
            comparison: Comparison {
                output_equal: false,
                output_identical: false,
                fuel_equal: false,
                comparable: false,
                why_not: vec![why],
            },
        },
    }
}
