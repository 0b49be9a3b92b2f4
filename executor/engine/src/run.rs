//! One invocation, from a fresh instance to its ending. It runs on the caller's task and gives way every million fuel.

use std::time::{Duration, Instant};

use bytes::Bytes;
use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::Outcome;
use wasmtime::{Instance, Store};

use crate::deadline::within;
use crate::ending;
use crate::engine::Engine;
use crate::environment::Environment;
use crate::fuel;
use crate::guest::Guest;
use crate::ready::{Entry, ReadyModule};

/// What a run is given. Equal runs of one module end equally, but for the wall clock.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    /// The target that the function answers: an export of this name is run, else `_start`.
    pub target: Option<&'a str>,
    /// What the function reads from standard input. The caller has checked it against `input_bytes_max`.
    pub input: Bytes,
    /// What the run may use. `input_bytes_max` and `concurrency_max` are the caller's to enforce.
    pub limits: Limits,
    /// What the function sees as environment variables.
    pub environment: Environment,
    /// What every clock shows for the whole run, in milliseconds since the Unix epoch.
    pub clock_ms: u64,
    /// What the function's randomness is derived from.
    pub seed: [u8; 32],
    /// Whether output that is not JSON ends the run as `output_invalid`.
    pub output_json: bool,
}

/// How a run ended and what it used. Everything here is the function's doing.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// What it wrote to standard output, at most its limit. It stands only when the outcome is `ok`.
    pub output: Bytes,
    /// What it wrote to standard error, at most its limit. Not necessarily UTF-8.
    pub log: Bytes,
    /// What the log lost to its limit, in bytes.
    pub log_bytes_dropped: u64,
    /// Fuel used, start-up of the instance included. Never more than the limit.
    pub fuel_used: u64,
    /// The most memory that the instance had, in bytes.
    pub memory_peak_bytes: u64,
    /// Wall-clock time from the making of the instance to its end.
    pub wall: Duration,
    /// What went wrong, when the outcome is not `ok`.
    pub error: Option<RunError>,
    /// Whether it asked for the time or for randomness. If not, its output follows from its input and environment alone.
    pub asked_time_or_chance: bool,
}

impl Finished {
    /// Whether the log was cut.
    #[must_use]
    pub fn log_truncated(&self) -> bool {
        self.log_bytes_dropped > 0
    }
}

/// What went wrong in a function, for the one who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunError {
    /// A sentence: what happened, the limit and the value where one was met.
    pub message: String,
    /// The limit that stopped it, in the limit's unit.
    pub limit: Option<u64>,
    /// What it used or asked for when it was stopped, in the same unit.
    pub used: Option<u64>,
    /// The code it ended itself with.
    pub exit_code: Option<u32>,
    /// The functions it was in, innermost first, at most 32.
    pub backtrace: Vec<String>,
}

impl RunError {
    fn new(message: String) -> Self {
        Self {
            message,
            limit: None,
            used: None,
            exit_code: None,
            backtrace: Vec::new(),
        }
    }
}

/// Our fault, not the function's. Never billed.
#[derive(Debug, thiserror::Error)]
pub enum EngineFault {
    /// Every instance slot is in use.
    #[error("every instance slot is in use")]
    Busy,
    /// Something that should not happen.
    #[error("the engine failed: {0}")]
    Internal(String),
}

