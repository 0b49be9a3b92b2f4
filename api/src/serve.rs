//! The process `cartwright-api serve`: the public listener and the internal one, over one [`App`].

use axum::middleware::map_request;
use cartwright_domain::wire::Role;
use cartwright_role::drain::Drain;
use cartwright_role::health::{self, Readiness};
use cartwright_role::internal::{self, Client};
use cartwright_role::linger::linger;
use cartwright_role::{listener, prometheus, request, telemetry};

use crate::app::{App, Shared};
use crate::auth::password::Passwords;
use crate::auth::throttle::Throttle;
use crate::auth::token::Tokens;
use crate::clients::billing::Billing;
use crate::clients::changes::{self, ChangeFeed};
use crate::clients::executors::Executors;
use crate::clients::leases::Leases;
use crate::clients::live_logs::LogWire;
use crate::clients::object_store::ObjectStore;
use crate::config::ServeConfig;
use crate::database::Database;
use crate::logs::{Hub, Places};
use crate::outbound::Rules;
use crate::wrapping::Wrapping;
use crate::{console, docs, internal as internal_routes, needs, router};

/// Serve until SIGTERM or SIGINT, then let running requests end.
pub(crate) async fn serve(config: ServeConfig) -> anyhow::Result<()> {
    telemetry::init(&config.log)?;
    let exposition = prometheus::install()?;
    let readiness = Readiness::new("api");
    let drain = Drain::on_signals(readiness.clone())?;
    let (database, announced) = Database::new(&config.database)?;
    let feed = ChangeFeed::new(&config.redis)?;
    let object_store = ObjectStore::new(&config.object_store).await;
    let client = Client::new(&config.internal)?;
    let logs = Hub::default();
    let log_wire = LogWire::new(&config.redis, logs.clone())?;
    let app = App::new(Shared {
        database: database.clone(),
        tokens: Tokens::new(&config.keys.token_signing_key)?,
        passwords: Passwords::new(),
        throttle: Throttle::new(),
        wrapping: Wrapping::new(&config.keys.wrapping.secrets_key)?,
        outbound: Rules::new(&config.outbound),
        object_store: object_store.clone(),
        executors: Executors::new(&client, database.clone()),
        leases: Leases::new(&config.redis)?,
        billing: Billing::new(&config.billing, &client),
        invoke_url: config.console.invoke_url().to_owned(),
        module_bytes_max: config.module_bytes_max,
        logs,
        log_streams: Places::new(&config.log_streams),
        executor_hosts: config.fleet.executor_hosts,
        drain: drain.clone(),
        run_log_days: config.housekeeping.run_log_days,
    });
    let public = listener::bind(config.api_listen, "CARTWRIGHT_API_LISTEN").await?;
    let inside =
        listener::bind(config.api_internal_listen, "CARTWRIGHT_API_INTERNAL_LISTEN").await?;
    tokio::spawn(log_wire.carry());
    tokio::spawn(changes::announce(feed.clone(), announced));
    tokio::spawn(needs::watch(
        readiness.clone(),
        database,
        feed,
        object_store,
    ));

    let (routes, document) = router::table().split_for_parts();
    let routes = routes
        .with_state(app.clone())
        .merge(health::routes(readiness, exposition))
        .merge(docs::routes(&document, config.console.invoke_url())?)
        .merge(console::routes(&config.console)?);
    let outside = console::secured(request::layered(routes), &config.console)?
        .layer(map_request(async |request| linger(request)));
    let among_roles = internal::guarded(
        internal_routes::routes(app),
        config.callers.internal_callers,
        Role::Api,
    );
    tokio::join!(
        listener::serve_with_peers(public, outside, drain.clone()),
        listener::serve_with_peers(inside, among_roles, drain),
    );
    Ok(())
}
