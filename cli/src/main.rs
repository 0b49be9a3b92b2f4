//! `cartwright`, the developer's command line. It runs functions with the engine that production runs them with, so
//! local fuel is billed fuel.

mod completion;
mod ending;
mod failure;
mod global;
mod input;
mod output;
mod problem;
mod project;
mod remote;
mod run;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::{Global, Start};
use crate::output::Output;

/// Develop, deploy and watch functions of Cartwright.
#[derive(Parser)]
#[command(name = "cartwright", version, after_help = ending::TABLE)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a module on this machine, under the limits and the fuel count of production.
    Run(run::RunArgs),
    #[command(flatten)]
    Remote(remote::Command),
    /// Print a completion script for a shell.
    Completion(completion::CompletionArgs),
}

fn main() -> ExitCode {
    let Arguments { global, command } = Arguments::parse();
    let output = Output::new(global.json);
    match carry_out(global, command) {
        Ok(ending) => ending.into(),
        Err(failure) => {
            tell(output, &failure);
            failure.ending().into()
        }
    }
}

fn carry_out(global: Global, command: Command) -> Result<Ending, Failure> {
    let start = Start::new(global)?;
    match command {
        Command::Run(args) => run::run(&start, &args),
        Command::Completion(args) => {
            completion::completion(start.output, Arguments::command(), &args)
        }
        Command::Remote(command) => remote::carry_out(&start, &command),
    }
}

fn tell(output: Output, failure: &Failure) {
    match failure {
        Failure::ReaderGone => {}
        failure if output.json => output.say(failure.document()),
        failure => output.say(format_args!("cartwright: {failure}")),
    }
}
