//! `cartwright`, the developer's command line. It runs functions with the engine that production runs them with, so
//! local fuel is billed fuel.

mod bindings;
mod build;
mod completion;
mod ending;
mod failure;
mod global;
mod init;
mod input;
mod local;
mod output;
mod problem;
mod profile;
mod project;
mod remote;
mod replay;
mod run;
mod test;
mod watch;

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
    /// Start a project from a template.
    Init(init::InitArgs),
    /// Make types of a target's input and output from its schemas.
    Bindings(bindings::BindingsArgs),
    /// Build the project's module, and check it as an upload would.
    Build(build::BuildArgs),
    /// Run a function on this machine, under the limits and the fuel count of production.
    Run(run::RunArgs),
    /// Run a recorded run once more on this machine, and compare output and fuel.
    Replay(replay::ReplayArgs),
    /// Profile a run on this machine: which functions burn its fuel, to the unit.
    Profile(profile::ProfileArgs),
    /// Run every sample of the project on this machine, and compare.
    Test(test::TestArgs),
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
        Command::Init(args) => init::init(&start, &args),
        Command::Bindings(args) => bindings::bindings(&start, &args),
        Command::Build(args) => build::build(&start, &args),
        Command::Run(args) => run::run(&start, &args),
        Command::Replay(args) => replay::replay(&start, &args),
        Command::Profile(args) => profile::profile(&start, &args),
        Command::Test(args) => test::test(&start, &args),
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
