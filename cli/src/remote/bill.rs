//! What the month costs so far.

use super::{Remote, shown};
use crate::ending::Ending;
use crate::failure::Failure;
use crate::global::Start;

/// Show this month's estimate: its lines, the sum, and where it leads.
pub(crate) async fn estimate(start: &Start) -> Result<Ending, Failure> {
    let remote = Remote::new(start)?;
    let estimate = remote.get("/v1/billing/estimate").await?;
    if remote.output.json {
        remote.output.document(&estimate)?;
        return Ok(Ending::Done);
    }
    let lines: Vec<_> = estimate["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| {
            shown::row(
                line,
                &["description", "quantity", "unit", "unit_price", "amount"],
            )
        })
        .collect();
    let headings = ["line", "quantity", "unit", "unit price", "amount"];
    remote.output.table(&headings, &lines)?;
    let money = |name: &str| {
        format!(
            "{} {}",
            shown::text(&estimate, name),
            shown::text(&estimate, "currency")
        )
    };
    remote.output.line(format_args!(
        "\ntotal     {}, as of {}",
        money("total"),
        shown::time(&estimate, "as_of")
    ))?;
    remote.output.line(format_args!(
        "forecast  {} until {}",
        money("forecast"),
        shown::time(&estimate["period"], "to")
    ))?;
    Ok(Ending::Done)
}
