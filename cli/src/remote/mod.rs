//! The half of the command line that speaks to a server: who is signed in, one way to ask, and a file per command.

mod aliases;
mod bill;
mod client;
mod config;
mod credentials;
mod deploy;
mod functions;
mod identity;
mod invoke;
mod login;
mod logs;
mod page;
mod prompt;
mod runs;
mod shown;
mod usage;
mod versions;

pub(crate) use client::Remote;
use serde_json::Value;

use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;

/// What asks a server.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Sign in, as a person or with an API key.
    Login(login::LoginArgs),
    /// Sign out: the session ends on the server, and this machine forgets it.
    Logout,
    /// Say who is signed in, and where.
    Whoami,
    /// List, create and delete functions.
    Functions(functions::FunctionsArgs),
    /// Upload a module as the next version of a function, and wait until it is compiled.
    Deploy(deploy::DeployArgs),
    /// List a function's versions, or show one with its report.
    Versions(versions::VersionsArgs),
    /// Point an alias at a version.
    Promote(aliases::PromoteArgs),
    /// Point an alias back at the version that it pointed at before.
    Rollback(aliases::RollbackArgs),
    /// Invoke a function through the data plane.
    Invoke(invoke::InvokeArgs),
    /// List runs, the newest first, or show one with its input, output and log.
    Runs(runs::RunsArgs),
    /// Search a function's logs, or follow them with `-f`.
    Logs(logs::LogsArgs),
    /// Get and set a function's configuration.
    Config(config::ConfigArgs),
    /// Show what functions used.
    Usage(usage::UsageArgs),
    /// Show this month's estimate: its lines, the sum, and where it leads.
    Estimate,
}

/// Carry out a command.
pub(crate) fn carry_out(start: &Start, command: &Command) -> Result<Ending, Failure> {
    to_end(ask(start, command))
}

/// `GET` a document, for a command that is not about the server otherwise.
pub(crate) fn get(start: &Start, path: &str) -> Result<Value, Failure> {
    to_end(async { Remote::new(start)?.get(path).await })
}

fn to_end<T>(asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)?;
    let ended = runtime.block_on(asked);
    // A name that is still being looked up would hold the process for as long as the resolver likes.
    runtime.shutdown_background();
    ended
}

async fn ask(start: &Start, command: &Command) -> Result<Ending, Failure> {
    match command {
        Command::Login(args) => login::login(start, args).await,
        Command::Logout => login::logout(start).await,
        Command::Whoami => login::whoami(start).await,
        Command::Functions(args) => functions::functions(start, args).await,
        Command::Deploy(args) => deploy::deploy(start, args).await,
        Command::Versions(args) => versions::versions(start, args).await,
        Command::Promote(args) => aliases::promote(start, args).await,
        Command::Rollback(args) => aliases::rollback(start, args).await,
        Command::Invoke(args) => invoke::invoke(start, args).await,
        Command::Runs(args) => runs::runs(start, args).await,
        Command::Logs(args) => logs::logs(start, args).await,
        Command::Config(args) => config::config(start, args).await,
        Command::Usage(args) => usage::usage(start, args).await,
        Command::Estimate => bill::estimate(start).await,
    }
}
