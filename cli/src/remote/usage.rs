//! What the tenant's functions used.

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::{Remote, page, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;

/// Show usage, summed by time and, if asked, by function, version and trigger.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cartwright usage                             this month, day by day
  cartwright usage --from 24h --by hour --group-by function
  cartwright usage --json | jq '.data[].fuel'")]
pub(crate) struct UsageArgs {
    /// From this time on: RFC 3339, a date, or how long ago, such as `24h` and `7d`. The start of this month when absent.
    #[arg(long, value_parser = shown::parse_time)]
    from: Option<DateTime<Utc>>,
    /// Up to this time; now when absent.
    #[arg(long, value_parser = shown::parse_time)]
    to: Option<DateTime<Utc>>,
    /// How long the span of a row is.
    #[arg(long, value_enum, default_value = "day")]
    by: Span,
    /// Split by these, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    group_by: Vec<Group>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Span {
    Minute,
    Hour,
    Day,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    Function,
    Version,
    Trigger,
}

/// Carry it out.
pub(crate) async fn usage(start: &Start, args: &UsageArgs) -> Result<Ending, Failure> {
    let remote = Remote::new(start)?;
    let mut query = vec![("granularity", word(args.by))];
    let groups: Vec<String> = args.group_by.iter().copied().map(word).collect();
    if !groups.is_empty() {
        query.push(("group_by", groups.join(",")));
    }
    query.extend(args.from.map(|time| ("from", shown::written(time))));
    query.extend(args.to.map(|time| ("to", shown::written(time))));
    let rows = remote.get_with("/v1/usage", &query).await?;
    if remote.output.json {
        remote.output.document(&rows)?;
        return Ok(Ending::Done);
    }
    // By version is by function too, as the API has it.
    let by_version = args.group_by.contains(&Group::Version);
    let mut names = Vec::new();
    if by_version || args.group_by.contains(&Group::Function) {
        names.push("function");
    }
    if by_version {
        names.push("version");
    }
    if args.group_by.contains(&Group::Trigger) {
        names.push("trigger");
    }
    names.extend(["invocations", "billable_invocations", "errors", "fuel"]);
    let table: Vec<_> = page::entries(&rows)
        .iter()
        .map(|row| {
            let mut cells = vec![shown::time(row, "from")];
            cells.extend(shown::row(row, &names));
            cells
        })
        .collect();
    let mut headings = vec!["from"];
    headings.extend(names.iter().map(|name| match *name {
        "invocations" => "runs",
        "billable_invocations" => "billed",
        "errors" => "failed",
        name => name,
    }));
    remote.output.table(&headings, &table)?;
    Ok(Ending::Done)
}

fn word(value: impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}
