//! When a schedule fires: five fields of cron, read in a time zone. Pure; the clock comes in.
//!
//! Where clocks are put forward or back, a rule with a fixed hour and minute (`30 2 * * *`) fires once that day: at the first
//! moment after a gap that swallowed its time, and at the first of two times that bear its name. One with an interval
//! (`*/15 * * * *`) fires by the time that passes.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use crate::error::Violation;

/// The longest rule that is taken, in bytes.
const CRON_BYTES_MAX: usize = 200;

/// A rule and its zone.
#[derive(Debug)]
pub(super) struct Timing {
    cron: Cron,
    zone: Tz,
}

impl Timing {
    /// Read a rule and the name of a zone. The error says which of both cannot be read, and why.
    pub(super) fn read(cron: &str, timezone: &str) -> Result<Self, Violation> {
        let zone = timezone.parse().map_err(|_| Violation {
            pointer: "/timezone".to_owned(),
            detail: format!(
                "must be the name of a zone in the IANA time zone database, such as Europe/Berlin or UTC; got \"{}\"",
                timezone.escape_debug().take(60).collect::<String>()
            ),
        })?;
        let cron = read_cron(cron).map_err(|detail| Violation {
            pointer: "/cron".to_owned(),
            detail,
        })?;
        Ok(Self { cron, zone })
    }

    /// The first firing after this time; none when there is none for ever.
    pub(super) fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = after.with_timezone(&self.zone);
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(next.to_utc())
    }

    /// The first so many firings after this time.
    pub(super) fn upcoming(&self, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.next(after), |last| self.next(*last))
            .take(count)
            .collect()
    }

    /// The firings from one time to another, both included: the last so many of them, oldest first. `from` is a firing.
    pub(super) fn between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        count_max: usize,
    ) -> Vec<DateTime<Utc>> {
        let to = to.with_timezone(&self.zone);
        let mut found: Vec<_> = self
            .cron
            .iter_before(to)
            .map(|time| time.to_utc())
            .take_while(|time| *time > from)
            .take(count_max)
            .collect();
        if found.len() < count_max {
            found.push(from);
        }
        found.reverse();
        found
    }
}

fn read_cron(text: &str) -> Result<Cron, String> {
    if text.len() > CRON_BYTES_MAX {
        return Err(format!(
            "must be at most {CRON_BYTES_MAX} bytes; got {}",
            text.len()
        ));
    }
    // No zone has daylight saving time in words; `@daily` and its like are left out, since a reader must know their minute.
    let fields = text.split_whitespace().count();
    if fields == 6 {
        return Err(
            "must have five fields (minute, hour, day of month, month, day of week): a schedule fires once a minute at most, \
             so there is none for seconds"
                .to_owned(),
        );
    }
    if fields != 5 {
        return Err(format!(
            "must have five fields (minute, hour, day of month, month, day of week), such as `0 9 * * MON-FRI`; got {fields}"
        ));
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    parser.parse(text).map_err(|_| flaw(&parser, text))
}

/// Each field by its name, and what it takes.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day of week", "0 to 7 or SUN to SAT"),
];

