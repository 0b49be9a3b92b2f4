//! `cartwright-api`: the control plane. What each command needs of the environment stands in its `--help`.

mod app;
mod auth;
mod config;
mod database;
mod error;
mod openapi;
mod page;
mod router;
mod sessions;

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
    Serve(config::ServeConfig),
    /// Work off the queue: compile modules.
    Work(config::WorkConfig),
    /// Print the OpenAPI document.
    Openapi,
}

fn main() -> anyhow::Result<()> {
    match CommandLine::parse().command {
        Command::Openapi => {
            println!("{}", openapi::document_text()?);
            Ok(())
        }
        Command::Serve(_) | Command::Work(_) => anyhow::bail!("not yet"),
    }
}
