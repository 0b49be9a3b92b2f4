//! The engine: one pool of instances, one table of host functions, any number of loaded modules.

use wasmtime::Linker;

use crate::artifact::VerifiedArtifact;
use crate::config::{self, EngineOptions, StartError};
use crate::guest::Guest;
use crate::ready::ReadyModule;
use crate::wasi;

/// Runs modules. Cheap to clone: all clones share one pool.
#[derive(Clone)]
pub struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) linker: Linker<Guest>,
    slots: u32,
}

/// Why a verified artifact could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It was made by another version or configuration of the engine, or for another kind of machine.
    #[error("the artifact does not fit this engine: {0}")]
    Incompatible(String),
    /// It imports what the engine does not offer. The compiler refuses such modules, so this is a fault of ours.
    #[error("the artifact does not link: {0}")]
    Link(String),
}

/// How full the pool of instances is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Instances that may live at the same time.
    pub total: u32,
    /// Instances that live now.
    pub in_use: u64,
    /// Unused slots that still hold the image of their last module.
    pub warm: u32,
}

impl Engine {
    /// Reserve the pool. Takes milliseconds, and address space rather than memory.
    pub fn new(options: &EngineOptions) -> Result<Self, StartError> {
        config::check_processor()?;
        let wasmtime = wasmtime::Engine::new(&config::pooled(options)?).map_err(|source| {
            StartError::Pool {
                slots: options.slots,
                source,
            }
        })?;
        let mut linker = Linker::new(&wasmtime);
        wasi::add_to(&mut linker).map_err(StartError::Configuration)?;
        Ok(Self {
            wasmtime,
            linker,
            slots: options.slots,
        })
    }

    /// Map a verified artifact and link it: some 60 to 130 µs. Each loaded module holds one file descriptor and about four
    /// memory mappings until the last run of it ends, so a cache of them needs a bound.
    pub fn load(&self, artifact: &VerifiedArtifact) -> Result<ReadyModule, LoadError> {
        let module = artifact
            .map(&self.wasmtime)
            .map_err(|error| LoadError::Incompatible(format!("{error:#}")))?;
        let instance = self
            .linker
            .instantiate_pre(&module)
            .map_err(|error| LoadError::Link(format!("{error:#}")))?;
        Ok(ReadyModule::new(instance))
    }

    /// How full the pool is, for metrics.
    #[must_use]
    pub fn slots(&self) -> Slots {
        let metrics = self.wasmtime.pooling_allocator_metrics();
        Slots {
            total: self.slots,
            in_use: metrics
                .as_ref()
                .map_or(0, wasmtime::PoolingAllocatorMetrics::core_instances),
            warm: metrics
                .as_ref()
                .map_or(0, wasmtime::PoolingAllocatorMetrics::unused_warm_memories),
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}
