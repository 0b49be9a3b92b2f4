//! The process `cartwright-api work`: the queue's worker, with health and metrics beside it.

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_role::drain::Drain;
use cartwright_role::health::{self, Readiness};
use cartwright_role::internal::Client;
use cartwright_role::{listener, prometheus, request, telemetry};
use ed25519_dalek::SigningKey;
use secrecy::{ExposeSecret, SecretString};

use crate::clients::billing::Billing;
use crate::clients::changes::{self, ChangeFeed};
use crate::clients::executors::Executors;
use crate::clients::object_store::ObjectStore;
use crate::config::WorkConfig;
use crate::database::Database;
use crate::deliveries::work::{self as deliveries, Delivering};
use crate::messages::work::{self as messages, Sending};
use crate::outbound::{Outbound, SystemNames};
use crate::replays::work::Replaying;
use crate::wrapping::Wrapping;
use crate::{jobs, needs, schedules};

/// Work until SIGTERM or SIGINT, then let jobs end.
pub(crate) async fn work(config: WorkConfig) -> anyhow::Result<()> {
    telemetry::init(&config.log)?;
    let exposition = prometheus::install()?;
    let readiness = Readiness::new("worker");
    let drain = Drain::on_signals(readiness.clone())?;
    let (database, announced) = Database::new(&config.database)?;
    let feed = ChangeFeed::new(&config.redis)?;
    let object_store = ObjectStore::new(&config.object_store).await;
    let client = Client::new(&config.internal)?;
    let worker = jobs::Worker {
        database: database.clone(),
        compiling: jobs::Compiling {
            object_store: object_store.clone(),
            program: config.compiler.program()?,
            signing_key: signing_key(&config.artifact_signing_key)?,
        },
        replaying: Replaying {
            database: database.clone(),
            executors: Executors::new(&client, database.clone()),
            billing: Billing::new(&config.billing, &client),
            run_log_days: config.housekeeping.run_log_days,
        },
        compiles_max: config.compiler.slots(),
    };
    let sending = Sending {
        database: database.clone(),
        wrapping: Wrapping::new(&config.wrapping.secrets_key)?,
        outbound: Outbound::new(&config.outbound, SystemNames)?,
    };
    let delivering = Delivering {
        database: database.clone(),
        executors: Executors::new(&client, database.clone()),
        object_store: object_store.clone(),
    };
    let listening = listener::bind(config.worker_listen, "CARTWRIGHT_WORKER_LISTEN").await?;
    tokio::spawn(changes::announce(feed.clone(), announced));
    tokio::spawn(needs::watch(
        readiness.clone(),
        database.clone(),
        feed,
        object_store.clone(),
    ));
    tokio::join!(
        listener::serve(
            listening,
            request::layered(health::routes(readiness, exposition)),
            drain.clone()
        ),
        messages::send(sending, drain.clone()),
        schedules::work::fire(database.clone(), drain.clone()),
        jobs::keep_house(database, object_store, config.housekeeping, drain.clone()),
        jobs::work(worker, drain.clone()),
        deliveries::deliver(delivering, config.deliveries, drain),
    );
    Ok(())
}

fn signing_key(seed: &SecretString) -> anyhow::Result<SigningKey> {
    let seed: Option<[u8; 32]> = STANDARD
        .decode(seed.expose_secret())
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    let seed = seed
        .ok_or_else(|| {
            anyhow!("it must be 32 bytes in base64; `cartwright-api keys generate` makes one")
        })
        .context("CARTWRIGHT_ARTIFACT_SIGNING_KEY")?;
    Ok(SigningKey::from_bytes(&seed))
}
