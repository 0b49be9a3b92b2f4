//! What one invocation may use. A limit is set by the plan, the tenant and the function; the smallest wins.

use serde::{Deserialize, Serialize};

/// The limits of one invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Fuel, wasmtime's unit: about one per executed operator, and one per byte for bulk memory operations.
    pub fuel: u64,
    /// Linear memory, all memories of the instance together, in bytes.
    pub memory_bytes_max: u64,
    /// Wall-clock time from the start of the instance, in milliseconds.
    pub wall_ms: u32,
    /// Input, in bytes.
    pub input_bytes_max: u32,
    /// Output, in bytes.
    pub output_bytes_max: u32,
    /// Log, in bytes. What comes after is dropped, and the cut is marked.
    pub log_bytes_max: u32,
    /// Runs of one function at the same time, on one executor.
    pub concurrency_max: u32,
}

impl Limits {
    /// What no plan may exceed: these sizes are built into the engine's instance pool.
    pub const CEILING: Self = Self {
        fuel: 100_000_000_000,
        memory_bytes_max: 64 << 20,
        wall_ms: 30_000,
        input_bytes_max: 8 << 20,
        output_bytes_max: 8 << 20,
        log_bytes_max: 1 << 20,
        concurrency_max: 10_000,
    };

    /// These limits, each lowered to the override where there is one. An override never raises a limit.
    #[must_use]
    pub fn lowered_by(self, by: &LimitOverrides) -> Self {
        fn least<N: Ord + Copy>(limit: N, by: Option<N>) -> N {
            by.map_or(limit, |by| limit.min(by))
        }
        Self {
            fuel: least(self.fuel, by.fuel),
            memory_bytes_max: least(self.memory_bytes_max, by.memory_bytes_max),
            wall_ms: least(self.wall_ms, by.wall_ms),
            input_bytes_max: least(self.input_bytes_max, by.input_bytes_max),
            output_bytes_max: least(self.output_bytes_max, by.output_bytes_max),
            log_bytes_max: least(self.log_bytes_max, by.log_bytes_max),
            concurrency_max: least(self.concurrency_max, by.concurrency_max),
        }
    }
}

/// Lower limits that a tenant or a function sets for itself. What is absent stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitOverrides {
    /// See [`Limits::fuel`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// See [`Limits::memory_bytes_max`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes_max: Option<u64>,
    /// See [`Limits::wall_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u32>,
    /// See [`Limits::input_bytes_max`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_bytes_max: Option<u32>,
    /// See [`Limits::output_bytes_max`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes_max: Option<u32>,
    /// See [`Limits::log_bytes_max`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes_max: Option<u32>,
    /// See [`Limits::concurrency_max`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency_max: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_lowers_and_never_raises() {
        let overrides = LimitOverrides {
            fuel: Some(1),
            wall_ms: Some(u32::MAX),
            ..Default::default()
        };
        let limits = Limits::CEILING.lowered_by(&overrides);
        assert_eq!((limits.fuel, limits.wall_ms), (1, Limits::CEILING.wall_ms));
    }
}
