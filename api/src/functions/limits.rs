//! The limits that a function sets for itself, as they stand in the API's documentation and at its door.

use cartwright_domain::limits::LimitOverrides;
use utoipa::ToSchema;

use crate::error::{ApiError, Violation};

/// Lower limits of one's own. The smallest of the plan's, the tenant's and the function's wins; what is absent stays as it is.
#[derive(ToSchema)]
#[schema(as = LimitOverrides)]
#[expect(
    dead_code,
    reason = "describes domain::LimitOverrides, which knows nothing of OpenAPI"
)]
pub(crate) struct LimitOverridesSchema {
    /// Fuel of one run.
    #[schema(minimum = 1)]
    fuel: Option<u64>,
    /// Linear memory of one run, in bytes.
    #[schema(minimum = 1)]
    memory_bytes_max: Option<u64>,
    /// Wall-clock time of one run, in milliseconds.
    #[schema(minimum = 1)]
    wall_ms: Option<u32>,
    /// Input of one run, in bytes.
    #[schema(minimum = 1)]
    input_bytes_max: Option<u32>,
    /// Output of one run, in bytes.
    #[schema(minimum = 1)]
    output_bytes_max: Option<u32>,
    /// Log of one run, in bytes. What comes after is dropped, and the cut is marked.
    #[schema(minimum = 0)]
    log_bytes_max: Option<u32>,
    /// Runs at the same time, on one executor.
    #[schema(minimum = 1)]
    concurrency_max: Option<u32>,
}

/// Refuse limits under which nothing could run. A limit above the plan's is taken, and the plan's wins.
pub(crate) fn check(limits: &LimitOverrides) -> Result<(), ApiError> {
    let zeros = [
        ("fuel", limits.fuel == Some(0)),
        ("memory_bytes_max", limits.memory_bytes_max == Some(0)),
        ("wall_ms", limits.wall_ms == Some(0)),
        ("input_bytes_max", limits.input_bytes_max == Some(0)),
        ("output_bytes_max", limits.output_bytes_max == Some(0)),
        ("concurrency_max", limits.concurrency_max == Some(0)),
    ];
    let violations: Vec<_> = zeros
        .iter()
        .filter(|(_, is_zero)| *is_zero)
        .map(|(member, _)| Violation {
            pointer: format!("/limits/{member}"),
            detail: "must be at least 1: with 0 nothing could run".to_owned(),
        })
        .collect();
    if violations.is_empty() {
        return Ok(());
    }
    Err(ApiError::InvalidMembers(violations))
}
