//! Runs a function on an executor, for the routes that run one on someone's behalf.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cartwright_domain::ids::RequestId;
use cartwright_domain::wire::{RunRequest, RunResult};
use cartwright_role::internal::{CallError, Client, Peer};

use crate::error::ApiError;

/// A run may take its whole wall-clock limit, whose ceiling is 30 s, and must first be loaded.
const RUN_MAX: Duration = Duration::from_secs(45);

/// Where executors are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ExecutorsConfig {
    /// Internal base URLs of executors that run tests, separated by commas.
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
    peers: Vec<Peer>,
    turn: AtomicUsize,
}

impl Executors {
    /// These executors.
    pub(crate) fn new(config: &ExecutorsConfig, client: &Client) -> Self {
        let urls = config.executor_internal_urls.iter();
        Self {
            peers: urls
                .map(|url| client.peer(url.trim()).within(RUN_MAX))
                .collect(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Run on one of them, on the next when that one cannot be reached.
    pub(crate) async fn run(
        &self,
        request: &RunRequest,
        request_id: RequestId,
    ) -> Result<RunResult, ApiError> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for at in 0..self.peers.len() {
            let peer = &self.peers[(first.wrapping_add(at)) % self.peers.len()];
            match peer.post_json("run", request, request_id).await {
                // Nobody took it in, so nothing ran.
                Err(CallError::Unreachable(error)) if error.is_connect() => {
                    tracing::warn!("an executor cannot be reached: {error}");
                }
                Err(CallError::Unreachable(error)) => {
                    tracing::warn!("an executor did not answer: {error}");
                    return Err(ApiError::NotReady("the executor"));
                }
                answer => return Ok(answer?),
            }
        }
        Err(ApiError::NotReady("the executor"))
    }
}
