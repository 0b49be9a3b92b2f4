//! `cargo xtask`: sets up, starts and tests everything on one machine.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::demo::crash;
use xtask::say::say;
use xtask::{bench, interrupt, place, run, sqlx, test, up};

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
    /// Set up what is missing, then run every test: Rust, front end, browser.
    Test(test::Options),
    /// Describe every query anew in .sqlx/, or check that it is described.
    Sqlx(sqlx::Options),
    /// Show what Cartwright promises.
    #[command(subcommand)]
    Demo(Show),
    /// Measure what a request costs, beside a peer in the same minute.
    Bench(bench::Options),
    /// Build the sample functions anew from their sources.
    Functions {
        /// For `functions/rebuild`.
        arguments: Vec<String>,
    },
}

#[derive(Subcommand)]
enum Show {
    /// Kill the executor and billing under load, then hold every answer against the bill.
    Crash(crash::Options),
}

fn main() -> ExitCode {
    let outcome = match Options::parse().task {
        Task::Up(options) => up::up(&options),
        Task::Test(options) => test::test(&options),
        Task::Sqlx(options) => sqlx::sqlx(&options),
        Task::Demo(Show::Crash(options)) => crash::crash(&options),
        Task::Bench(options) => bench::bench(&options),
        Task::Functions { arguments } => functions(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Its last line has been printed, and is to stay the last.
        Err(error) if error.is::<test::Failed>() => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("Failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn functions(arguments: &[String]) -> Result<()> {
    interrupt::install()?;
    let mut rebuild = Command::new(place::root().join("functions/rebuild"));
    run::shown(
        "Building the sample functions",
        rebuild.args(arguments).current_dir(place::root()),
    )
}
