//! What a batch came to: how many runs went which way, what the version burns, and what that would cost. Pure.

use cartwright_domain::money::{Pico, divide_half_even};
use cartwright_domain::price::UnitPrices;
use cartwright_domain::wire::big_number;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::comparison::Class;

/// One run of a batch that is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DoneRun {
    pub(crate) class: Class,
    /// Fuel of both sides, where both ended well.
    pub(crate) fuel: Option<(u64, u64)>,
}

/// How many runs of a batch went which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReplayCounts)]
pub(crate) struct Counts {
    /// They ended the same way, with equal outputs.
    pub(crate) same: u32,
    /// Their outputs are others, or they fail in another way.
    pub(crate) differs: u32,
    /// They ended well before, and fail now.
    pub(crate) newly_failing: u32,
    /// They failed before, and end well now.
    pub(crate) newly_passing: u32,
    /// What was there before cannot be held against the version.
    pub(crate) not_comparable: u32,
}

impl Counts {
    /// Runs that say something about the version.
    pub(crate) fn compared(&self) -> u32 {
        self.same + self.differs + self.newly_failing + self.newly_passing
    }
}

/// What runs burned that ended well on both sides. Those that the cache of results answered burned nothing and are not among
/// them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReplayFuel)]
pub(crate) struct Fuel {
    /// How many runs that are.
    pub(crate) runs: u32,
    /// What all of them burned before.
    pub(crate) before: u64,
    /// What all of them burn now.
    pub(crate) after: u64,
    /// `after` less `before`.
    pub(crate) delta: i64,
    /// What one run burns more now, or less; null without a run.
    #[schema(required)]
    pub(crate) per_run: Option<PerRun>,
}

/// How what a run burns more is spread over the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReplayFuelPerRun)]
pub(crate) struct PerRun {
    /// Half of the runs burn at most so much more.
    p50: i64,
    /// 95 of 100 runs burn at most so much more.
    p95: i64,
    /// No run burns more than so much more.
    max: i64,
}

/// What the version would have cost in place of the one before, over the last seven days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Quote {
    /// The start of the seven days.
    from: DateTime<Utc>,
    /// Their end: when the batch was finished.
    to: DateTime<Utc>,
    /// Billed runs of the function in them.
    invocations: u64,
    /// What these burned.
    #[serde(with = "big_number")]
    #[schema(value_type = u64)]
    fuel_before: u128,
    /// What they would have burned: each run more by the mean of the batch.
    #[serde(with = "big_number")]
    #[schema(value_type = u64)]
    fuel_after: u128,
    /// The currency of the prices.
    #[schema(example = "USD")]
    currency: String,
    /// At list price, free units not counted: a decimal.
    #[schema(value_type = String, example = "12.3456")]
    price_before: Pico,
    /// The same for `fuel_after`: a decimal.
    #[schema(value_type = String)]
    price_after: Pico,
    /// `price_after` less `price_before`: a decimal.
    #[schema(value_type = String, example = "-0.5")]
    price_delta: Pico,
}

/// What a batch came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) inputs: u32,
    pub(crate) done: u32,
    pub(crate) counts: Counts,
    pub(crate) fuel: Fuel,
    pub(crate) quote: Option<Quote>,
}

/// Sum up the runs that are done, of so many.
pub(crate) fn sum_up(inputs: u32, runs: &[DoneRun]) -> Summary {
    let mut counts = Counts::default();
    for run in runs {
        *match run.class {
            Class::Same => &mut counts.same,
            Class::Differs => &mut counts.differs,
            Class::NewlyFailing => &mut counts.newly_failing,
            Class::NewlyPassing => &mut counts.newly_passing,
            Class::NotComparable => &mut counts.not_comparable,
        } += 1;
    }
    Summary {
        inputs,
        done: u32::try_from(runs.len()).unwrap_or(u32::MAX),
        counts,
        fuel: fuel(runs),
        quote: None,
    }
}

fn fuel(runs: &[DoneRun]) -> Fuel {
    let pairs = runs.iter().filter_map(|run| run.fuel);
    let mut fuel = Fuel::default();
    let mut deltas = Vec::new();
    for (before, after) in pairs {
        fuel.runs += 1;
        fuel.before += before;
        fuel.after += after;
        deltas.push(signed(after) - signed(before));
    }
    deltas.sort_unstable();
    fuel.delta = deltas.iter().sum();
    fuel.per_run = deltas.last().map(|max| PerRun {
        p50: percentile(&deltas, 50),
        p95: percentile(&deltas, 95),
        max: *max,
    });
    fuel
}

/// The lowest of these that so many of a hundred do not exceed. They are in order and there is one.
fn percentile(sorted: &[i64], hundredths: usize) -> i64 {
    sorted[(sorted.len() * hundredths).div_ceil(100).max(1) - 1]
}

/// A limit of fuel is far below what a signed number holds.
fn signed(fuel: u64) -> i64 {
    i64::try_from(fuel).unwrap_or(i64::MAX)
}

