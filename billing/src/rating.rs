//! What usage costs by a price sheet. Amounts stay exact fractions until they stand on a line; then each is rounded once.

use cartwright_domain::money::{Currency, Pico};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::decimal;

/// One version of a plan, as its prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSheet {
    /// Its number.
    pub price_sheet: u32,
    /// The currency of every price.
    pub currency: Currency,
    /// One per meter that the plan prices.
    pub prices: Vec<Price>,
}

/// What one meter costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The meter's code, such as `fuel`.
    pub meter: String,
    /// The meter in words.
    pub title: String,
    /// What a price is for, in words: `1,000,000,000 fuel`.
    pub unit: String,
    /// A unit is 10 to this power of what is counted.
    pub unit_digits: u32,
    /// From the lowest up. Each reaches from the end of the one before, exclusive, to its own, inclusive; only the last
    /// has no end.
    pub tiers: Vec<Tier>,
}

/// A span of quantities with one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// The last thing counted that falls into it; `None` when it has no end.
    pub up_to: Option<BigInt>,
    /// Price of one unit. 0 makes the tier free.
    pub unit_price: Pico,
}

/// What one tier of one meter costs over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedLine<'a> {
    /// The meter's price.
    pub price: &'a Price,
    /// Which of its tiers.
    pub tier: usize,
    /// What was counted and fell into the tier.
    pub quantity: BigInt,
    /// Exact, in the currency's main unit.
    pub amount: BigRational,
}

/// Price one meter's usage over one period, exactly: a line per tier that something fell into.
#[must_use]
pub fn rate<'a>(used: &BigInt, price: &'a Price) -> Vec<RatedLine<'a>> {
    let unit = BigInt::from(10).pow(price.unit_digits) * Pico::PER_UNIT;
    let mut lines = Vec::new();
    let mut floor = BigInt::zero();
    for (at, tier) in price.tiers.iter().enumerate() {
        let ceiling = tier.up_to.as_ref().map_or(used, |up_to| up_to.min(used));
        if *ceiling <= floor {
            break;
        }
        let quantity = ceiling - &floor;
        floor = ceiling.clone();
        lines.push(RatedLine {
            price,
            tier: at,
            amount: BigRational::new(&quantity * tier.unit_price.0, unit.clone()),
            quantity,
        });
    }
    lines
}

/// The one rounding that a line gets: half to even, to the currency's minor unit.
#[must_use]
pub fn to_minor_units(amount: &BigRational, currency: Currency) -> BigInt {
    let scaled = amount * BigInt::from(10).pow(currency.minor_digits());
    let floor = scaled.floor();
    let half = BigRational::new(BigInt::one(), BigInt::from(2));
    let up = match (&scaled - &floor).cmp(&half) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => floor.to_integer().bit(0),
        std::cmp::Ordering::Greater => true,
    };
    floor.to_integer() + BigInt::from(u8::from(up))
}

impl RatedLine<'_> {
    /// The line in words: which meter, and which span of it where there are several.
    #[must_use]
    pub fn description(&self) -> String {
        let tiers = &self.price.tiers;
        let title = &self.price.title;
        let before = self
            .tier
            .checked_sub(1)
            .and_then(|at| tiers[at].up_to.as_ref());
        let span = match (before, &tiers[self.tier].up_to) {
            (None, None) => title.clone(),
            (None, Some(up_to)) => format!("{title}, first {}", decimal::grouped(up_to)),
            (Some(floor), None) => format!("{title}, above {}", decimal::grouped(floor)),
            (Some(floor), Some(up_to)) => {
                let first = decimal::grouped(&(floor + 1));
                format!("{title}, {first} to {}", decimal::grouped(up_to))
            }
        };
        if tiers[self.tier].unit_price.0 == 0 {
            format!("{span} (free)")
        } else {
            span
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fuel() -> Price {
        let tier = |up_to: Option<i64>, unit_price: &str| Tier {
            up_to: up_to.map(BigInt::from),
            unit_price: unit_price.parse().unwrap(),
        };
        Price {
            meter: "fuel".to_owned(),
            title: "Fuel".to_owned(),
            unit: "1,000 fuel".to_owned(),
            unit_digits: 3,
            tiers: vec![
                tier(Some(100), "0"),
                tier(Some(300), "2"),
                tier(None, "0.5"),
            ],
        }
    }

    /// Quantity and exact amount per line, and what the lines say.
    fn rated(used: u64) -> Vec<(String, String)> {
        let price = fuel();
        rate(&used.into(), &price)
            .iter()
            .map(|line| {
                (
                    line.description(),
                    format!("{} × = {}", line.quantity, line.amount),
                )
            })
            .collect()
    }

    #[test]
    fn each_tier_prices_what_falls_into_it_around_every_edge() {
        let first = |text: &str| ("Fuel, first 100 (free)".to_owned(), text.to_owned());
        let second = |text: &str| ("Fuel, 101 to 300".to_owned(), text.to_owned());
        let third = |text: &str| ("Fuel, above 300".to_owned(), text.to_owned());
        assert_eq!(rated(0), []);
        assert_eq!(rated(1), [first("1 × = 0")]);
        assert_eq!(rated(99), [first("99 × = 0")]);
        assert_eq!(rated(100), [first("100 × = 0")]);
        assert_eq!(rated(101), [first("100 × = 0"), second("1 × = 1/500")]);
        assert_eq!(rated(299), [first("100 × = 0"), second("199 × = 199/500")]);
        assert_eq!(rated(300), [first("100 × = 0"), second("200 × = 2/5")]);
        assert_eq!(
            rated(301),
            [
                first("100 × = 0"),
                second("200 × = 2/5"),
                third("1 × = 1/2000")
            ]
        );
    }

    #[test]
    fn a_line_is_rounded_half_to_even_in_its_currency() {
        let amount = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        let jpy = Currency::try_from("JPY".to_owned()).unwrap();
        let kwd = Currency::try_from("KWD".to_owned()).unwrap();
        let rounded = [
            to_minor_units(&amount(5, 1000), Currency::USD),
            to_minor_units(&amount(15, 1000), Currency::USD),
            to_minor_units(&amount(25, 1000), Currency::USD),
            to_minor_units(&amount(250_000_001, 10_000_000_000), Currency::USD),
            to_minor_units(&amount(5, 2), jpy),
            to_minor_units(&amount(1, 2000), kwd),
            to_minor_units(&amount(-15, 1000), Currency::USD),
        ];
        assert_eq!(rounded, [0, 2, 2, 3, 2, 0, -2].map(BigInt::from));
    }
}
