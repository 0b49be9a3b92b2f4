//! Live logs over Redis: says to executors which functions are watched here, and takes in what they publish of those.
//! While nobody watches there is no connection.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, bail};
use cartwright_domain::wire::{LiveLogs, WATCHING_CHANNEL, WATCHING_EVERY_MS, Watched, Watching};
use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, PubSubSink, PubSubStream};
use redis::{Client, Msg};
use secrecy::ExposeSecret;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::changes::RedisConfig;
use crate::logs::Hub;

/// A Redis that takes longer is away.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Wait as long before a lost connection is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

const WATCHING_EVERY: Duration = Duration::from_millis(WATCHING_EVERY_MS);

/// Our own word of what is watched comes back to us. A connection on which it did not, three times, is dead.
const SILENCE_MAX: Duration = Duration::from_millis(3 * WATCHING_EVERY_MS);

/// The way between the executors and a [`Hub`].
pub(crate) struct LogWire {
    client: Client,
    publishing: ConnectionManager,
    hub: Hub,
}

impl LogWire {
    /// A wire that connects while somebody watches.
    ///
    /// # Errors
    /// When the address is none.
    pub(crate) fn new(config: &RedisConfig, hub: Hub) -> anyhow::Result<Self> {
        const NO_ADDRESS: &str = "REDIS_URL is no address of a Redis server";
        let client = Client::open(config.redis_url.expose_secret()).context(NO_ADDRESS)?;
        let patience = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(WAIT_MAX))
            .set_response_timeout(Some(WAIT_MAX))
            .set_number_of_retries(0);
        let publishing = ConnectionManager::new_lazy_with_config(client.clone(), patience)
            .context(NO_ADDRESS)?;
        Ok(Self {
            client,
            publishing,
            hub,
        })
    }

    /// Carry what is watched, for as long as the process runs.
    pub(crate) async fn carry(self) {
        let mut was_said = false;
        loop {
            if self.hub.watched().is_empty() {
                self.hub.wanted().await;
            }
            let Err(error) = self.carry_once(&mut was_said).await else {
                continue;
            };
            self.hub.interrupted();
            if !std::mem::replace(&mut was_said, true) {
                tracing::warn!("Redis carries no live logs: {error:#}; their readers are told");
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// Carry until nobody watches any more, or the connection breaks.
    async fn carry_once(&self, was_said: &mut bool) -> anyhow::Result<()> {
        let subscription = timeout(WAIT_MAX, self.client.get_async_pubsub()).await;
        let subscription = subscription
            .context("it does not answer")?
            .context("it cannot be reached")?;
        let mut line = Line::new(subscription.split());
        line.subscribe(&[WATCHING_CHANNEL.to_owned()]).await?;
        let mut every = interval(WATCHING_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = line.messages.next() => {
                    let message = message.context("the connection ended")?;
                    line.heard_at = Instant::now();
                    self.take_in(&line, &message);
                    continue;
                }
                _ = every.tick() => {}
                () = self.hub.wanted() => {}
            }
            let watched = self.hub.watched();
            if watched.is_empty() {
                return Ok(());
            }
            if line.heard_at.elapsed() > SILENCE_MAX {
                bail!("the connection is silent");
            }
            line.hold_to(&watched).await?;
            self.announce(&watched).await?;
            self.hub.opened(&watched);
            *was_said = false;
        }
    }

    /// Tell executors what is watched here.
    async fn announce(&self, watched: &[Watched]) -> anyhow::Result<()> {
        let watching = Watching {
            functions: watched.to_vec(),
        };
        let message = serde_json::to_vec(&watching).context("ids are plain JSON")?;
        let published: redis::RedisResult<i64> = redis::cmd("PUBLISH")
            .arg(WATCHING_CHANNEL)
            .arg(message)
            .query_async(&mut self.publishing.clone())
            .await;
        published.map(drop).context("it cannot be told")
    }

    fn take_in(&self, line: &Line, message: &Msg) {
        let Some(which) = line.functions.get(message.get_channel_name()) else {
            return;
        };
        match serde_json::from_slice::<LiveLogs>(message.get_payload_bytes()) {
            Ok(logs) => self.hub.take_in(*which, &logs),
            Err(error) => tracing::warn!(%error, "live logs of an executor cannot be read"),
        }
    }
}

/// One connection, and the functions whose channels it is subscribed to.
struct Line {
    sink: PubSubSink,
    messages: PubSubStream,
    functions: HashMap<String, Watched>,
    heard_at: Instant,
}

impl Line {
    fn new((sink, messages): (PubSubSink, PubSubStream)) -> Self {
        Self {
            sink,
            messages,
            functions: HashMap::new(),
            heard_at: Instant::now(),
        }
    }

    /// Subscribe to what is watched now, and no longer to what is not.
    async fn hold_to(&mut self, watched: &[Watched]) -> anyhow::Result<()> {
        let now: HashMap<String, Watched> = watched
            .iter()
            .map(|which| (which.channel(), *which))
            .collect();
        let channels_only_in = |these: &HashMap<String, Watched>,
                                those: &HashMap<String, Watched>| {
            let only = these.keys().filter(|channel| !those.contains_key(*channel));
            only.cloned().collect::<Vec<_>>()
        };
        let (new, old) = (
            channels_only_in(&now, &self.functions),
            channels_only_in(&self.functions, &now),
        );
        if !new.is_empty() {
            self.subscribe(&new).await?;
        }
        if !old.is_empty() {
            let left = timeout(WAIT_MAX, self.sink.unsubscribe(&old)).await;
            left.context("it does not answer")?
                .context("it lets nobody go")?;
        }
        self.functions = now;
        Ok(())
    }

    async fn subscribe(&mut self, channels: &[String]) -> anyhow::Result<()> {
        timeout(WAIT_MAX, self.sink.subscribe(channels))
            .await
            .context("it does not answer")?
            .context("it allows no subscription")
    }
}
