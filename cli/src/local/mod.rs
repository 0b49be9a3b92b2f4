//! Functions on this machine: the same checks, the same engine, the same limits and the same fuel as in production. What a
//! command prints of it is the command's business.

pub(crate) mod input;
pub(crate) mod plan;
pub(crate) mod recorded;
pub(crate) mod shown;
pub(crate) mod source;

use anyhow::{Context, Result};
use cartwright_compiler::check_and_compile;
use cartwright_domain::compile::CompileReport;
use cartwright_domain::limits::Limits;
use cartwright_engine::profile::Profile;
use cartwright_engine::{
    Backtraces, Compiler, Engine, EngineOptions, Environment, Finished, ReadyModule, Run,
    SealedArtifact,
};

/// An engine with its compiler, for one function at a time.
pub(crate) struct Workbench {
    engine: Engine,
    compiler: Compiler,
    runtime: tokio::runtime::Runtime,
}

/// A module that was checked: what it is, and the means to run it unless it was refused.
pub(crate) struct Checked {
    pub(crate) report: CompileReport,
    pub(crate) ready: Option<ReadyModule>,
}

/// What a run is given. The same again gives the same output and fuel.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// The target that is run, if the module exports a function of its name; else `_start`.
    pub(crate) target: Option<String>,
    /// JSON, to the byte.
    pub(crate) input: Vec<u8>,
    /// JSON, to the byte: `CARTWRIGHT_CONFIG`.
    pub(crate) config: Option<String>,
    pub(crate) limits: Limits,
    /// What every clock shows, in milliseconds since the Unix epoch.
    pub(crate) clock_ms: u64,
    /// What randomness is drawn from.
    pub(crate) seed: [u8; 32],
}

impl Given {
    fn run(&self) -> Result<Run<'_>> {
        let variables = self
            .config
            .as_deref()
            .map(|config| ("CARTWRIGHT_CONFIG", config));
        Ok(Run {
            target: self.target.as_deref(),
            input: self.input.clone().into(),
            limits: self.limits,
            environment: Environment::new(variables)?,
            clock_ms: self.clock_ms,
            seed: self.seed,
            output_json: true,
        })
    }
}

impl Workbench {
    /// A workbench whose backtraces show lines.
    pub(crate) fn new() -> Result<Self> {
        let backtraces = Backtraces::Lines;
        Ok(Self {
            engine: Engine::new(&EngineOptions {
                slots: 1,
                backtraces,
                ..EngineOptions::default()
            })?,
            compiler: Compiler::for_backtraces(backtraces)?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .context("start a runtime")?,
        })
    }

    /// Check a module as an upload is checked, and get it ready. It is its author's own, so no jail is around this.
    pub(crate) fn check(
        &self,
        module: &[u8],
        target: Option<&str>,
        limits: &Limits,
    ) -> Result<Checked> {
        let (report, artifact) =
            check_and_compile(&self.compiler, module, target, limits.memory_bytes_max);
        let ready = if report.accepted() {
            let sealed = SealedArtifact::from_bytes(&artifact)?;
            // Made in this process a moment ago: there is nobody else to vouch for it.
            let verified = sealed.verify(|_digest| Ok::<(), std::io::Error>(()))?;
            Some(self.engine.load(&verified)?)
        } else {
            None
        };
        Ok(Checked { report, ready })
    }

    /// Run it once.
    pub(crate) fn run(&self, module: &ReadyModule, given: &Given) -> Result<Finished> {
        let run = given.run()?;
        Ok(self.runtime.block_on(self.engine.run(module, run))?)
    }

    /// Run it once, and learn where its fuel went.
    pub(crate) fn profile(&self, module: &[u8], given: &Given) -> Result<(Finished, Profile)> {
        let profiled = self.engine.profile(&self.compiler, module, given.run()?);
        Ok(self.runtime.block_on(profiled)?)
    }
}
