//! Rows of usage as the API shows them: as JSON, as CSV, as lines of JSON.

use std::collections::HashMap;

use cartwright_domain::ids::FunctionId;
use cartwright_domain::wire::{UsageRow, big_number};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;

/// A sum, exact: a number up to 2^53 − 1, above that a string, which a JSON reader would round.
#[derive(ToSchema)]
#[schema(as = BigNumber)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "describes domain::wire::big_number, which knows nothing of OpenAPI"
)]
pub(super) enum BigNumberSchema {
    /// Up to 2^53 − 1.
    Number(u64),
    /// Above.
    Text(String),
}

/// What was used in one span of time, and of one group where asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageRow)]
pub(super) struct Row {
    /// Start of the span.
    from: String,
    /// End of the span, exclusive.
    to: String,
    /// The function, where grouped by it; by its name, also when it was deleted since.
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    /// The version, where grouped by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// What started the runs, where grouped by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<String>,
    /// Runs.
    invocations: u64,
    /// Runs that are billed.
    billable_invocations: u64,
    /// Fuel.
    #[serde(with = "big_number")]
    #[schema(value_type = BigNumberSchema)]
    fuel: u128,
    /// Memory over time, KiB·ms.
    #[serde(with = "big_number")]
    #[schema(value_type = BigNumberSchema)]
    memory_kib_ms: u128,
    /// Input in bytes.
    #[serde(with = "big_number")]
    #[schema(value_type = BigNumberSchema)]
    input_bytes: u128,
    /// Output in bytes.
    #[serde(with = "big_number")]
    #[schema(value_type = BigNumberSchema)]
    output_bytes: u128,
    /// Log in bytes.
    #[serde(with = "big_number")]
    #[schema(value_type = BigNumberSchema)]
    log_bytes: u128,
    /// Bytes sent to other hosts.
    #[serde(with = "big_number")]
    #[schema(value_type = BigNumberSchema)]
    egress_bytes: u128,
    /// Runs answered from the cache of results.
    cached_hits: u64,
    /// Runs that did not end `ok`.
    errors: u64,
}

impl Row {
    /// Sums with the name of their function. One that has no name any more is told by its id.
    pub(super) fn of(sums: UsageRow, names: &HashMap<FunctionId, String>) -> Self {
        let name = |id: FunctionId| names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        Self {
            from: sums.from,
            to: sums.to,
            function: sums.function_id.map(name),
            version: sums.version,
            trigger: sums.trigger.map(|trigger| trigger.to_string()),
            invocations: sums.invocations,
            billable_invocations: sums.billable_invocations,
            fuel: sums.fuel,
            memory_kib_ms: sums.memory_kib_ms,
            input_bytes: sums.input_bytes,
            output_bytes: sums.output_bytes,
            log_bytes: sums.log_bytes,
            egress_bytes: sums.egress_bytes,
            cached_hits: sums.cached_hits,
            errors: sums.errors,
        }
    }

    fn cells(&self) -> [String; 15] {
        [
            self.from.clone(),
            self.to.clone(),
            self.function.clone().unwrap_or_default(),
            self.version
                .map_or_else(String::new, |version| version.to_string()),
            self.trigger.clone().unwrap_or_default(),
            self.invocations.to_string(),
            self.billable_invocations.to_string(),
            self.fuel.to_string(),
            self.memory_kib_ms.to_string(),
            self.input_bytes.to_string(),
            self.output_bytes.to_string(),
            self.log_bytes.to_string(),
            self.egress_bytes.to_string(),
            self.cached_hits.to_string(),
            self.errors.to_string(),
        ]
    }
}

/// The columns of the CSV, always all of them, so that a program that reads it need not know what was asked for.
const COLUMNS: [&str; 15] = [
    "from",
    "to",
    "function",
    "version",
    "trigger",
    "invocations",
    "billable_invocations",
    "fuel",
    "memory_kib_ms",
    "input_bytes",
    "output_bytes",
    "log_bytes",
    "egress_bytes",
    "cached_hits",
    "errors",
];

/// In which form rows are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Csv,
    Ndjson,
}

impl Form {
    /// The first form that the header `Accept` names; JSON when it names none.
    pub(super) fn wanted(accept: &str) -> Self {
        accept
            .split(',')
            .find_map(
                |range| match range.split(';').next().unwrap_or_default().trim() {
                    "application/json" => Some(Self::Json),
                    "text/csv" => Some(Self::Csv),
                    "application/x-ndjson" | "application/ndjson" => Some(Self::Ndjson),
                    _ => None,
                },
            )
            .unwrap_or(Self::Json)
    }
}

pub(super) fn to_csv(rows: &[Row]) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written: csv::Result<()> = std::iter::once(COLUMNS.map(str::to_owned))
        .chain(rows.iter().map(Row::cells))
        .try_for_each(|cells| writer.write_record(cells));
    written.map_err(anyhow::Error::from)?;
    let bytes = writer
        .into_inner()
        .map_err(|error| anyhow::anyhow!("a CSV in memory: {error}"))?;
    Ok(bytes)
}

pub(super) fn to_ndjson(rows: &[Row]) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut bytes, row).map_err(anyhow::Error::from)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let sums = serde_json::from_value(serde_json::json!({
            "from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z",
            "function_id": "00000000-0000-7000-8000-000000000001",
            "invocations": 2, "billable_invocations": 1, "fuel": "90071992547409920", "memory_kib_ms": 3,
            "input_bytes": 4, "output_bytes": 5, "log_bytes": 6, "egress_bytes": 0, "cached_hits": 0, "errors": 1,
        }));
        let id = "00000000-0000-7000-8000-000000000001".parse().unwrap();
        Row::of(sums.unwrap(), &HashMap::from([(id, "discount".to_owned())]))
    }

    #[test]
    fn a_row_is_the_same_in_every_form() {
        let csv = String::from_utf8(to_csv(&[row()]).unwrap()).unwrap();
        let line = "2026-11-21T00:00:00Z,2026-11-22T00:00:00Z,discount,,,2,1,90071992547409920,3,4,5,6,0,0,1";
        assert_eq!(csv.lines().nth(1), Some(line));
        let ndjson = String::from_utf8(to_ndjson(&[row()]).unwrap()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&ndjson).unwrap();
        assert_eq!(json["function"], "discount");
        assert_eq!(json["fuel"], "90071992547409920");
        assert_eq!(json["memory_kib_ms"], 3);
        assert!(json.get("version").is_none());
    }

    #[test]
    fn the_first_form_that_we_know_wins() {
        assert_eq!(Form::wanted("text/html, text/csv;q=0.9"), Form::Csv);
        assert_eq!(Form::wanted("application/x-ndjson"), Form::Ndjson);
        for json in ["", "*/*", "application/json, text/csv"] {
            assert_eq!(Form::wanted(json), Form::Json);
        }
    }
}
