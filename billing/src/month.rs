//! The billing period: a calendar month, UTC. A run belongs to the month of its admission.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, SecondsFormat, Utc};

/// A calendar month, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// Its end, exclusive.
    pub to: DateTime<Utc>,
}

impl Month {
    /// The month that this instant is in.
    #[must_use]
    pub fn of(at: DateTime<Utc>) -> Self {
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let day = at.date_naive();
        let first = day - Days::new(u64::from(day.day0()));
        Self {
            from: midnight(first),
            to: midnight(first + Months::new(1)),
        }
    }
}

/// An instant as the wire has it: RFC 3339 UTC, to the second.
#[must_use]
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_and_ends_at_midnight_utc() {
        let spans = [
            "2028-02-29T23:59:59Z",
            "2026-12-31T23:59:59Z",
            "2026-11-01T00:00:00Z",
        ]
        .map(|at| Month::of(at.parse().unwrap()))
        .map(|month| (rfc3339(month.from), rfc3339(month.to)));
        let expected = [
            ("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
            ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ]
        .map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert_eq!(spans, expected);
    }
}
