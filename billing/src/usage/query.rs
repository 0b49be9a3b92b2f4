//! What a caller asks of usage, checked and made definite.

use cartwright_billing::month::Month;
use cartwright_domain::wire::{USAGE_DAYS_MAX, UsageGroup};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::Deserialize;

use crate::error::BillingError;

/// The query, as it came.
#[derive(Deserialize)]
pub(super) struct Asked {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    granularity: Granularity,
    #[serde(default)]
    group_by: String,
}

/// How long a row's span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Granularity {
    Minute,
    Hour,
    #[default]
    Day,
}

impl Granularity {
    /// Its name in Postgres.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// How long it is.
    pub(super) fn length(self) -> TimeDelta {
        match self {
            Self::Minute => TimeDelta::minutes(1),
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
        }
    }

    /// The longest span that may be asked for, in days.
    fn days_max(self) -> i64 {
        match self {
            Self::Minute => USAGE_DAYS_MAX.minute,
            Self::Hour => USAGE_DAYS_MAX.hour,
            Self::Day => USAGE_DAYS_MAX.day,
        }
    }
}

/// A span of time and how to split it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    pub(super) granularity: Granularity,
    pub(super) group_by: Vec<UsageGroup>,
}

impl Span {
    /// What is asked for: without `from`, since the beginning of this month; without `to`, until now. Usage is kept by
    /// the minute, so the span is widened to whole ones.
    pub(super) fn of(asked: Asked, now: DateTime<Utc>) -> Result<Self, BillingError> {
        let minute = TimeDelta::minutes(1);
        let to = asked
            .to
            .map(|text| time("to", &text))
            .transpose()?
            .unwrap_or(now);
        let from = asked.from.map(|text| time("from", &text)).transpose()?;
        let from = from.unwrap_or_else(|| Month::of(to).from);
        // What was asked is compared: the whole minutes around it are up to two longer.
        let (granularity, days_max) = (asked.granularity, asked.granularity.days_max());
        if to - from > TimeDelta::days(days_max) {
            let name = granularity.as_str();
            return Err(BillingError::Invalid(format!(
                "with granularity={name}, from and to are at most {days_max} days apart"
            )));
        }
        let out_of_range = |_| BillingError::Invalid("from and to are out of range".to_owned());
        let from = from.duration_trunc(minute).map_err(out_of_range)?;
        let to = (to + minute - TimeDelta::nanoseconds(1))
            .duration_trunc(minute)
            .map_err(out_of_range)?;
        if from > to {
            return Err(BillingError::Invalid("from is after to".to_owned()));
        }
        Ok(Self {
            from,
            to,
            granularity,
            group_by: groups(&asked.group_by)?,
        })
    }

    /// Whether rows are split so.
    pub(super) fn is_by(&self, group: UsageGroup) -> bool {
        self.group_by.contains(&group)
    }
}

fn time(name: &str, text: &str) -> Result<DateTime<Utc>, BillingError> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        // Such a year lets later arithmetic stay within what a date can hold.
        .ok()
        .filter(|at| (2000..3000).contains(&chrono::Datelike::year(at)))
        .ok_or_else(|| {
            BillingError::Invalid(format!("{name} is not a time such as 2026-11-21T00:00:00Z"))
        })
}

fn groups(text: &str) -> Result<Vec<UsageGroup>, BillingError> {
    let words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words
        .map(|word| match word {
            "function" => Ok(UsageGroup::Function),
            "version" => Ok(UsageGroup::Version),
            "trigger" => Ok(UsageGroup::Trigger),
            _ => Err(BillingError::Invalid(
                "group_by is a list of function, version and trigger, joined by commas".to_owned(),
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(
        from: &str,
        to: &str,
        granularity: Granularity,
        group_by: &str,
    ) -> Result<Span, String> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let asked = Asked {
            from: given(from),
            to: given(to),
            granularity,
            group_by: group_by.to_owned(),
        };
        Span::of(asked, "2026-11-21T10:00:30Z".parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_span_is_this_month_by_default_and_whole_minutes_always() {
        let default = span("", "", Granularity::Day, "").unwrap();
        assert_eq!(default.from.to_rfc3339(), "2026-11-01T00:00:00+00:00");
        assert_eq!(default.to.to_rfc3339(), "2026-11-21T10:01:00+00:00");
        let odd = span(
            "2026-11-21T09:00:59Z",
            "2026-11-21T10:00:00+01:00",
            Granularity::Minute,
            "version,trigger",
        );
        let odd = odd.unwrap();
        assert_eq!(odd.from, odd.to);
        assert_eq!(odd.group_by, [UsageGroup::Version, UsageGroup::Trigger]);
    }

    #[test]
    fn a_span_may_be_as_long_as_is_said_and_no_longer() {
        for granularity in [Granularity::Minute, Granularity::Hour, Granularity::Day] {
            let from: DateTime<Utc> = "2026-01-01T00:00:30Z".parse().unwrap();
            let longest = from + TimeDelta::days(granularity.days_max());
            let of =
                |to: DateTime<Utc>| span(&from.to_rfc3339(), &to.to_rfc3339(), granularity, "");
            assert!(of(longest).is_ok(), "{granularity:?}");
            assert!(of(longest + TimeDelta::seconds(1)).is_err());
        }
    }

    #[test]
    fn what_cannot_be_a_span_says_why() {
        let refused = [
            span("yesterday", "", Granularity::Day, ""),
            span(
                "9999-12-31T23:59:59Z",
                "9999-12-31T23:59:59Z",
                Granularity::Day,
                "",
            ),
            span("2026-11-21T11:00:00Z", "", Granularity::Day, ""),
            span("2026-11-01T00:00:00Z", "", Granularity::Minute, ""),
            span("", "", Granularity::Day, "colour"),
        ];
        for refusal in refused {
            let why = refusal.unwrap_err();
            assert!(
                ["from", "to is not", "group_by"]
                    .iter()
                    .any(|word| why.contains(word)),
                "{why}"
            );
        }
    }
}
