//! Functions of the tenant: what there is, making one, deleting one.

use cartwright_domain::names::{FunctionName, TargetName};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Remote, page, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;

/// List, create and delete functions.
#[derive(clap::Args)]
pub(crate) struct FunctionsArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List them. The same as no action at all.
    List,
    /// Create one. It runs nothing until a version is promoted.
    Create {
        /// Its name.
        name: FunctionName,
        /// The extension point that it answers, such as `cart.discount`.
        #[arg(long)]
        target: Option<TargetName>,
    },
    /// Delete one, with its versions and aliases. Runs, usage and the bill stay.
    Delete {
        /// Its name.
        name: FunctionName,
        /// Do it. Without this, it only says what would be deleted.
        #[arg(long)]
        yes: bool,
    },
}

/// Carry it out.
pub(crate) async fn functions(start: &Start, args: &FunctionsArgs) -> Result<Ending, Failure> {
    let remote = Remote::new(start)?;
    match &args.action {
        None | Some(Action::List) => list(&remote).await,
        Some(Action::Create { name, target }) => {
            let function = create(&remote, name, target.as_ref()).await?;
            match remote.output.json {
                true => remote.output.document(&function)?,
                false => remote.output.line(format_args!("created {name}"))?,
            }
            Ok(Ending::Done)
        }
        Some(Action::Delete { name, yes }) => delete(&remote, name, *yes).await,
    }
}

async fn list(remote: &Remote) -> Result<Ending, Failure> {
    let functions = page::list(remote, "/v1/functions", &[], usize::MAX).await?;
    if remote.output.json {
        remote.output.document(&functions)?;
        return Ok(Ending::Done);
    }
    let rows: Vec<_> = page::entries(&functions)
        .iter()
        .map(|function| {
            let mut row = shown::row(function, &["name", "target", "live", "versions"]);
            row.push(shown::time(function, "created_at"));
            row
        })
        .collect();
    let headings = ["function", "target", "live", "versions", "created"];
    remote.output.table(&headings, &rows)?;
    Ok(Ending::Done)
}

/// Create a function.
pub(super) async fn create(
    remote: &Remote,
    name: &FunctionName,
    target: Option<&TargetName>,
) -> Result<Value, Failure> {
    let mut body = json!({"name": name.as_str()});
    if let Some(target) = target {
        body["target"] = json!(target.as_str());
    }
    remote.put(Method::POST, "/v1/functions", &body).await
}

async fn delete(remote: &Remote, name: &FunctionName, yes: bool) -> Result<Ending, Failure> {
    let path = format!("/v1/functions/{name}");
    if !yes {
        let function = remote.get(&path).await?;
        return Err(Failure::local(format!(
            "{name} has {} versions, live is {}; calls to it will be answered 404. Say --yes to delete it",
            shown::text(&function, "versions"),
            shown::text(&function, "live"),
        )));
    }
    remote.delete(&path).await?;
    match remote.output.json {
        true => remote.output.document(&json!({"deleted": name.as_str()}))?,
        false => remote.output.line(format_args!("deleted {name}"))?,
    }
    Ok(Ending::Done)
}
