//! Versions of a function: the list, and one with its report.

use cartwright_domain::names::FunctionName;
use serde_json::Value;

use super::{Remote, page, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::output::Output;
use crate::project;

/// List a function's versions, or show one with its report.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cartwright versions volume-discount
  cartwright versions volume-discount --version 3")]
pub(crate) struct VersionsArgs {
    /// The function; the project's when absent.
    function: Option<FunctionName>,
    /// Show this one, with its report.
    #[arg(long)]
    version: Option<u32>,
    /// At most so many, the newest first.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Carry it out.
pub(crate) async fn versions(start: &Start, args: &VersionsArgs) -> Result<Ending, Failure> {
    let function = project::function(args.function.as_ref(), start.project.as_ref())?;
    let remote = Remote::new(start)?;
    let path = format!("/v1/functions/{function}/versions");
    if let Some(number) = args.version {
        let version = remote.get(&format!("{path}/{number}")).await?;
        match remote.output.json {
            true => remote.output.document(&version)?,
            false => report(remote.output, &version)?,
        }
        return Ok(Ending::Done);
    }
    let versions = page::list(&remote, &path, &[], args.limit as usize).await?;
    if remote.output.json {
        remote.output.document(&versions)?;
        return Ok(Ending::Done);
    }
    let rows: Vec<_> = page::entries(&versions)
        .iter()
        .map(|version| {
            let mut row = shown::row(version, &["version", "status", "aliases", "abi"]);
            row.push(shown::bytes_of(version, "size_bytes"));
            row.push(shown::time(version, "created_at"));
            row
        })
        .collect();
    let headings = ["version", "status", "aliases", "abi", "size", "created"];
    remote.output.table(&headings, &rows)?;
    page::say_if_more(&remote, &versions);
    Ok(Ending::Done)
}

/// All that is known of a version.
fn report(output: Output, version: &Value) -> Result<(), Failure> {
    for (what, is) in [
        ("version", shown::text(version, "version")),
        ("status", shown::text(version, "status")),
        ("aliases", shown::text(version, "aliases")),
        ("sha256", shown::text(version, "sha256")),
        ("size", shown::bytes_of(version, "size_bytes")),
        ("abi", shown::text(version, "abi")),
        ("deterministic", shown::text(version, "deterministic")),
        (
            "compiled in",
            format!("{} ms", shown::text(version, "compile_ms")),
        ),
        ("imports", shown::text(version, "imports")),
        ("exports", shown::text(version, "exports")),
        ("created", shown::time(version, "created_at")),
        ("by", shown::text(version, "created_by")),
    ] {
        output.line(format_args!("{what:<15}{is}"))?;
    }
    for finding in version["findings"].as_array().into_iter().flatten() {
        output.line(format_args!("- {}", crate::problem::Entry(finding)))?;
    }
    Ok(())
}
