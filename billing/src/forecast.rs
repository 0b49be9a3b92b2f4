//! The estimate of a month: what it has cost so far, and what it will have cost should usage go on like this.

use std::collections::BTreeMap;

use cartwright_domain::wire::{Estimate, EstimateLine, Period};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use num_bigint::BigInt;

use crate::decimal;
use crate::month::{Month, rfc3339};
use crate::rating::{Price, PriceSheet, RatedLine, rate, to_minor_units};

/// A tenant's billable usage of a month, up to an instant within it.
#[derive(Debug, Clone)]
pub struct MonthSoFar {
    /// Which month.
    pub month: Month,
    /// Up to when it was counted.
    pub as_of: DateTime<Utc>,
    /// When the month's first run was; `None` when there was none.
    pub first_run: Option<DateTime<Utc>>,
    /// What was counted, by the meter's code.
    pub used: BTreeMap<String, BigInt>,
}

/// Rate a month so far by this price sheet.
#[must_use]
pub fn estimate(sheet: &PriceSheet, so_far: &MonthSoFar) -> Estimate {
    let places = sheet.currency.minor_digits();
    let lines = rated(sheet, &so_far.used);
    let forecast = rated(sheet, &used_at_end(so_far));
    Estimate {
        period: Period {
            from: rfc3339(so_far.month.from),
            to: rfc3339(so_far.month.to),
        },
        currency: sheet.currency.as_str().to_owned(),
        total: decimal::fixed(&total(sheet, &lines), places),
        forecast: decimal::fixed(&total(sheet, &forecast), places),
        lines: lines.iter().map(|line| written(sheet, line)).collect(),
        as_of: so_far.as_of.to_rfc3339_opts(SecondsFormat::Millis, true),
    }
}

fn rated<'a>(sheet: &'a PriceSheet, used: &BTreeMap<String, BigInt>) -> Vec<RatedLine<'a>> {
    let rate_price = |price: &'a Price| used.get(&price.meter).map(|used| rate(used, price));
    sheet
        .prices
        .iter()
        .filter_map(rate_price)
        .flatten()
        .collect()
}

/// Usage at the end of the month, should it go on as it did since the month's first run: a tenant that began on the
/// 20th is not taken for one that was idle for 19 days. What was seen counts as a day at least, so that one burst in
/// the first minutes does not forecast a fortune. Usage is projected, not money, so that free units are free once.
fn used_at_end(so_far: &MonthSoFar) -> BTreeMap<String, BigInt> {
    let month = so_far.month;
    let since = so_far
        .first_run
        .map_or(month.from, |first| first.max(month.from));
    let seen = (so_far.as_of - since).max(TimeDelta::days(1));
    let whole_ms = (month.to - since).max(seen).num_milliseconds();
    let projected = |used: &BigInt| used * whole_ms / seen.num_milliseconds();
    so_far
        .used
        .iter()
        .map(|(meter, used)| (meter.clone(), projected(used)))
        .collect()
}

/// The sum of the lines, each rounded once: what people get when they add up what they see.
fn total(sheet: &PriceSheet, lines: &[RatedLine<'_>]) -> BigInt {
    lines
        .iter()
        .map(|line| to_minor_units(&line.amount, sheet.currency))
        .sum()
}

fn written(sheet: &PriceSheet, line: &RatedLine<'_>) -> EstimateLine {
    let minor = to_minor_units(&line.amount, sheet.currency);
    EstimateLine {
        description: line.description(),
        quantity: decimal::trimmed(&line.quantity, line.price.unit_digits),
        unit: line.price.unit.clone(),
        unit_price: line.price.tiers[line.tier].unit_price.to_string(),
        amount: decimal::fixed(&minor, sheet.currency.minor_digits()),
    }
}

#[cfg(test)]
mod tests {
    use cartwright_domain::money::Currency;

    use super::*;
    use crate::rating::Tier;

    fn sheet() -> PriceSheet {
        let tier = |up_to: Option<i64>, unit_price: &str| Tier {
            up_to: up_to.map(BigInt::from),
            unit_price: unit_price.parse().unwrap(),
        };
        PriceSheet {
            price_sheet: 1,
            currency: Currency::USD,
            prices: vec![Price {
                meter: "invocations".to_owned(),
                title: "Invocations".to_owned(),
                unit: "1,000,000 invocations".to_owned(),
                unit_digits: 6,
                tiers: vec![tier(Some(1_000_000), "0"), tier(None, "1.00")],
            }],
        }
    }

    fn so_far(as_of: &str, first_run: Option<&str>, invocations: i64) -> Estimate {
        let as_of = as_of.parse().unwrap();
        let so_far = MonthSoFar {
            month: Month::of(as_of),
            as_of,
            first_run: first_run.map(|at| at.parse().unwrap()),
            used: BTreeMap::from([("invocations".to_owned(), invocations.into())]),
        };
        estimate(&sheet(), &so_far)
    }

    #[test]
    fn free_units_are_free_once_in_the_total_and_in_the_forecast() {
        // Half of November: 3 million used, 6 million at the end, of which 1 million is free.
        let half = so_far(
            "2026-11-16T00:00:00Z",
            Some("2026-11-01T00:00:00Z"),
            3_000_000,
        );
        assert_eq!(
            (half.total.as_str(), half.forecast.as_str()),
            ("2.00", "5.00")
        );
        let amounts: Vec<_> = half
            .lines
            .iter()
            .map(|line| (line.quantity.as_str(), line.amount.as_str()))
            .collect();
        assert_eq!(amounts, [("1", "0.00"), ("2", "2.00")]);
    }

    #[test]
    fn a_forecast_goes_on_from_the_first_run_and_never_from_less_than_a_day() {
        let began_late = so_far(
            "2026-11-26T00:00:00Z",
            Some("2026-11-21T00:00:00Z"),
            2_000_000,
        );
        assert_eq!(began_late.forecast, "3.00");
        let first_minute = so_far(
            "2026-11-01T00:01:00Z",
            Some("2026-11-01T00:00:00Z"),
            100_000,
        );
        assert_eq!(first_minute.forecast, "2.00"); // 100,000 a day, not a minute: 3.0 million less the free one
        let over = so_far(
            "2026-11-30T23:59:59Z",
            Some("2026-11-01T00:00:00Z"),
            3_000_000,
        );
        assert_eq!(
            (over.total.as_str(), over.forecast.as_str()),
            ("2.00", "2.00")
        );
        let idle = so_far("2026-11-10T00:00:00Z", None, 0);
        assert_eq!(
            (
                idle.total.as_str(),
                idle.forecast.as_str(),
                idle.lines.len()
            ),
            ("0.00", "0.00", 0)
        );
    }
}