/// Which field cannot be read, in words: the first that cannot among stars. The parser itself speaks of components.
fn flaw(parser: &CronParser, text: &str) -> String {
    let stands = |place: usize, field: &str| {
        let mut fields = ["*"; FIELDS.len()];
        fields[place] = field;
        parser.parse(&fields.join(" ")).is_ok()
    };
    let of_each = text.split_whitespace().zip(FIELDS).enumerate();
    for (place, (field, (name, takes))) in of_each {
        if !stands(place, field) {
            let field: String = field.escape_debug().take(60).collect();
            return format!(
                "cannot be read at the {name}, `{field}`: it takes {takes}, and `*`, lists (`1,4`), ranges (`1-4`) and steps (`*/2`)"
            );
        }
    }
    "cannot be read: each field alone can, and together they mean nothing".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let timing = Timing::read(cron, zone).unwrap();
        let zone: Tz = zone.parse().unwrap();
        let found = timing.upcoming(after.parse().unwrap(), count);
        found
            .into_iter()
            .map(|time| {
                time.with_timezone(&zone)
                    .format("%m-%d %H:%M %:z")
                    .to_string()
            })
            .collect()
    }

    #[test]
    fn a_time_that_does_not_exist_fires_at_the_first_moment_after() {
        // In Berlin, 2026-03-29 02:00 to 03:00 was left out.
        assert_eq!(
            times("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
            [
                "03-28 02:30 +01:00",
                "03-29 03:00 +02:00",
                "03-30 02:30 +02:00"
            ]
        );
        assert_eq!(
            times("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3),
            [
                "03-29 01:30 +01:00",
                "03-29 03:00 +02:00",
                "03-29 03:30 +02:00"
            ]
        );
    }

    #[test]
    fn a_time_that_comes_twice_fires_once_and_an_interval_as_time_passes() {
        // In Berlin, 2026-10-25 02:00 to 03:00 came twice.
        assert_eq!(
            times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["10-25 02:30 +02:00", "10-26 02:30 +01:00"]
        );
        assert_eq!(
            times("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 5),
            [
                "10-25 02:30 +02:00",
                "10-25 02:00 +01:00",
                "10-25 02:30 +01:00",
                "10-25 03:00 +01:00",
                "10-25 03:30 +01:00"
            ]
        );
    }

    #[test]
    fn zones_have_their_own_days() {
        assert_eq!(
            times("0 9 * * MON", "Asia/Kathmandu", "2026-11-21T00:00:00Z", 2),
            ["11-23 09:00 +05:45", "11-30 09:00 +05:45"]
        );
        assert_eq!(
            times("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1),
            ["02-29 00:00 +00:00"]
        );
    }

    #[test]
    fn what_never_fires_is_found_out_soon() {
        for never in ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
            let timing = Timing::read(never, "Europe/Berlin").unwrap();
            let begun = std::time::Instant::now();
            assert_eq!(
                timing.next("2026-01-01T00:00:00Z".parse().unwrap()),
                None,
                "{never}"
            );
            println!("{never}: {:?}", begun.elapsed());
            assert!(
                begun.elapsed().as_secs() < 5,
                "{never}: {:?}",
                begun.elapsed()
            );
        }
    }

    #[test]
    fn what_cannot_be_read_hears_which_part_and_why() {
        for (cron, zone, pointer, said) in [
            ("0 9 * * *", "Mars/Olympus", "/timezone", "IANA"),
            ("0 9 * * *", "", "/timezone", "IANA"),
            ("*/10 * * * * *", "UTC", "/cron", "once a minute at most"),
            ("* * * *", "UTC", "/cron", "five fields"),
            ("@daily", "UTC", "/cron", "five fields"),
            (
                "60 * * * *",
                "UTC",
                "/cron",
                "at the minute, `60`: it takes 0 to 59",
            ),
            ("a b c d e", "UTC", "/cron", "at the minute, `a`"),
            (
                "0 25 * * *",
                "UTC",
                "/cron",
                "at the hour, `25`: it takes 0 to 23",
            ),
            ("0 0 32 * *", "UTC", "/cron", "at the day of month, `32`"),
            (
                "0 0 * JUM *",
                "UTC",
                "/cron",
                "at the month, `JUM`: it takes 1 to 12 or JAN to DEC",
            ),
            ("0 0 * * MON-", "UTC", "/cron", "at the day of week, `MON-`"),
        ] {
            let refused = Timing::read(cron, zone).unwrap_err();
            assert_eq!(refused.pointer, pointer);
            assert!(refused.detail.contains(said), "{cron}: {}", refused.detail);
        }
        assert!(Timing::read(&"* ".repeat(200), "UTC").is_err());
    }

    #[test]
    fn what_was_missed_is_found_from_its_end() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let timing = Timing::read("0 * * * *", "UTC").unwrap();
        let (from, to) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T03:20:00Z"));
        assert_eq!(timing.between(from, to, 100).len(), 4);
        assert_eq!(
            timing.between(from, to, 2),
            [at("2026-01-01T02:00:00Z"), at("2026-01-01T03:00:00Z")]
        );
        assert_eq!(
            timing.between(from, at("2026-01-01T00:00:01Z"), 100),
            [from]
        );
        assert_eq!(timing.between(from, from, 100), [from]);
        let years = at("2036-01-01T00:00:00Z");
        assert_eq!(timing.between(from, years, 100).len(), 100);
    }
}
