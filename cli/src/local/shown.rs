//! How a local run and a refused module are printed.

use std::io::Write;

use anyhow::Result;
use cartwright_domain::compile::Finding;
use cartwright_domain::limits::Limits;
use cartwright_domain::outcome::Outcome;
use cartwright_engine::Finished;
use serde_json::{Value, json};

use super::plan;
use super::recorded::Comparison;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::output::Output;

/// Print a run: its output on standard output, its log, how it ended and what it used on standard error.
pub(crate) fn finished(
    output: Output,
    finished: &Finished,
    limits: &Limits,
    compared: Option<&Comparison>,
) -> Result<Ending, Failure> {
    if output.json {
        let mut document = document(finished, limits)?;
        if let Some(compared) = compared {
            document["recorded"] = compared.document();
        }
        output.document(&document)?;
    } else {
        plain(output, finished, limits)?;
        if let Some(compared) = compared {
            output.say(compared.shown());
        }
    }
    Ok(match finished.outcome {
        Outcome::Ok if !compared.is_some_and(Comparison::is_broken) => Ending::Done,
        _ => Ending::FunctionFailed,
    })
}

fn plain(output: Output, finished: &Finished, limits: &Limits) -> Result<(), Failure> {
    // A log is bytes of the function's own; whoever has closed standard error does not want them.
    std::io::stderr().lock().write_all(&finished.log).ok();
    if finished.log_truncated() {
        output.say(format_args!(
            "… and {} more bytes of log, over its limit",
            finished.log_bytes_dropped
        ));
    }
    if let Some(error) = &finished.error {
        output.say(format_args!("{}: {}", finished.outcome, error.message));
        for function in &error.backtrace {
            output.say(format_args!("    in {function}"));
        }
    } else {
        output.bytes(&finished.output)?;
    }
    output.say(used(finished, limits));
    Ok(())
}

/// What a run used, each beside its limit, and its price.
fn used(finished: &Finished, limits: &Limits) -> String {
    format!(
        "fuel   {} of {}\nmemory {} KiB of {} KiB\ntime   {} µs of {} ms\noutput {} bytes of {}, log {} bytes of {}\n\
         price  {} (plan {})",
        grouped(finished.fuel_used),
        grouped(limits.fuel),
        grouped(finished.memory_peak_bytes >> 10),
        grouped(limits.memory_bytes_max >> 10),
        finished.wall.as_micros(),
        limits.wall_ms,
        grouped(finished.output.len() as u64),
        grouped(limits.output_bytes_max.into()),
        grouped(finished.log.len() as u64),
        grouped(limits.log_bytes_max.into()),
        plan::cost(finished.fuel_used),
        plan::NAME,
    )
}

fn document(finished: &Finished, limits: &Limits) -> Result<Value> {
    let output: Value = serde_json::from_slice(&finished.output)
        .unwrap_or_else(|_| String::from_utf8_lossy(&finished.output).into());
    let error = finished.error.as_ref().map(|error| {
        json!({
            "message": error.message, "limit": error.limit, "used": error.used, "exit_code": error.exit_code,
            "backtrace": error.backtrace,
        })
    });
    Ok(json!({
        "outcome": finished.outcome.as_str(),
        "output": output,
        "log": String::from_utf8_lossy(&finished.log),
        "log_truncated": finished.log_truncated(),
        "fuel": finished.fuel_used,
        "limits": limits,
        "memory_peak_bytes": finished.memory_peak_bytes,
        "duration_us": u64::try_from(finished.wall.as_micros())?,
        "cost": plan::cost(finished.fuel_used),
        "error": error,
    }))
}

/// One finding, with what to do about it on a line of its own.
pub(crate) fn finding(finding: &Finding) -> String {
    let mut text = format!("  - {}", finding.what.trim_end_matches('.'));
    if let Some(place) = &finding.place {
        text.push_str(&format!(" (at {place})"));
    }
    match (&finding.value, &finding.limit) {
        (Some(value), Some(limit)) => text.push_str(&format!(": {value}, the limit is {limit}")),
        (None, Some(limit)) => text.push_str(&format!("; the limit is {limit}")),
        _ => {}
    }
    format!("{text}\n    {}", finding.remedy)
}

/// A number with its thousands apart: `126,258`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use cartwright_domain::compile::FindingCode;

    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown = [0, 999, 1_000, 126_258, 100_000_000].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "126,258", "100,000,000"]);
    }

    #[test]
    fn a_finding_says_what_where_how_much_and_what_to_do() {
        let told = finding(
            &Finding::new(
                FindingCode::ModuleTooLarge,
                "The module is too large.",
                "Strip it.",
            )
            .at("byte 0")
            .over("4 bytes", "5 bytes"),
        );
        assert_eq!(
            told,
            "  - The module is too large (at byte 0): 5 bytes, the limit is 4 bytes\n    Strip it."
        );
    }
}
