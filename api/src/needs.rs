//! What a process of ours needs before it is ready: Postgres, Redis and S3, asked again and again. What is absent at the start,
//! or goes away later, is named by `/readyz` until it is back.

use std::time::Duration;

use cartwright_role::health::{Condition, Readiness};

use crate::clients::changes::ChangeFeed;
use crate::clients::object_store::ObjectStore;
use crate::database::Database;

/// How often each is asked.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Who does not answer for so long is taken for absent.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Say how each stands, for as long as the process runs.
pub(crate) async fn watch(
    readiness: Readiness,
    database: Database,
    feed: ChangeFeed,
    object_store: ObjectStore,
) {
    let (ping, check_redis, check_store) = (
        move || {
            let database = database.clone();
            async move { database.ping().await }
        },
        move || {
            let feed = feed.clone();
            async move { feed.check().await }
        },
        move || {
            let object_store = object_store.clone();
            async move { object_store.check().await }
        },
    );
    tokio::join!(
        ask(readiness.condition("postgres"), ping),
        ask(readiness.condition("redis"), check_redis),
        ask(readiness.condition("s3"), check_store),
    );
}

async fn ask<E, F>(condition: Condition, answers: impl Fn() -> F)
where
    E: std::fmt::Display,
    F: Future<Output = Result<(), E>>,
{
    loop {
        match tokio::time::timeout(ANSWER_MAX, answers()).await {
            Ok(Ok(())) => condition.ready(),
            // The error may hold an address: for the log, not for whoever asks.
            Ok(Err(error)) => {
                tracing::debug!("no good answer: {error}");
                condition.missing("it does not answer");
            }
            Err(_) => condition.missing("it does not answer in time"),
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}
