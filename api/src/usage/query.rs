//! Which usage a caller wants to see, and how billing is asked for it.

use cartwright_domain::wire::USAGE_DAYS_MAX;
use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;

/// How long the span of one row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Granularity {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day, UTC.
    #[default]
    Day,
}

impl Granularity {
    /// The longest span that may be asked for, in days.
    const fn days_max(self) -> i64 {
        match self {
            Self::Minute => USAGE_DAYS_MAX.minute,
            Self::Hour => USAGE_DAYS_MAX.hour,
            Self::Day => USAGE_DAYS_MAX.day,
        }
    }
}

/// Which usage to sum, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// From this time on, RFC 3339; the start of this month, UTC, when absent.
    from: Option<DateTime<Utc>>,
    /// Up to this time, exclusive; now when absent.
    to: Option<DateTime<Utc>>,
    /// How long the span of a row is: `minute` (over at most 2 days), `hour` (62) or `day` (400).
    #[serde(default)]
    #[param(inline)]
    granularity: Granularity,
    /// Split by `function`, `version` and `trigger`, any of them, separated by commas. By version is by function too.
    #[param(example = "function,trigger")]
    group_by: Option<String>,
}

#[derive(Serialize)]
struct BillingQuery {
    from: String,
    to: String,
    granularity: Granularity,
    #[serde(skip_serializing_if = "String::is_empty")]
    group_by: String,
}

impl UsageQuery {
    /// The query as billing's route takes it.
    pub(super) fn to_query(&self, now: DateTime<Utc>) -> Result<String, ApiError> {
        let to = self.to.unwrap_or(now);
        let from = self.from.unwrap_or_else(|| month_of(now));
        if from >= to {
            return Err(ApiError::Invalid("`from` must be before `to`".to_owned()));
        }
        let days_max = self.granularity.days_max();
        if to - from > TimeDelta::days(days_max) {
            return Err(ApiError::Invalid(format!(
                "`from` and `to` may be at most {days_max} days apart at this granularity; ask for a shorter span, or a coarser one"
            )));
        }
        let query = BillingQuery {
            from: written(from),
            to: written(to),
            granularity: self.granularity,
            group_by: self.groups()?.join(","),
        };
        Ok(serde_urlencoded::to_string(query).map_err(anyhow::Error::from)?)
    }

    fn groups(&self) -> Result<Vec<&str>, ApiError> {
        let words = self.group_by.as_deref().unwrap_or_default().split(',');
        let words: Vec<_> = words
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        let is_known = |word: &&str| matches!(*word, "function" | "version" | "trigger");
        if words.iter().all(is_known) {
            return Ok(words);
        }
        Err(ApiError::Invalid(
            "`group_by` is a list of function, version and trigger, separated by commas".to_owned(),
        ))
    }
}

fn month_of(now: DateTime<Utc>) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(now.year(), now.month(), 1, 0, 0, 0)
        .single()
        .expect("every month has a first day")
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<String, ApiError> {
        let query: UsageQuery = serde_urlencoded::from_str(query).unwrap();
        query.to_query(Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap())
    }

    #[test]
    fn the_month_so_far_by_day_is_what_nobody_asks_for() {
        assert_eq!(
            asked("").unwrap(),
            "from=2026-11-01T00%3A00%3A00.000Z&to=2026-11-21T12%3A00%3A00.000Z&granularity=day"
        );
        assert!(
            asked("group_by=function,%20trigger")
                .unwrap()
                .ends_with("group_by=function%2Ctrigger")
        );
    }

    #[test]
    fn a_span_that_is_too_long_and_a_group_that_is_none_are_refused() {
        assert!(asked("granularity=minute").is_err());
        assert!(asked("from=2026-11-22T00:00:00Z").is_err());
        assert!(asked("group_by=tenant").is_err());
    }
}
