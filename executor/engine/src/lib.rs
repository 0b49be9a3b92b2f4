//! Runs one invocation: bytes and limits in, an outcome with its usage out. No HTTP, no tenant, no Redis, no clock of the
//! world: whoever calls says what time the guest sees and what its randomness is keyed with.
//!
//! ```text
//! Compiler::compile(module) ──► artifact bytes                     feature `compile`: the jailed child, the command line
//! SealedArtifact::from_bytes ──► verify ──► Engine::load ──► ReadyModule      once per version
//! Engine::run(&ReadyModule, Run) ──► Finished                                 once per invocation, in a fresh instance
//! ```
//!
//! The same module on the same [`Run`] gives the same output and the same fuel on every machine, as long as
//! [`cartwright_domain::engine_epoch::ENGINE_EPOCH`] is the same. What a guest does wrong is a [`Finished`] with its outcome;
//! an [`EngineFault`] is ours.

mod artifact;
#[cfg(feature = "compile")]
mod compile;
mod config;
mod deadline;
mod ending;
mod engine;
mod environment;
pub mod fuel;
mod guest;
#[cfg(feature = "profile")]
pub mod profile;
mod ready;
mod run;
pub mod wasi;

pub use artifact::{SealedArtifact, VerifiedArtifact};
#[cfg(feature = "compile")]
pub use compile::{CompileError, Compiler};
pub use config::{Backtraces, EngineOptions, StartError, TABLE_ELEMENTS_MAX};
pub use engine::{Engine, LoadError, Slots};
pub use environment::{Environment, EnvironmentError};
pub use ready::ReadyModule;
pub use run::{EngineFault, Finished, Run, RunError, not_json};
