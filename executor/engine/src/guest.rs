//! What one running instance owns on the host's side: its streams, its clock, its randomness, and the memory it may take.

use bytes::Bytes;
use cartwright_domain::limits::Limits;
use wasmtime::{Memory, ResourceLimiter};

use crate::config::TABLE_ELEMENTS_MAX;
use crate::ending::Stop;
use crate::environment::Environment;
use crate::wasi::Randomness;

/// The host's side of one instance. It dies with the run.
pub(crate) struct Guest {
    /// The instance's exported memory; host functions refuse every pointer while there is none.
    pub(crate) memory: Option<Memory>,
    pub(crate) memory_meter: MemoryMeter,
    pub(crate) input: Bytes,
    /// How much of the input was read.
    pub(crate) input_position: usize,
    pub(crate) output: Vec<u8>,
    pub(crate) output_bytes_max: usize,
    pub(crate) log: Vec<u8>,
    pub(crate) log_bytes_max: usize,
    /// What the log lost to its limit.
    pub(crate) log_bytes_dropped: u64,
    /// Standard input, output and error, until the guest closes them.
    pub(crate) open: [bool; 3],
    pub(crate) environment: Environment,
    /// Nanoseconds since the Unix epoch: what every clock shows for the whole run.
    pub(crate) clock_ns: u64,
    pub(crate) randomness: Randomness,
    /// Whether it asked for the time or for randomness.
    pub(crate) asked_time_or_chance: bool,
    /// Fuel left when the host last charged, and fuel used since it last gave way to others.
    pub(crate) fuel_seen: u64,
    pub(crate) fuel_since_yield: u64,
}

impl Guest {
    pub(crate) fn new(
        limits: &Limits,
        input: Bytes,
        environment: Environment,
        clock_ms: u64,
        seed: [u8; 32],
    ) -> Self {
        Self {
            memory: None,
            memory_meter: MemoryMeter {
                bytes_max: limits.memory_bytes_max,
                bytes_peak: 0,
            },
            input,
            input_position: 0,
            output: Vec::new(),
            output_bytes_max: limits.output_bytes_max as usize,
            log: Vec::new(),
            log_bytes_max: limits.log_bytes_max as usize,
            log_bytes_dropped: 0,
            open: [true; 3],
            environment,
            clock_ns: clock_ms.saturating_mul(1_000_000),
            randomness: Randomness::new(seed),
            asked_time_or_chance: false,
            fuel_seen: limits.fuel,
            fuel_since_yield: 0,
        }
    }
}

/// Lets memory grow up to its limit, and remembers its peak.
pub(crate) struct MemoryMeter {
    bytes_max: u64,
    pub(crate) bytes_peak: u64,
}

impl ResourceLimiter for MemoryMeter {
    /// Past the limit the run ends, although WebAssembly would let `memory.grow` answer −1: most allocators turn that into a
    /// bare trap, and a limit must name itself. A module's own smaller maximum is its own affair, and does answer −1.
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let desired = desired as u64;
        if desired > self.bytes_max {
            return Err(Stop::MemoryExceeded {
                limit: self.bytes_max,
                asked: desired,
            }
            .into());
        }
        if maximum.is_some_and(|maximum| desired > maximum as u64) {
            return Ok(false);
        }
        self.bytes_peak = self.bytes_peak.max(desired);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired
            <= maximum
                .unwrap_or(usize::MAX)
                .min(TABLE_ELEMENTS_MAX as usize))
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}
