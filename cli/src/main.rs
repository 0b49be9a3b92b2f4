//! `cartwright`, the developer's command line. It runs functions with the engine that production runs them with, so
//! local fuel is billed fuel.

mod run;

use std::process::ExitCode;

use clap::Parser;

/// Develop functions for Cartwright.
///
/// Exit codes: 0 the function returned; 1 the function failed (the outcome is printed); 2 the command could not be carried out.
#[derive(Parser)]
#[command(name = "cartwright", version)]
enum Command {
    /// Run a module on this machine, under the limits and the fuel count of production.
    Run(run::RunArgs),
}

fn main() -> ExitCode {
    let ended = match Command::parse() {
        Command::Run(args) => run::run(&args),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("cartwright: {error:#}");
        ExitCode::from(2)
    })
}
