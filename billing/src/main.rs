//! `cartwright-billing serve`: meter batches in, records, usage and estimates out. The only writer of the meter tables.

mod app;
mod batches;
mod config;
mod database;
mod error;
mod estimates;
mod plans;
mod records;
mod upkeep;
mod usage;
mod writers;

use anyhow::Result;
use axum::Router;
use cartwright_domain::wire::Role;
use cartwright_role::drain::Drain;
use cartwright_role::health::{self, Readiness};
use cartwright_role::{internal, listener, prometheus, request, telemetry};
use clap::Parser;

use crate::app::App;
use crate::config::{Arguments, Command, ServeConfig};

#[tokio::main]
async fn main() -> Result<()> {
    let Command::Serve(config) = Arguments::parse().command;
    telemetry::init(&config.log)?;
    serve(config).await
}

async fn serve(config: ServeConfig) -> Result<()> {
    let metrics = prometheus::install()?;
    let readiness = Readiness::new(Role::Billing.as_str());
    let app = App::new(&config.database)?;
    let public = listener::bind(config.billing_listen, "CARTWRIGHT_BILLING_LISTEN").await?;
    let inside = listener::bind(
        config.billing_internal_listen,
        "CARTWRIGHT_BILLING_INTERNAL_LISTEN",
    )
    .await?;
    let drain = Drain::on_signals(readiness.clone())?;
    batches::count_from_zero();
    let upkeep = tokio::spawn(upkeep::run(app.clone(), readiness.condition("postgres")));
    let routes = internal::guarded(routes(app), config.callers.internal_callers, Role::Billing);
    tokio::join!(
        listener::serve(
            public,
            request::layered(health::routes(readiness, metrics)),
            drain.clone()
        ),
        listener::serve(inside, routes, drain),
    );
    upkeep.abort();
    tracing::info!("drained");
    Ok(())
}

/// Every route of the internal listener. Who may call which is the table in `domain::wire`.
fn routes(app: App) -> Router {
    Router::new()
        .merge(writers::routes())
        .merge(batches::routes())
        .merge(records::routes())
        .merge(usage::routes())
        .merge(estimates::routes())
        .merge(plans::routes())
        .with_state(app)
}
