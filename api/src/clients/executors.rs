//! Runs a function on an executor, for the routes that run one on someone's behalf: on the one that most likely has the
//! function's module at hand, else on the next. Each is called with the token that it reported itself, so that what one
//! learns from a call opens no other.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::problem::{Code, Problem};
use cartwright_domain::wire::{RunRequest, RunResult};
use cartwright_role::internal::{CallError, Client};
use sha2::{Digest, Sha256};

use crate::database::Database;
use crate::error::ApiError;
use crate::fleet::store::{self, ReadyExecutor};

/// A run may take its whole wall-clock limit, whose ceiling is 30 s, and must first be loaded.
const RUN_MAX: Duration = Duration::from_secs(45);

/// Executors, any of which runs any function.
pub(crate) struct Executors {
    client: Client,
    database: Database,
    listed: Mutex<Listed>,
}

/// Who was registered when it was last asked, so that thousands of runs a second ask once.
#[derive(Default)]
struct Listed {
    at: Option<Instant>,
    executors: Arc<[ReadyExecutor]>,
}

/// For how long a list of executors is believed: one that is gone by then is only tried in vain.
const LISTED_FOR: Duration = Duration::from_secs(1);

/// Why there is no result of a run.
#[derive(Debug)]
pub(crate) enum NotRun {
    /// Nobody answered.
    Unreachable {
        /// What was tried, in words.
        error: String,
        /// Somebody took it in, and it may have run.
        may_have_run: bool,
    },
    /// It did not run, and the problem says why.
    Refused(Box<Problem>),
    /// It did not run; somebody was started a moment ago and will report soon.
    StartedAnew,
}

/// Registered executors that are tried for one run, at most: each that hangs costs the time of connecting.
const TRIED_MAX: usize = 8;

/// How often, and how long each time, the first report of an executor is awaited that was started in the place of another.
const REPORTS_AWAITED: u32 = 10;
const REPORT_AWAITED: Duration = Duration::from_millis(300);

impl Executors {
    /// Those that report.
    pub(crate) fn new(client: &Client, database: Database) -> Self {
        Self {
            client: client.clone(),
            database,
            listed: Mutex::default(),
        }
    }

    /// Run on one of them; on the next when that one cannot be reached, or says that it takes no runs.
    pub(crate) async fn run(
        &self,
        request: &RunRequest,
        request_id: RequestId,
    ) -> Result<RunResult, ApiError> {
        for _ in 0..REPORTS_AWAITED {
            match self.deliver(request, request_id).await {
                Ok(result) => return Ok(result),
                Err(NotRun::StartedAnew) => tokio::time::sleep(REPORT_AWAITED).await,
                Err(NotRun::Unreachable { .. }) => break,
                Err(NotRun::Refused(problem)) => return Err(CallError::Problem(problem).into()),
            }
        }
        Err(ApiError::NotReady("the executor"))
    }

    /// The same without waiting for anybody to report, for who must know what happened rather than what to tell a caller.
    pub(crate) async fn deliver(
        &self,
        request: &RunRequest,
        request_id: RequestId,
    ) -> Result<RunResult, NotRun> {
        let mut refusal = NotRun::Unreachable {
            error: "no executor can be reached".to_owned(),
            may_have_run: false,
        };
        for executor in self.in_turn(request).await {
            let url = &executor.internal_url;
            let peer = self.client.peer(url).bearing(executor.run_token.into());
            let peer = peer.within(RUN_MAX);
            match peer.post_json("run", request, request_id).await {
                Ok(result) => return Ok(result),
                // Nobody took it in, so nothing ran.
                Err(CallError::Unreachable(error)) if error.is_connect() => {
                    tracing::warn!(%url, "an executor cannot be reached: {error}");
                }
                // Another process than the one that reported this token.
                Err(CallError::Problem(problem)) if problem.code == Code::Unauthenticated => {
                    tracing::info!(%url, "an executor was started anew and has not reported yet");
                    refusal = NotRun::StartedAnew;
                }
                Err(CallError::Problem(problem)) => {
                    // It says itself that nothing ran, and that another may be better off.
                    if !matches!(problem.code, Code::NotReady | Code::Shedding) {
                        return Err(NotRun::Refused(problem));
                    }
                    tracing::info!(%url, "an executor takes no runs");
                    // Who was just started is the one to wait for.
                    if !matches!(refusal, NotRun::StartedAnew) {
                        refusal = NotRun::Refused(problem);
                    }
                }
                Err(error) => {
                    tracing::warn!(%url, "an executor did not answer: {error}");
                    return Err(NotRun::Unreachable {
                        error: format!("the executor did not answer: {error}"),
                        may_have_run: true,
                    });
                }
            }
        }
        Err(refusal)
    }

