//! Which invocations a caller wants to see, and how billing is asked for them.

use cartwright_domain::ids::{FunctionId, InvocationId};
use cartwright_domain::names::FunctionName;
use cartwright_domain::outcome::{Outcome, Trigger};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::ApiError;

/// Which invocations to list. What is absent filters nothing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of this function.
    #[param(value_type = Option<String>)]
    pub(super) function: Option<FunctionName>,
    /// Of this version; needs `function`.
    version: Option<u32>,
    /// Ended so: `ok`, or the code of a failed run, such as `fuel_exhausted`.
    outcome: Option<String>,
    /// Started by: `http`, `test`, `replay`, `event` or `schedule`.
    trigger: Option<String>,
    /// Started at or after this time, RFC 3339.
    from: Option<DateTime<Utc>>,
    /// Started before this time, RFC 3339.
    to: Option<DateTime<Utc>>,
    /// Burned at least so much fuel.
    min_fuel: Option<u64>,
}

/// The query of billing's route for records.
#[derive(Serialize)]
struct RecordQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    function_id: Option<FunctionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<Trigger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<InvocationId>,
    limit: u32,
}

impl Filter {
    /// The filter as billing's route takes it.
    pub(super) fn to_query(
        &self,
        function_id: Option<FunctionId>,
        before: Option<InvocationId>,
        limit: u32,
    ) -> Result<String, ApiError> {
        if self.version.is_some() && function_id.is_none() {
            return Err(ApiError::Invalid(
                "`version` needs `function`: versions are numbered per function".to_owned(),
            ));
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return Err(ApiError::Invalid("`from` must be before `to`".to_owned()));
        }
        let query = RecordQuery {
            function_id,
            version: self.version,
            outcome: word(self.outcome.as_deref(), "outcome", Outcome::ALL)?,
            trigger: word(self.trigger.as_deref(), "trigger", Trigger::ALL)?,
            from_ms: self.from.map(unix_ms),
            to_ms: self.to.map(unix_ms),
            min_fuel: self.min_fuel,
            before,
            limit,
        };
        Ok(serde_urlencoded::to_string(query).map_err(anyhow::Error::from)?)
    }
}

/// The query of billing's route for these runs, at most a page of them, as far as they ended so.
pub(crate) fn of_ids(ids: &[Uuid], outcome: Option<&str>) -> String {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let outcome = outcome.map_or_else(String::new, |word| format!("&outcome={word}"));
    format!("ids={}{outcome}", ids.join(","))
}

/// One of the known words, or a refusal that lists them.
fn word<W: std::str::FromStr + std::fmt::Display>(
    text: Option<&str>,
    name: &str,
    all: &[W],
) -> Result<Option<W>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        let words: Vec<_> = all.iter().map(ToString::to_string).collect();
        ApiError::Invalid(format!("`{name}` must be one of {}", words.join(", ")))
    })
}

/// Milliseconds since the Unix epoch. No run is from before it.
fn unix_ms(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Filter {
        serde_urlencoded::from_str(query).unwrap()
    }

    #[test]
    fn a_filter_becomes_the_query_of_billing() {
        let asked = filter("outcome=trap&trigger=http&from=2026-11-21T10:00:00%2B01:00&min_fuel=5");
        let query = asked.to_query(None, None, 50).unwrap();
        assert_eq!(
            query,
            "outcome=trap&trigger=http&from_ms=1795251600000&min_fuel=5&limit=50"
        );
    }

    #[test]
    fn a_word_that_is_none_is_refused_with_those_that_are() {
        let refused = filter("outcome=fine").to_query(None, None, 50).unwrap_err();
        assert!(
            refused.to_string().contains("ok, fuel_exhausted"),
            "{refused}"
        );
        assert!(filter("version=1").to_query(None, None, 50).is_err());
    }
}
