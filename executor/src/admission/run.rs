//! Run: get the module ready and run it in an instance of its own, here on this worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cartwright_domain::ids::InvocationId;
use cartwright_domain::outcome::Outcome;
use cartwright_domain::problem::Code;
use cartwright_domain::seed;
use cartwright_engine::{Engine, EngineFault, Finished, ReadyModule, RunError};
use tokio::time::timeout_at;

use super::Refusal;
use super::budget::Budget;
use super::may_they::Granted;
use super::output::held_to;
use super::step::Step;
use crate::counters::{Counters, Stage};
use crate::modules::{LoadRefusal, Modules, Tier};
use crate::tenants::Version;

/// A run that is over, and not yet metered.
pub(crate) struct Ran {
    pub(super) granted: Granted,
    pub(super) finished: Finished,
    /// Where its module was found; `None` when its result was there already.
    pub(super) tier: Option<Tier>,
}

/// Runs what was granted.
pub(crate) struct Run {
    engine: Engine,
    modules: Arc<Modules>,
    counters: Arc<Counters>,
}

impl Run {
    pub(crate) fn new(engine: Engine, modules: Arc<Modules>, counters: Arc<Counters>) -> Self {
        Self {
            engine,
            modules,
            counters,
        }
    }

    /// The module, unless the budget ends first. It is then got ready all the same, for the next call.
    async fn ready_within(
        &self,
        budget: Budget,
        version: Arc<Version>,
    ) -> Result<Result<(Arc<ReadyModule>, Tier), LoadRefusal>, Refusal> {
        let modules = self.modules.clone();
        let mut loading =
            Box::pin(async move { modules.ready(&version.slot, &version.artifact).await });
        match timeout_at(budget.ends().into(), &mut loading).await {
            Ok(ready) => Ok(ready),
            Err(_ended) => {
                tokio::spawn(loading);
                Err(budget.not_begun())
            }
        }
    }

    async fn finish(&self, granted: &Granted, module: &ReadyModule) -> Result<Finished, Refusal> {
        let resolved = &granted.resolved;
        let began = Instant::now();
        let limits = match resolved.budget {
            Some(budget) => budget.within(granted.limits, began)?,
            None => granted.limits,
        };
        let run = cartwright_engine::Run {
            target: resolved.function.target.as_deref(),
            input: granted.input.clone(),
            limits,
            environment: resolved.function.environment.clone(),
            clock_ms: granted.seed_id().unix_ms(),
            seed: seed::of_run(&resolved.tenant.seed_key, granted.seed_id()),
            // A target's schema reads it anyway, and finds that out with the rest.
            output_json: resolved.function.answers.is_none(),
        };
        match self.engine.run(module, run).await {
            Ok(finished) => {
                let finished = match &resolved.function.answers {
                    Some(target) => held_to(target, finished),
                    None => finished,
                };
                Ok(match resolved.budget {
                    Some(budget) => budget.name_cut(&granted.limits, &limits, finished),
                    None => finished,
                })
            }
            Err(EngineFault::Busy) => Err(Refusal::new(
                Code::Shedding,
                "every place for a run on this executor is taken; try again in a second",
            )),
            Err(fault @ EngineFault::Internal(_)) => {
                tracing::error!(
                    request_id = %resolved.request_id, invocation_id = %granted.invocation_id,
                    function.id = %resolved.function.id, version = resolved.version.number, "{fault}"
                );
                fault_of_ours(resolved.invocation_id, began.elapsed())
            }
        }
    }
}

impl Step<Granted> for Run {
    type Out = Ran;

    async fn take(&self, mut granted: Granted) -> Result<Ran, Refusal> {
        let version = granted.resolved.version.clone();
        let ready = match granted.resolved.budget {
            None => self.modules.ready(&version.slot, &version.artifact).await,
            Some(budget) => self.ready_within(budget, version).await?,
        };
        let (module, tier) =
            ready.map_err(|refusal| Refusal::new(Code::NotReady, refusal.to_string()))?;
        self.counters.find(tier);
        granted.resolved.stopwatch.lap(Stage::Load);
        let finished = self.finish(&granted, &module).await?;
        granted.resolved.stopwatch.lap(Stage::Run);
        Ok(Ran {
            granted,
            finished,
            tier: Some(tier),
        })
    }
}

/// What a run comes to in which the engine failed: recorded and never billed, with what went wrong for our log. Under an id that
/// was given it comes to nothing: its record would take the id, and the repeat that the asker makes under it would never be billed.
fn fault_of_ours(given: Option<InvocationId>, wall: Duration) -> Result<Finished, Refusal> {
    if given.is_some() {
        return Err(Refusal::new(
            Code::Internal,
            "the engine failed; the same run may be asked for again",
        ));
    }
    Ok(Finished {
        outcome: Outcome::PlatformFault,
        output: Bytes::new(),
        log: Bytes::new(),
        log_bytes_dropped: 0,
        fuel_used: 0,
        memory_peak_bytes: 0,
        wall,
        asked_time_or_chance: false,
        error: Some(RunError {
            message: "the engine failed; the log has it under this request_id. Nothing was billed"
                .to_owned(),
            limit: None,
            used: None,
            exit_code: None,
            backtrace: Vec::new(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_recorded_unless_the_run_is_asked_for_again_under_its_id() {
        let recorded = fault_of_ours(None, Duration::ZERO).expect("a record");
        assert_eq!(recorded.outcome, Outcome::PlatformFault);
        let refused = fault_of_ours(Some(InvocationId::new()), Duration::ZERO);
        assert_eq!(
            refused.err().map(|refusal| refusal.problem.code),
            Some(Code::Internal)
        );
    }
}
