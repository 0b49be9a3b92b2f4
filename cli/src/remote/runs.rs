//! Runs that were: the list with filters, and one in detail.

use cartwright_domain::names::FunctionName;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{Remote, page, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;
use crate::output::Output;

/// List runs, the newest first, or show one with its input, output and log.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cartwright runs --function volume-discount --outcome fuel_exhausted
  cartwright runs --from 1h --min-fuel 1000000
  cartwright runs 019aa6c2-6f1e-7a60-9c77-0a4f5d2f3b11")]
pub(crate) struct RunsArgs {
    /// Show this run in detail.
    invocation: Option<Uuid>,
    /// Of this function; of all when absent.
    #[arg(long)]
    function: Option<FunctionName>,
    /// Of this version; needs --function.
    #[arg(long, requires = "function")]
    version: Option<u32>,
    /// That ended so: `ok`, or the code of a failure, such as `fuel_exhausted`.
    #[arg(long)]
    outcome: Option<String>,
    /// That were started by this: `http`, `test`, `replay`, `event` or `schedule`.
    #[arg(long)]
    trigger: Option<String>,
    /// From this time on: RFC 3339, a date, or how long ago, such as `24h`.
    #[arg(long, value_parser = shown::parse_time)]
    from: Option<DateTime<Utc>>,
    /// Up to this time.
    #[arg(long, value_parser = shown::parse_time)]
    to: Option<DateTime<Utc>>,
    /// That burned at least so much fuel.
    #[arg(long)]
    min_fuel: Option<u64>,
    /// At most so many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Carry it out.
pub(crate) async fn runs(start: &Start, args: &RunsArgs) -> Result<Ending, Failure> {
    let remote = Remote::new(start)?;
    if let Some(id) = args.invocation {
        let run = remote.get(&format!("/v1/invocations/{id}")).await?;
        match remote.output.json {
            true => remote.output.document(&run)?,
            false => detail(remote.output, &run)?,
        }
        return Ok(Ending::Done);
    }
    let runs = page::list(
        &remote,
        "/v1/invocations",
        &query(args),
        args.limit as usize,
    )
    .await?;
    if remote.output.json {
        remote.output.document(&runs)?;
        return Ok(Ending::Done);
    }
    let names = [
        "invocation_id",
        "function",
        "version",
        "outcome",
        "fuel",
        "duration_us",
        "cost",
    ];
    let rows: Vec<_> = page::entries(&runs)
        .iter()
        .map(|run| {
            let mut row = vec![shown::time(run, "started_at")];
            row.extend(shown::row(run, &names));
            row
        })
        .collect();
    let headings = [
        "started", "run", "function", "version", "outcome", "fuel", "µs", "cost",
    ];
    remote.output.table(&headings, &rows)?;
    page::say_if_more(&remote, &runs);
    Ok(Ending::Done)
}

fn query(args: &RunsArgs) -> Vec<(&'static str, String)> {
    let function = args.function.as_ref().map(ToString::to_string);
    [
        ("function", function),
        ("version", args.version.map(|version| version.to_string())),
        ("outcome", args.outcome.clone()),
        ("trigger", args.trigger.clone()),
        ("from", args.from.map(shown::written)),
        ("to", args.to.map(shown::written)),
        ("min_fuel", args.min_fuel.map(|fuel| fuel.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

fn detail(output: Output, run: &Value) -> Result<(), Failure> {
    for (what, is) in [
        ("run", shown::text(run, "invocation_id")),
        ("started", shown::text(run, "started_at")),
        (
            "function",
            format!(
                "{}, version {}",
                shown::text(run, "function"),
                shown::text(run, "version")
            ),
        ),
        ("by", shown::text(run, "trigger")),
        ("outcome", shown::text(run, "outcome")),
        ("fuel", shown::text(run, "fuel")),
        ("memory", shown::bytes_of(run, "memory_peak_bytes")),
        (
            "duration",
            format!("{} µs", shown::text(run, "duration_us")),
        ),
        ("cost", shown::text(run, "cost")),
    ] {
        output.line(format_args!("{what:<10}{is}"))?;
    }
    if let Some(message) = run["error"]["message"].as_str() {
        output.line(output.red(message))?;
    }
    for function in run["backtrace"].as_array().into_iter().flatten() {
        output.line(format_args!(
            "    in {}",
            function.as_str().unwrap_or_default()
        ))?;
    }
    let kept = shown::text(run, "log_status");
    if kept != "retained" {
        return output.line(output.dim(&format!(
            "input, output and log are not there ({kept}); which runs keep theirs is the tenant's setting"
        )));
    }
    for part in ["input", "output"] {
        output.line(output.dim(part))?;
        output.line(serde_json::to_string(&run[part]).map_err(anyhow::Error::from)?)?;
    }
    if let Some(log) = run["log"].as_str().filter(|log| !log.is_empty()) {
        output.line(output.dim("log"))?;
        output.bytes(log.as_bytes())?;
    }
    if run["log_truncated"] == true {
        output.line(output.dim("the log was cut at the function's limit"))?;
    }
    Ok(())
}
