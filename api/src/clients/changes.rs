//! Says over Redis that something changed, after it is committed. A hint: executors also ask for what they missed.

use std::time::Duration;

use anyhow::Context;
use cartwright_domain::wire::{CHANGES_CHANNEL, Change};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;

/// A publish that takes longer is given up: the poll of the executors makes up for it.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// Redis, which holds what may be lost.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RedisConfig {
    /// Address of Redis, version 6.2 or later.
    #[arg(long, env, hide_env_values = true)]
    pub(crate) redis_url: SecretString,
}

/// The publishing end of the channel of changes.
#[derive(Clone)]
pub(crate) struct ChangeFeed {
    connection: ConnectionManager,
}

impl ChangeFeed {
    /// A feed that connects when it is first used, and again after each break.
    ///
    /// # Errors
    /// When the address is none.
    pub(crate) fn new(config: &RedisConfig) -> anyhow::Result<Self> {
        let client = redis::Client::open(config.redis_url.expose_secret())
            .context("REDIS_URL is no address of a Redis server")?;
        let patience = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(WAIT_MAX))
            .set_response_timeout(Some(WAIT_MAX))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(100));
        let connection = ConnectionManager::new_lazy_with_config(client, patience)
            .context("REDIS_URL is no address of a Redis server")?;
        Ok(Self { connection })
    }

    /// Tell every executor. What cannot be told now, they find out by asking.
    pub(crate) async fn publish(&self, change: &Change) {
        let message = serde_json::to_string(change).expect("a change is plain JSON");
        let published: redis::RedisResult<i64> = redis::cmd("PUBLISH")
            .arg(CHANGES_CHANNEL)
            .arg(message)
            .query_async(&mut self.connection.clone())
            .await;
        match published {
            Ok(listeners) => tracing::debug!(listeners, "published {change:?}"),
            Err(error) => tracing::warn!(
                %error,
                "cannot publish a change; executors learn of it at their next poll, within 5 s"
            ),
        }
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) async fn check(&self) -> redis::RedisResult<()> {
        redis::cmd("PING")
            .query_async(&mut self.connection.clone())
            .await
    }
}

/// Publish what transactions changed, in their order, for as long as there are any.
pub(crate) async fn announce(feed: ChangeFeed, mut announced: mpsc::Receiver<Change>) {
    while let Some(change) = announced.recv().await {
        feed.publish(&change).await;
    }
}
