//! A function's configuration: reading it, and putting the next version of it.

use std::path::PathBuf;

use anyhow::Context;
use cartwright_domain::names::FunctionName;
use reqwest::Method;
use serde_json::Value;

use super::{Remote, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::{input, project};

/// Get and set a function's configuration.
#[derive(clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Print the configuration that new runs are given.
    Get {
        /// The function; the project's when absent.
        function: Option<FunctionName>,
    },
    /// Put a configuration. It is checked against the settings schema that the live version carries.
    #[command(after_help = "\
Examples:
  cartwright config set volume-discount --file config.json
  echo '{\"percent\":15}' | cartwright config set volume-discount --file -")]
    Set {
        /// The function; the project's when absent.
        function: Option<FunctionName>,
        /// The configuration, a JSON file; `-` reads standard input. The project's `config` when absent.
        #[arg(long, short)]
        file: Option<PathBuf>,
    },
}

/// Carry it out.
pub(crate) async fn config(start: &Start, args: &ConfigArgs) -> Result<Ending, Failure> {
    match &args.action {
        Action::Get { function } => get(start, function.as_ref()).await,
        Action::Set { function, file } => set(start, function.as_ref(), file.as_ref()).await,
    }
}

async fn get(start: &Start, named: Option<&FunctionName>) -> Result<Ending, Failure> {
    let function = project::function(named, start.project.as_ref())?;
    let remote = Remote::new(start)?;
    let found = remote
        .get(&format!("/v1/functions/{function}/config"))
        .await?;
    // Plainly: what `config set` would take again.
    match remote.output.json {
        true => remote.output.document(&found)?,
        false => remote.output.document(&found["config"])?,
    }
    Ok(Ending::Done)
}

async fn set(
    start: &Start,
    named: Option<&FunctionName>,
    file: Option<&PathBuf>,
) -> Result<Ending, Failure> {
    let function = project::function(named, start.project.as_ref())?;
    let project = start.project.as_ref();
    let of_project = project.and_then(|project| Some(project.path(project.config.as_ref()?)));
    let file = file.cloned().or(of_project).ok_or_else(|| {
        Failure::local("which configuration? Give --file (`--file -` reads standard input), or `config` in cartwright.toml")
    })?;
    let config: Value = serde_json::from_slice(&input::read(&file)?)
        .with_context(|| format!("{} is not JSON", file.display()))?;
    let remote = Remote::new(start)?;
    let path = format!("/v1/functions/{function}/config");
    let put = remote.put(Method::PUT, &path, &config).await?;
    match remote.output.json {
        true => remote.output.document(&put)?,
        false => remote.output.line(format_args!(
            "{function} has configuration {}",
            shown::text(&put, "config_version")
        ))?,
    }
    Ok(Ending::Done)
}