    /// Whom to ask, the best first.
    async fn in_turn(&self, request: &RunRequest) -> Vec<ReadyExecutor> {
        let registered = match self.registered().await {
            Ok(registered) => registered,
            Err(error) => {
                tracing::warn!("the registered executors cannot be listed: {error}");
                return Vec::new();
            }
        };
        let ranked = ranked(&registered, request.tenant_id, request.function.as_str());
        ranked.into_iter().take(TRIED_MAX).cloned().collect()
    }

    /// Whoever finds the list old asks for a new one while the others go on with the old.
    async fn registered(&self) -> Result<Arc<[ReadyExecutor]>, ApiError> {
        let before = {
            let mut listed = self.listed.lock().expect("no panic while it is held");
            if listed.at.is_some_and(|at| at.elapsed() < LISTED_FOR) {
                return Ok(listed.executors.clone());
            }
            // Nobody waits for a list where there is an old one.
            if !listed.executors.is_empty() {
                listed.at = Some(Instant::now());
            }
            listed.executors.clone()
        };
        let executors: Arc<[ReadyExecutor]> = match self.ready().await {
            Err(error) if !before.is_empty() => {
                tracing::warn!("executors are as they were listed before: {error}");
                before
            }
            ready => ready?.into(),
        };
        let mut listed = self.listed.lock().expect("no panic while it is held");
        *listed = Listed {
            at: Some(Instant::now()),
            executors: executors.clone(),
        };
        Ok(executors)
    }

    /// Believe the list no longer: an operator just changed who is asked. Other processes hear of it within [`LISTED_FOR`].
    pub(crate) fn forget_list(&self) {
        *self.listed.lock().expect("no panic while it is held") = Listed::default();
    }

    async fn ready(&self) -> Result<Vec<ReadyExecutor>, ApiError> {
        let mut crossing = self.database.crossing().await?;
        store::ready(&mut crossing).await
    }
}

/// Rendezvous hashing: each function has an order of executors of its own, in which one that comes or goes moves only its
/// own share. So the same function meets the same caches, whichever api asks. By the address and not the id, since an
/// executor that is started again has another id and mostly the same disk.
fn ranked<'a>(
    executors: &'a [ReadyExecutor],
    tenant: TenantId,
    function: &str,
) -> Vec<&'a ReadyExecutor> {
    let mut executors: Vec<&ReadyExecutor> = executors.iter().collect();
    let weight = |executor: &&ReadyExecutor| -> [u8; 32] {
        let hash = Sha256::new()
            .chain_update(tenant.as_bytes())
            .chain_update(function)
            .chain_update([0])
            .chain_update(&executor.internal_url);
        hash.finalize().into()
    };
    // Of two at one address, the younger is the one that listens there.
    executors.sort_by_cached_key(|executor| Reverse((weight(executor), executor.executor_id)));
    executors.dedup_by(|later, first| later.internal_url == first.internal_url);
    executors
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use uuid::Uuid;

    use super::*;

    fn fleet(count: u16) -> Vec<ReadyExecutor> {
        let executor = |n| ReadyExecutor {
            executor_id: Uuid::now_v7(),
            internal_url: format!("http://10.0.0.{n}:8091"),
            run_token: String::new(),
        };
        (1..=count).map(executor).collect()
    }

    #[test]
    fn functions_are_spread_and_an_executor_that_goes_moves_only_its_own() {
        let tenant = TenantId::new();
        let functions: Vec<String> = (0..1_000).map(|n| format!("function-{n}")).collect();
        let all = fleet(4);
        let first = |executors: &[ReadyExecutor], function: &str| {
            ranked(executors, tenant, function)[0].internal_url.clone()
        };
        let mut shares: HashMap<String, u32> = HashMap::new();
        for function in &functions {
            *shares.entry(first(&all, function)).or_default() += 1;
        }
        assert!(
            shares.len() == 4 && shares.values().all(|share| (180..320).contains(share)),
            "{shares:?}"
        );
        let gone = all[2].internal_url.clone();
        let left: Vec<ReadyExecutor> = all
            .iter()
            .filter(|executor| executor.internal_url != gone)
            .cloned()
            .collect();
        for function in &functions {
            let (before, after) = (first(&all, function), first(&left, function));
            assert_eq!(before != after, before == gone, "{function}");
        }
    }

    #[test]
    fn an_executor_that_was_started_again_keeps_its_functions() {
        let (tenant, before) = (TenantId::new(), fleet(3));
        let mut after = before.clone();
        after.reverse();
        after[1].executor_id = Uuid::now_v7();
        let urls = |executors: &[ReadyExecutor]| -> Vec<String> {
            let ranked = ranked(executors, tenant, "discount").into_iter();
            ranked
                .map(|executor| executor.internal_url.clone())
                .collect()
        };
        assert_eq!(urls(&before), urls(&after));
    }
}
