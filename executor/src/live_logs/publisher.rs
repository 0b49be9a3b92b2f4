//! Publishes over Redis what waits, ten times a second at most. What cannot be published is counted and gone.

use std::time::Duration;

use cartwright_domain::wire::Watched;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::{ExposeSecret, SecretString};

use super::LiveLogs;
use super::pending::Batch;

/// What comes within this time leaves together.
const EVERY: Duration = Duration::from_millis(100);

/// A Redis that takes longer is away.
const WAIT_MAX: Duration = Duration::from_millis(500);

/// Publish what comes, for as long as the process runs. It connects when something is to be published for the first time.
pub(crate) async fn publish(logs: LiveLogs, redis_url: SecretString) {
    let client = match redis::Client::open(redis_url.expose_secret()) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(
                "REDIS_URL is no address of a Redis server: {error}; logs cannot be watched live"
            );
            return;
        }
    };
    let patience = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(WAIT_MAX))
        .set_response_timeout(Some(WAIT_MAX))
        .set_number_of_retries(0);
    let connection = match ConnectionManager::new_lazy_with_config(client, patience) {
        Ok(connection) => connection,
        Err(error) => {
            tracing::error!(
                "no connection to Redis can be made: {error}; logs cannot be watched live"
            );
            return;
        }
    };
    let mut was_said = false;
    loop {
        logs.0.waits.notified().await;
        tokio::time::sleep(EVERY).await;
        let batches = logs.update(super::Pending::take);
        let Err(error) = send(&connection, &batches).await else {
            count_dropped(batches.iter().map(|(_, batch)| batch.lines_dropped).sum());
            was_said = false;
            continue;
        };
        if !std::mem::replace(&mut was_said, true) {
            tracing::warn!("live logs cannot be published: {error}; who watches misses them");
        }
        logs.update(|pending| {
            for (which, batch) in &batches {
                pending.lost(*which, batch.lines());
            }
        });
        // What is lost is told of when Redis is back, though nobody logs any more.
        logs.0.waits.notify_one();
    }
}

async fn send(
    connection: &ConnectionManager,
    batches: &[(Watched, Batch)],
) -> redis::RedisResult<()> {
    if batches.is_empty() {
        return Ok(());
    }
    let mut commands = redis::pipe();
    for (which, batch) in batches {
        let message = serde_json::to_vec(&batch.to_wire())
            .expect("live logs are strings and numbers, and memory takes them");
        commands.publish(which.channel(), message).ignore();
    }
    commands.query_async(&mut connection.clone()).await
}

fn count_dropped(lines: u64) {
    if lines > 0 {
        metrics::counter!("cartwright_live_log_lines_dropped_total").increment(lines);
    }
}
