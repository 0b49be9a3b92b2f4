//! The exact profile of one run: how much fuel each stack of functions burned, to the unit, and how often it was entered.
//!
//! The module is rewritten so that every function says when it is entered and left ([`instrument`]), and each saying gives
//! its own fuel back. So the guest has at every moment the fuel that it would have had, meets its limits at the same place,
//! and the sum over all stacks is the fuel of the plain run. Nothing of this is in the executor.

mod instrument;
mod recorder;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::Caller;

use crate::artifact::SealedArtifact;
use crate::compile::{CompileError, Compiler};
use crate::engine::{Engine, LoadError};
use crate::guest::Guest;
use crate::ready::ReadyModule;
use crate::run::{EngineFault, Finished, Run};

pub use recorder::{Node, Profile};

/// Why a module cannot be profiled.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// It could not be rewritten: it is no valid module.
    #[error("the module could not be rewritten for the profile: {0}")]
    Rewrite(String),
    /// The rewritten module does not compile.
    #[error("the rewritten module does not compile")]
    Compile(#[from] CompileError),
    /// The system had no memory for it.
    #[error("no place for the rewritten module")]
    Seal(#[from] std::io::Error),
    /// The rewritten module does not load.
    #[error("the rewritten module does not load")]
    Load(#[from] LoadError),
    /// The run failed, and not by the guest's doing.
    #[error("the run failed")]
    Run(#[from] EngineFault),
}

impl Engine {
    /// Run one invocation of `module` and say where its fuel went. The run ends as a plain one does, but for the time that it
    /// takes, and for calls nested so deeply that the saying itself meets the end of the stack.
    pub async fn profile(
        &self,
        compiler: &Compiler,
        module: &[u8],
        run: Run<'_>,
    ) -> Result<(Finished, Profile), ProfileError> {
        let rewritten = instrument::rewrite(module)
            .map_err(|error| ProfileError::Rewrite(format!("{error:#}")))?;
        let artifact = compiler.compile(&rewritten.module)?;
        // Made in this process a moment ago: there is nobody else to vouch for it.
        let verified =
            SealedArtifact::from_bytes(&artifact)?.verify(|_| Ok::<_, std::io::Error>(()))?;
        let recorder = Arc::new(Mutex::new(recorder::Recorder::new(run.limits.fuel)));
        let ready = self.load_with(&verified, |linker| listen(linker, &recorder))?;
        let finished = self.run(&ready, run).await?;
        let profile = locked(&recorder).finish(finished.fuel_used, &rewritten.functions);
        Ok((finished, profile))
    }

    /// Load with more host functions than a guest may have.
    fn load_with(
        &self,
        artifact: &crate::VerifiedArtifact,
        add: impl FnOnce(&mut wasmtime::Linker<Guest>) -> wasmtime::Result<()>,
    ) -> Result<ReadyModule, LoadError> {
        let module = artifact
            .map(&self.wasmtime)
            .map_err(|error| LoadError::Incompatible(format!("{error:#}")))?;
        let mut linker = self.linker.clone();
        add(&mut linker)
            .and_then(|()| linker.instantiate_pre(&module))
            .map(ReadyModule::new)
            .map_err(|error| LoadError::Link(format!("{error:#}")))
    }
}

/// What the rewritten functions say it to.
fn listen(
    linker: &mut wasmtime::Linker<Guest>,
    recorder: &Arc<Mutex<recorder::Recorder>>,
) -> wasmtime::Result<()> {
    let (entering, leaving) = (recorder.clone(), recorder.clone());
    linker.func_wrap(
        instrument::MODULE,
        instrument::ENTER,
        move |mut caller: Caller<'_, Guest>, function: u32| -> wasmtime::Result<()> {
            let fuel_left = give_back(&mut caller, instrument::ENTER_FUEL)?;
            locked(&entering).enter(function, fuel_left);
            Ok(())
        },
    )?;
    linker.func_wrap(
        instrument::MODULE,
        instrument::LEAVE,
        move |mut caller: Caller<'_, Guest>| -> wasmtime::Result<()> {
            let fuel_left = give_back(&mut caller, instrument::LEAVE_FUEL)?;
            locked(&leaving).leave(fuel_left);
            Ok(())
        },
    )?;
    Ok(())
}

/// Give the fuel back that the saying itself took. What is left then is what a plain run would have left.
fn give_back(caller: &mut Caller<'_, Guest>, fuel: u64) -> wasmtime::Result<u64> {
    let fuel_left = caller.get_fuel()? + fuel;
    caller.set_fuel(fuel_left)?;
    Ok(fuel_left)
}

fn locked(recorder: &Mutex<recorder::Recorder>) -> MutexGuard<'_, recorder::Recorder> {
    recorder.lock().unwrap_or_else(PoisonError::into_inner)
}