impl Engine {
    /// Run one invocation in an instance of its own. A function that fails is a [`Finished`]; `Err` means that we failed.
    ///
    /// Dropping the future ends the guest at once; what it used is then lost.
    pub async fn run(&self, module: &ReadyModule, run: Run<'_>) -> Result<Finished, EngineFault> {
        let started = Instant::now();
        let Run {
            target,
            input,
            limits,
            environment,
            clock_ms,
            seed,
            output_json,
        } = run;
        let deadline = started + Duration::from_millis(u64::from(limits.wall_ms));
        let mut store = Store::new(
            &self.wasmtime,
            Guest::new(&limits, input, environment, clock_ms, seed),
        );
        store.limiter(|guest| &mut guest.memory_meter);
        arm(&mut store, limits.fuel).map_err(internal)?;

        let ended = match module.entry(target) {
            None => Some((Outcome::Trap, RunError::new(no_entry(target)))),
            Some(entry) => match within(deadline, call(&mut store, module, entry)).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => ending::of_error(&error, limits.fuel)?,
                Err(_passed) => Some((
                    Outcome::DeadlineExceeded,
                    deadline_exceeded(&limits, started),
                )),
            },
        };
        let remaining = store.get_fuel().map_err(internal)?;
        let guest = store.into_data();
        let ended = ended.or_else(|| {
            let error = output_json.then(|| not_json(&guest.output)).flatten()?;
            Some((Outcome::OutputInvalid, error))
        });
        let (outcome, error) = ended.map_or((Outcome::Ok, None), |(outcome, error)| {
            (outcome, Some(error))
        });
        let fuel_used = match outcome {
            Outcome::FuelExhausted => limits.fuel, // the last operators may have found less than they cost
            _ => limits.fuel - remaining.min(limits.fuel),
        };
        Ok(Finished {
            outcome,
            fuel_used,
            memory_peak_bytes: guest.memory_meter.bytes_peak,
            output: guest.output.into(),
            log: guest.log.into(),
            log_bytes_dropped: guest.log_bytes_dropped,
            wall: started.elapsed(),
            error,
            asked_time_or_chance: guest.asked_time_or_chance,
        })
    }
}

fn arm(store: &mut Store<Guest>, fuel: u64) -> wasmtime::Result<()> {
    store.set_fuel(fuel)?;
    store.fuel_async_yield_interval(Some(fuel::SLICE))
}

/// Instantiate and call. Host functions find the memory in the store, so that no call looks it up by name.
async fn call(
    store: &mut Store<Guest>,
    module: &ReadyModule,
    entry: Entry,
) -> wasmtime::Result<()> {
    let instance = module.instance.instantiate_async(&mut *store).await?;
    if let Some(memory) = module.memory() {
        store.data_mut().memory = instance
            .get_module_export(&mut *store, memory)
            .and_then(wasmtime::Extern::into_memory);
    }
    for export in entry.initialize.iter().chain([&entry.main]) {
        enter(store, &instance, export).await?;
    }
    Ok(())
}

async fn enter(
    store: &mut Store<Guest>,
    instance: &Instance,
    export: &wasmtime::ModuleExport,
) -> wasmtime::Result<()> {
    let function = instance
        .get_module_export(&mut *store, export)
        .and_then(wasmtime::Extern::into_func);
    let function = function.ok_or_else(|| wasmtime::format_err!("an exported function is gone"))?;
    function
        .typed::<(), ()>(&*store)?
        .call_async(&mut *store, ())
        .await
}

fn no_entry(target: Option<&str>) -> String {
    match target {
        Some(target) => format!("the module exports neither a function `{target}` nor `_start` that takes and returns nothing"),
        None => "the module exports no function `_start` that takes and returns nothing, and the function has no target".into(),
    }
}

fn deadline_exceeded(limits: &Limits, started: Instant) -> RunError {
    let used_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    RunError {
        limit: Some(u64::from(limits.wall_ms)),
        used: Some(used_ms),
        ..RunError::new(format!(
            "the function was stopped after {used_ms} ms; its limit is {} ms",
            limits.wall_ms
        ))
    }
}

/// Why an output is not JSON; `None` when it is.
#[must_use]
pub fn not_json(output: &[u8]) -> Option<RunError> {
    let why = if output.is_empty() {
        "it is empty".to_owned()
    } else if let Err(error) = std::str::from_utf8(output) {
        format!("it is not UTF-8 at byte {}", error.valid_up_to())
    } else {
        serde_json::from_slice::<serde::de::IgnoredAny>(output)
            .err()?
            .to_string()
    };
    Some(RunError::new(format!(
        "the function's output is not JSON: {why}"
    )))
}

fn internal(error: wasmtime::Error) -> EngineFault {
    EngineFault::Internal(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        for good in ["{}", " [1, 2]\n", "null", "\"text\"", "1e5"] {
            assert_eq!(not_json(good.as_bytes()), None, "{good}");
        }
        let bad: [&[u8]; 6] = [b"", b"{", b"{}{}", b"'x'", b"\"\xff\"", b"{\"a\":01}"];
        for bad in bad {
            let error = not_json(bad).expect("it is not JSON");
            assert!(
                error
                    .message
                    .starts_with("the function's output is not JSON: "),
                "{}",
                error.message
            );
        }
    }
}