/// What a function ran in some time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Volume {
    pub(crate) invocations: u64,
    pub(crate) fuel: u128,
}

impl Fuel {
    /// What this difference costs at that volume; `None` without a run that tells. The fuel is rounded once, to a whole
    /// unit, half to even; the prices are exact to their twelve decimals.
    pub(crate) fn quote(
        &self,
        volume: Volume,
        prices: &UnitPrices,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Option<Quote> {
        if self.runs == 0 {
            return None;
        }
        let (invocations, fuel) = (
            i128::from(volume.invocations),
            i128::try_from(volume.fuel).ok()?,
        );
        let more = divide_half_even(
            i128::from(self.delta).checked_mul(invocations)?,
            i128::from(self.runs),
        );
        let fuel_after = (fuel + more).max(0);
        let price = |fuel: i128| {
            let per_invocation = prices
                .per_million_invocations
                .0
                .checked_mul(invocations * 1_000)?;
            let burned = prices.per_billion_fuel.0.checked_mul(fuel)?;
            Some(Pico(divide_half_even(
                per_invocation.checked_add(burned)?,
                1_000_000_000,
            )))
        };
        let (price_before, price_after) = (price(fuel)?, price(fuel_after)?);
        Some(Quote {
            from,
            to,
            invocations: volume.invocations,
            fuel_before: volume.fuel,
            fuel_after: fuel_after.unsigned_abs(),
            currency: prices.currency.as_str().to_owned(),
            price_before,
            price_after,
            price_delta: Pico(price_after.0 - price_before.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use cartwright_domain::money::Currency;

    use super::*;

    fn run(class: Class, fuel: Option<(u64, u64)>) -> DoneRun {
        DoneRun { class, fuel }
    }

    #[test]
    fn runs_are_counted_by_class_and_fuel_where_both_ended_well() {
        let summary = sum_up(
            6,
            &[
                run(Class::Same, Some((100, 150))),
                run(Class::Differs, Some((100, 90))),
                run(Class::NewlyFailing, None),
                run(Class::NewlyPassing, None),
                run(Class::NotComparable, None),
            ],
        );
        assert_eq!((summary.inputs, summary.done), (6, 5));
        assert_eq!(summary.counts.compared(), 4);
        let fuel = summary.fuel;
        assert_eq!(
            (fuel.runs, fuel.before, fuel.after, fuel.delta),
            (2, 200, 240, 40)
        );
        assert_eq!(
            fuel.per_run,
            Some(PerRun {
                p50: -10,
                p95: 50,
                max: 50
            })
        );
        assert_eq!(sum_up(0, &[]).fuel, Fuel::default());
    }

    #[test]
    fn percentiles_are_values_that_occur() {
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 50), 50);
        assert_eq!(percentile(&hundred, 95), 95);
        assert_eq!(percentile(&[7], 50), 7);
        assert_eq!(percentile(&[1, 2, 3], 95), 3);
    }

    fn quoted(
        delta: i64,
        runs: u32,
        invocations: u64,
        fuel: u128,
    ) -> Option<(u128, String, String, String)> {
        let prices = UnitPrices {
            price_sheet: 1,
            currency: Currency::USD,
            per_million_invocations: "0.30".parse().unwrap(),
            per_billion_fuel: "0.02".parse().unwrap(),
            per_million_cached_hits: "0.10".parse().unwrap(),
        };
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let of = Fuel {
            runs,
            delta,
            ..Fuel::default()
        };
        let quote = of.quote(Volume { invocations, fuel }, &prices, (at, at))?;
        Some((
            quote.fuel_after,
            quote.price_before.to_string(),
            quote.price_after.to_string(),
            quote.price_delta.to_string(),
        ))
    }

    #[test]
    fn a_quote_is_exact_at_any_volume() {
        let text = |fuel, before: &str, after: &str, delta: &str| {
            Some((fuel, before.to_owned(), after.to_owned(), delta.to_owned()))
        };
        // 1,000,000 runs of 50,000 fuel, each to burn 10,000 more.
        assert_eq!(
            quoted(10_000, 1, 1_000_000, 50_000_000_000),
            text(60_000_000_000, "1.3", "1.5", "0.2")
        );
        // A third of a unit of fuel a run.
        assert_eq!(
            quoted(1, 3, 10, 1_000),
            text(1_003, "0.00000302", "0.00000302006", "0.00000000006")
        );
        assert_eq!(
            quoted(-10_000, 1, 1, 5_000),
            text(0, "0.0000004", "0.0000003", "-0.0000001")
        );
        assert_eq!(quoted(5, 1, 0, 0), text(0, "0", "0", "0"));
        assert_eq!(quoted(0, 0, 10, 10), None);
        // A billion runs a week that burn the most that any may.
        assert!(
            quoted(
                100_000_000_000,
                1,
                1_000_000_000,
                100_000_000_000_000_000_000
            )
            .is_some()
        );
    }
}
