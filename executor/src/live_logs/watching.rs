//! Hears over Redis which functions are watched, and forgets those of which nobody spoke for a while.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cartwright_domain::wire::{WATCHING_CHANNEL, Watching};
use futures_util::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::{LiveLogs, Pending};

/// Wait as long before a lost connection is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A Redis that takes longer is away.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// A connection on which nothing came for so long is made anew: nobody may be watching, or it may be dead.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What is no longer watched is looked for as often.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

/// Listen for as long as the process runs.
pub(crate) async fn listen(logs: LiveLogs, redis_url: SecretString) {
    tokio::join!(hear(&logs, &redis_url), expire(&logs));
}

async fn hear(logs: &LiveLogs, redis_url: &SecretString) {
    let mut was_said = false;
    loop {
        let Err(error) = hear_once(logs, redis_url, &mut was_said).await else {
            continue;
        };
        if !std::mem::replace(&mut was_said, true) {
            tracing::warn!(
                "Redis tells of no watched functions: {error:#}; who watches misses lines"
            );
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

/// Hear until nothing comes any more, or the connection breaks.
async fn hear_once(logs: &LiveLogs, redis_url: &SecretString, was_said: &mut bool) -> Result<()> {
    let client = redis::Client::open(redis_url.expose_secret()).context("REDIS_URL")?;
    let mut subscription = timeout(WAIT_MAX, client.get_async_pubsub())
        .await
        .context("it does not answer")?
        .context("it cannot be reached")?;
    timeout(WAIT_MAX, subscription.subscribe(WATCHING_CHANNEL))
        .await
        .context("it does not answer")?
        .context("it allows no subscription")?;
    *was_said = false;
    let mut messages = subscription.on_message();
    while let Ok(message) = timeout(SILENCE_MAX, messages.next()).await {
        let message = message.context("the connection ended")?;
        match serde_json::from_slice::<Watching>(message.get_payload_bytes()) {
            Ok(watching) => {
                logs.update(|pending| pending.watch(&watching.functions, Instant::now()));
            }
            Err(error) => tracing::warn!(%error, "a word of watched functions cannot be read"),
        }
    }
    Ok(())
}

async fn expire(logs: &LiveLogs) {
    let mut every = tokio::time::interval(EXPIRE_EVERY);
    loop {
        every.tick().await;
        logs.update(|pending: &mut Pending| pending.expire(Instant::now()));
    }
}
