//! Moving an alias: forward by a promote, back by a rollback.

use cartwright_domain::names::{AliasName, FunctionName};
use reqwest::Method;
use serde_json::json;

use super::{Remote, page};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::project;

/// Point an alias at a version.
#[derive(clap::Args)]
#[command(
    allow_missing_positional = true,
    after_help = "\
Examples:
  cartwright promote volume-discount 3
  cartwright promote 3 --alias staging     in a folder with a cartwright.toml"
)]
pub(crate) struct PromoteArgs {
    /// The function; the project's when absent.
    function: Option<FunctionName>,
    /// The version, which must be ready.
    version: u32,
    /// The alias; it is made where there is none.
    #[arg(long, default_value = "live")]
    alias: AliasName,
}

/// Point an alias back at the version that it pointed at before.
#[derive(clap::Args)]
#[command(after_help = "\
A rollback is a move like any other, so a second rollback undoes the first. `--to` names a version instead.

Examples:
  cartwright rollback volume-discount
  cartwright rollback volume-discount --to 2")]
pub(crate) struct RollbackArgs {
    /// The function; the project's when absent.
    function: Option<FunctionName>,
    /// The alias.
    #[arg(long, default_value = "live")]
    alias: AliasName,
    /// Back to this version, rather than to the one before the last move.
    #[arg(long)]
    to: Option<u32>,
}

/// Carry out a promote.
pub(crate) async fn promote(start: &Start, args: &PromoteArgs) -> Result<Ending, Failure> {
    let function = project::function(args.function.as_ref(), start.project.as_ref())?;
    let remote = Remote::new(start)?;
    point(&remote, &function, &args.alias, args.version.into()).await
}

/// Carry out a rollback.
pub(crate) async fn rollback(start: &Start, args: &RollbackArgs) -> Result<Ending, Failure> {
    let function = project::function(args.function.as_ref(), start.project.as_ref())?;
    let (remote, alias) = (Remote::new(start)?, &args.alias);
    let version = match args.to {
        Some(version) => version.into(),
        None => {
            let path = format!("/v1/functions/{function}/aliases/{alias}/moves");
            let moves = page::list(&remote, &path, &[], 1).await?;
            let last = page::entries(&moves).first();
            last.and_then(|last| last["from"].as_u64()).ok_or_else(|| {
                Failure::local(format!(
                    "`{alias}` of {function} has pointed at nothing before; `--to` names a version to move it to"
                ))
            })?
        }
    };
    point(&remote, &function, alias, version).await
}

async fn point(
    remote: &Remote,
    function: &FunctionName,
    alias: &AliasName,
    version: u64,
) -> Result<Ending, Failure> {
    let path = format!("/v1/functions/{function}/aliases/{alias}");
    let moved = remote
        .put(Method::PUT, &path, &json!({"version": version}))
        .await?;
    match remote.output.json {
        true => remote.output.document(&moved)?,
        false => remote.output.line(format_args!(
            "`{alias}` of {function} points at version {version}"
        ))?,
    }
    Ok(Ending::Done)
}
