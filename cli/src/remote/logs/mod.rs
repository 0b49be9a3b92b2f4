//! What a function writes to its log: searched where it is kept, or watched as it is written.

mod events;
mod follow;
mod search;

use cartwright_domain::names::FunctionName;
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde_json::Value;
use uuid::Uuid;

use super::{Remote, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::output::Output;
use crate::project;

/// Search a function's logs, or follow them with `-f`.
#[derive(clap::Args)]
#[command(after_help = "\
A search finds what the tenant's retention keeps: by default, the logs of runs that failed. Following shows what every run
writes, kept or not, about a second after it ran.

Examples:
  cartwright logs -f volume-discount
  cartwright logs volume-discount --level warn --from 24h
  cartwright logs -f --json | jq -r 'select(.level == \"error\") | .invocation_id'")]
pub(crate) struct LogsArgs {
    /// The function; the project's when absent.
    function: Option<FunctionName>,
    /// Follow: print what is written from now on, until Ctrl-C.
    #[arg(long, short, conflicts_with_all = ["from", "to", "limit"])]
    follow: bool,
    /// Of this level or a graver one. A line that states none counts as `info`.
    #[arg(long, value_enum)]
    level: Option<Level>,
    /// With this in it, in upper or lower case.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Of this version.
    #[arg(long)]
    version: Option<u32>,
    /// Of runs that ended so: `ok`, or the code of a failure, such as `trap`.
    #[arg(long)]
    outcome: Option<String>,
    /// Of this run.
    #[arg(long, value_name = "ID")]
    run: Option<Uuid>,
    /// Of runs from this time on: RFC 3339, a date, or how long ago, such as `24h`.
    #[arg(long, value_parser = shown::parse_time)]
    from: Option<DateTime<Utc>>,
    /// Of runs up to this time.
    #[arg(long, value_parser = shown::parse_time)]
    to: Option<DateTime<Utc>>,
    /// At most so many lines, the newest.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Carry it out.
pub(super) async fn logs(start: &Start, args: &LogsArgs) -> Result<Ending, Failure> {
    let function = project::function(args.function.as_ref(), start.project.as_ref())?;
    let remote = Remote::new(start)?;
    let path = format!("/v1/functions/{function}/logs");
    if args.follow {
        follow::follow(&remote, &format!("{path}/stream"), &filters(args)).await
    } else {
        search::search(&remote, &path, args).await
    }
}

/// The filters that a search and a stream share.
fn filters(args: &LogsArgs) -> Vec<(&'static str, String)> {
    let level = args.level.and_then(|level| level.to_possible_value());
    [
        ("level", level.map(|level| level.get_name().to_owned())),
        ("text", args.text.clone()),
        ("version", args.version.map(|version| version.to_string())),
        ("outcome", args.outcome.clone()),
        ("invocation_id", args.run.map(|run| run.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// One entry on one line, so that other programs can sift them.
fn print(output: Output, entry: &Value) -> Result<(), Failure> {
    if output.json {
        return output.document_line(entry);
    }
    let level = entry["level"].as_str().unwrap_or_default();
    let text = shown::text(entry, "text");
    let text = match entry["kind"].as_str() {
        Some("failure") => output.red(&format!("{}: {text}", shown::text(entry, "outcome"))),
        Some("cut") => output.dim(&text),
        _ if level == "error" => output.red(&text),
        _ => text,
    };
    let place = format!(
        "{} {} v{}",
        shown::text(entry, "at"),
        shown::text(entry, "invocation_id"),
        shown::text(entry, "version"),
    );
    output.line(format_args!("{}  {text}", output.dim(&place)))
}
