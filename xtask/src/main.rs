//! `cargo xtask`: sets up, starts and tests everything on one machine.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::say::say;
use xtask::up;

/// Sets up, starts and tests everything on one machine.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up what is missing, start every role, run a demo, and keep all of it running until Ctrl-C.
    Up(up::Options),
}

fn main() -> ExitCode {
    let outcome = match Options::parse().task {
        Task::Up(options) => up::up(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("Failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
