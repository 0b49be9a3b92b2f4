//! What all executors remember together: Redis, asked within a time, and without it as if nothing were remembered. What is
//! kept there may be lost; each room that keeps something knows what to do then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use redis::RedisResult;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::{ExposeSecret, SecretString};

/// An answer that takes longer is as good as none.
const ANSWERS_WITHIN: Duration = Duration::from_millis(250);

/// After a question without an answer none is asked for so long, so that an outage costs a few requests the wait and not all.
const QUIET: Duration = Duration::from_secs(1);

/// A connection that nobody used for so long is tried first: that Redis was started anew meanwhile shows only on use.
const IDLE_MS: u64 = 1_000;

/// Redis, as far as it answers.
pub(crate) struct FleetMemory {
    connection: ConnectionManager,
    began: Instant,
    /// Nothing is asked until so many milliseconds after `began`.
    quiet_until_ms: AtomicU64,
    /// The last question, in the same milliseconds.
    asked_at_ms: AtomicU64,
}

/// There was no answer in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreachable;

impl FleetMemory {
    /// At this address. It is connected to when it is first asked.
    pub(crate) fn new(url: &SecretString) -> Result<Self> {
        let client = redis::Client::open(url.expose_secret()).context("REDIS_URL")?;
        let patience = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(QUIET))
            .set_response_timeout(Some(ANSWERS_WITHIN));
        let connection = ConnectionManager::new_lazy_with_config(client, patience)
            .context("REDIS_URL cannot be used")?;
        Ok(Self {
            connection,
            began: Instant::now(),
            quiet_until_ms: AtomicU64::new(0),
            asked_at_ms: AtomicU64::new(0),
        })
    }

    /// Ask one question.
    pub(crate) async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(ConnectionManager) -> RedisResult<T>,
    ) -> Result<T, Unreachable> {
        self.ask_within(ANSWERS_WITHIN, question).await
    }

    /// Ask one question whose answer is of use only so soon.
    pub(crate) async fn ask_within<T>(
        &self,
        within: Duration,
        question: impl AsyncFnOnce(ConnectionManager) -> RedisResult<T>,
    ) -> Result<T, Unreachable> {
        let now_ms = self.now_ms();
        if now_ms < self.quiet_until_ms.load(Ordering::Relaxed) {
            return Err(Unreachable);
        }
        let is_idle = self.asked_at_ms.swap(now_ms, Ordering::Relaxed) + IDLE_MS < now_ms;
        let asked = async {
            if is_idle {
                let mut connection = self.connection.clone();
                let ping = redis::cmd("PING");
                // Whatever comes of it: a connection that has ended is made anew for the question.
                ping.query_async::<String>(&mut connection).await.ok();
            }
            question(self.connection.clone()).await
        };
        let why = match tokio::time::timeout(within, asked).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not answer within {} ms", within.as_millis()),
        };
        let quiet_ms = u64::try_from(QUIET.as_millis()).unwrap_or(u64::MAX);
        let until = self.now_ms().saturating_add(quiet_ms);
        let before = self.quiet_until_ms.swap(until, Ordering::Relaxed);
        // Said once for all that was asked at the same time.
        if before <= now_ms {
            tracing::warn!(
                "Redis cannot be asked: {why}; doing without it for {} s",
                QUIET.as_secs()
            );
        }
        Err(Unreachable)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_redis_a_question_fails_and_the_next_ones_fail_at_once() {
        // A port that nothing listens on: it was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", free.local_addr().unwrap());
        drop(free);
        let memory = FleetMemory::new(&url.into()).unwrap();
        let mut asked = 0;
        for _ in 0..3 {
            let answer = memory
                .ask(async |mut connection| {
                    asked += 1;
                    redis::cmd("PING")
                        .query_async::<String>(&mut connection)
                        .await
                })
                .await;
            assert_eq!(answer, Err(Unreachable));
        }
        assert_eq!(asked, 1);
    }
}
