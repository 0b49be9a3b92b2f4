//! Turns a module into an artifact. The input is hostile: call this in a process that may die, never in one that serves.

use crate::config::{self, Backtraces, StartError};

/// A compiler for exactly the engine that runs the artifacts.
#[derive(Clone)]
pub struct Compiler {
    wasmtime: wasmtime::Engine,
}

/// Why a module did not compile, in the words of the WebAssembly engine.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CompileError(String);

impl Compiler {
    /// A compiler. It reserves no instances, so it starts under a tight limit on address space.
    pub fn new() -> Result<Self, StartError> {
        Self::for_backtraces(Backtraces::Functions)
    }

    /// A compiler whose artifacts an engine with these backtraces runs.
    pub fn for_backtraces(backtraces: Backtraces) -> Result<Self, StartError> {
        let wasmtime = wasmtime::Engine::new(&config::compiling(backtraces)?)
            .map_err(StartError::Configuration)?;
        Ok(Self { wasmtime })
    }

    /// Compile a binary module. The same bytes give the same artifact.
    pub fn compile(&self, module: &[u8]) -> Result<Vec<u8>, CompileError> {
        self.wasmtime
            .precompile_module(module)
            .map_err(|error| CompileError(format!("{error:#}")))
    }

    /// The WebAssembly features that are on, as the bits of `wasmparser::WasmFeatures` of the version that wasmtime uses, so
    /// that checks made elsewhere agree with what compiles.
    #[must_use]
    pub fn feature_bits(&self) -> u64 {
        self.wasmtime.get_wasm_features().bits()
    }
}
