//! `cartwright-executor`: the data plane. Who, what, may they, run, meter. Starts the process; `server` wires it together.

mod admission;
mod config;
mod counters;
mod fleet;
mod fleet_memory;
mod freshness;
mod idempotency;
mod inputs;
mod internal_run;
mod keys;
mod live_logs;
mod memo;
mod meter_log;
mod mint;
mod modules;
mod quotas;
mod routes;
mod run_logs;
#[cfg(test)]
mod scratch;
mod server;
mod shared_map;
mod shedder;
mod slots;
mod tenants;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use config::ServeConfig;

/// Runs functions under their limits, and meters every run.
#[derive(Parser)]
#[command(name = "cartwright-executor", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the data plane until SIGTERM or SIGINT, then let runs finish and end.
    Serve(Box<ServeConfig>),
}

fn main() -> ExitCode {
    let Command::Serve(config) = CommandLine::parse().command;
    match server::serve(*config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cartwright-executor: {error:#}");
            ExitCode::FAILURE
        }
    }
}
