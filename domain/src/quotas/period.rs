//! Days and calendar months, UTC, as counts begin anew with them.

/// The span of time after which a count begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day, UTC.
    Day,
    /// A calendar month, UTC.
    Month,
}

impl Period {
    /// The period's number at this time (milliseconds since the Unix epoch): `20261121` or `202611`.
    #[must_use]
    pub fn number_at(self, now_ms: u64) -> u32 {
        let (year, month, day) = civil(now_ms / DAY_MS);
        match self {
            Self::Day => year * 10_000 + month * 100 + day,
            Self::Month => year * 100 + month,
        }
    }

    /// When the period that goes on at this time ends, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn end_ms(self, now_ms: u64) -> u64 {
        let today = now_ms / DAY_MS;
        let days = match self {
            Self::Day => 1,
            Self::Month => {
                let (_, month, day) = civil(today);
                // Of the days that this month may still have, the first that is in another one.
                (1..=32 - u64::from(day))
                    .find(|days| civil(today + days).1 != month)
                    .unwrap_or(1)
            }
        };
        (today + days) * DAY_MS
    }

    /// Its greatest length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Day => 86_400,
            Self::Month => 31 * 86_400,
        }
    }
}

const DAY_MS: u64 = 86_400_000;

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar. Counted in eras of 400 years that begin in
/// March, so that a leap day is the last of its year.
fn civil(day: u64) -> (u32, u32, u32) {
    let from_march_of_0 = day + 719_468;
    let (era, of_era) = (from_march_of_0 / 146_097, from_march_of_0 % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    (narrow(year), narrow(month), narrow(day_of_month))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_795_262_400_000; // 2026-11-21T12:00:00Z

    #[test]
    fn periods_are_days_and_calendar_months() {
        assert_eq!(Period::Day.number_at(NOON), 20_261_121);
        assert_eq!(Period::Month.number_at(NOON), 202_611);
        assert_eq!(Period::Day.end_ms(NOON), NOON + DAY_MS / 2);
        assert_eq!(Period::Month.end_ms(NOON), NOON + DAY_MS / 2 + 9 * DAY_MS);
        for (day, number) in [
            (0, 19_700_101),
            (59, 19_700_301),
            (10_956, 19_991_231),
            (11_016, 20_000_229),
            (20_513, 20_260_301),
        ] {
            assert_eq!(Period::Day.number_at(day * DAY_MS), number);
        }
        let last_of_december = 20_818 * DAY_MS;
        assert_eq!(Period::Day.number_at(last_of_december), 20_261_231);
        let next = Period::Month.end_ms(last_of_december);
        assert_eq!(Period::Month.number_at(next), 202_701);
        assert_eq!(Period::Month.number_at(next - 1), 202_612);
    }
}
