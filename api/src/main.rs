//! `cartwright-api`: the control plane. What each command needs of the environment stands in its `--help`.

mod aliases;
mod app;
mod audit;
mod auth;
mod billing;
mod clients;
mod config;
mod console;
mod data_plane;
mod database;
mod deliveries;
mod docs;
mod endpoints;
mod error;
mod event_types;
mod events;
mod expressions;
mod fleet;
mod functions;
mod gates;
mod hints;
mod internal;
mod invocations;
mod jobs;
mod keys;
mod logs;
mod members;
mod messages;
mod migrate;
mod needs;
mod openapi;
mod outbound;
mod page;
mod plans;
mod platform;
mod quotas;
mod replays;
mod router;
mod schedules;
mod secrets;
mod serve;
mod sessions;
mod settings;
mod sources;
mod subscriptions;
mod targets;
mod tenants;
mod text;
mod usage;
mod versions;
mod work;
mod wrapping;

use anyhow::Context;
use clap::Parser;

/// The control plane of Cartwright: tenants, functions, versions, keys, usage.
#[derive(Parser)]
#[command(name = "cartwright-api", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Serve the public and the internal listener.
    Serve(Box<config::ServeConfig>),
    /// Work off the queues: compile modules, run batches of replays, send messages.
    Work(Box<config::WorkConfig>),
    /// Bring the database to the newest migration, and give the logins of the roles their passwords.
    Migrate(Box<migrate::MigrateConfig>),
    /// Make the secrets of an installation.
    #[command(subcommand)]
    Keys(secrets::KeysCommand),
    /// Print the OpenAPI document.
    Openapi,
}

fn main() -> anyhow::Result<()> {
    match CommandLine::parse().command {
        Command::Openapi => {
            println!("{}", openapi::document_text()?);
            Ok(())
        }
        Command::Migrate(config) => run(migrate::migrate(*config)),
        Command::Keys(secrets::KeysCommand::Generate) => {
            print!("{}", secrets::generate()?);
            Ok(())
        }
        Command::Keys(secrets::KeysCommand::Platform(config)) => {
            println!("{}", run(secrets::platform_key(config))?);
            Ok(())
        }
        Command::Keys(secrets::KeysCommand::List(config)) => {
            print!("{}", run(secrets::list_platform_keys(config))?);
            Ok(())
        }
        Command::Keys(secrets::KeysCommand::Revoke(config)) => {
            println!("{}", run(secrets::revoke_platform_key(config))?);
            Ok(())
        }
        Command::Work(config) => run(work::work(*config)),
        Command::Serve(config) => run(serve::serve(*config)),
    }
}

/// Run a process' future on a runtime of its own.
fn run<T>(process: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Runtime::new()
        .context("the async runtime cannot be started")?
        .block_on(process)
}
