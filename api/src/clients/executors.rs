//! Runs a function on an executor, for the routes that run one on someone's behalf: on the registered one that most
//! likely has the function's module at hand, else on the next, else on those that the configuration names.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cartwright_domain::ids::{RequestId, TenantId};
use cartwright_domain::problem::Code;
use cartwright_domain::wire::{RunRequest, RunResult};
use cartwright_role::internal::{CallError, Client};
use sha2::{Digest, Sha256};

use crate::database::Database;
use crate::error::ApiError;
use crate::fleet::store::{self, ReadyExecutor};

/// A run may take its whole wall-clock limit, whose ceiling is 30 s, and must first be loaded.
const RUN_MAX: Duration = Duration::from_secs(45);

/// Where executors are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ExecutorsConfig {
    /// Internal base URLs of executors that run tests and replays while none is registered, separated by commas.
    #[arg(
        long,
        env = "CARTWRIGHT_EXECUTOR_INTERNAL_URLS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8091"
    )]
    pub(crate) executor_internal_urls: Vec<String>,
}

/// Executors, any of which runs any function.
pub(crate) struct Executors {
    client: Client,
    database: Database,
    configured: Vec<String>,
    turn: AtomicUsize,
}

/// Registered executors that are tried for one run, at most: each that hangs costs the time of connecting.
const TRIED_MAX: usize = 8;

impl Executors {
    /// The registered executors, and these.
    pub(crate) fn new(config: &ExecutorsConfig, client: &Client, database: Database) -> Self {
        let configured = config.executor_internal_urls.iter();
        Self {
            client: client.clone(),
            database,
            configured: configured
                .map(|url| url.trim().trim_end_matches('/').to_owned())
                .collect(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Run on one of them; on the next when that one cannot be reached, or says that it takes no runs.
    pub(crate) async fn run(
        &self,
        request: &RunRequest,
        request_id: RequestId,
    ) -> Result<RunResult, ApiError> {
        let mut refusal = ApiError::NotReady("the executor");
        for url in self.in_turn(request).await {
            let peer = self.client.peer(&url).within(RUN_MAX);
            match peer.post_json("run", request, request_id).await {
                // Nobody took it in, so nothing ran.
                Err(CallError::Unreachable(error)) if error.is_connect() => {
                    tracing::warn!(%url, "an executor cannot be reached: {error}");
                }
                Err(CallError::Unreachable(error)) => {
                    tracing::warn!(%url, "an executor did not answer: {error}");
                    return Err(ApiError::NotReady("the executor"));
                }
                // It says itself that nothing ran, and that another may be better off.
                Err(error) if matches!(error.code(), Some(Code::NotReady | Code::Shedding)) => {
                    tracing::info!(%url, "an executor takes no runs: {error}");
                    refusal = error.into();
                }
                answer => return Ok(answer?),
            }
        }
        Err(refusal)
    }

    /// Whom to ask, the best first.
    async fn in_turn(&self, request: &RunRequest) -> Vec<String> {
        let mut urls: Vec<String> = match self.registered().await {
            Ok(registered) => ranked(registered, request.tenant_id, request.function.as_str()),
            Err(error) => {
                tracing::warn!("the registered executors cannot be listed: {error}");
                Vec::new()
            }
        };
        urls.truncate(TRIED_MAX);
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for at in 0..self.configured.len() {
            let url = &self.configured[first.wrapping_add(at) % self.configured.len()];
            if !urls.contains(url) {
                urls.push(url.clone());
            }
        }
        urls
    }

    async fn registered(&self) -> Result<Vec<ReadyExecutor>, ApiError> {
        let mut crossing = self.database.crossing().await?;
        store::ready(&mut crossing).await
    }
}

/// Rendezvous hashing: each function has an order of executors of its own, in which one that comes or goes moves only its
/// own share. So the same function meets the same caches, whichever api asks. By the address and not the id, since an
/// executor that is started again has another id and mostly the same disk.
fn ranked(mut executors: Vec<ReadyExecutor>, tenant: TenantId, function: &str) -> Vec<String> {
    let weight = |executor: &ReadyExecutor| -> [u8; 32] {
        let hash = Sha256::new()
            .chain_update(tenant.as_bytes())
            .chain_update(function)
            .chain_update([0])
            .chain_update(&executor.internal_url);
        hash.finalize().into()
    };
    // Of two at one address, the younger is the one that listens there.
    executors.sort_by_cached_key(|executor| Reverse((weight(executor), executor.executor_id)));
    let mut urls: Vec<String> = executors
        .into_iter()
        .map(|executor| executor.internal_url)
        .collect();
    urls.dedup();
    urls
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
        };
        (1..=count).map(executor).collect()
    }

    #[test]
    fn functions_are_spread_and_an_executor_that_goes_moves_only_its_own() {
        let tenant = TenantId::new();
        let functions: Vec<String> = (0..1_000).map(|n| format!("function-{n}")).collect();
        let all = fleet(4);
        let first = |executors: &[ReadyExecutor], function: &str| {
            ranked(executors.to_vec(), tenant, function)[0].clone()
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
        assert_eq!(
            ranked(before, tenant, "discount"),
            ranked(after, tenant, "discount")
        );
    }
}
