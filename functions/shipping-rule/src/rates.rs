//! The rule, and the shapes of what it reads and answers. How they travel is the SDK's business.

use std::borrow::Cow;
use std::cmp::Ordering;

use cartwright_function::{
    Amount, Currency, Failure, Whole, amount_or_none, currency_or_none, object, objects,
};
use serde::{Deserialize, Serialize};

/// A thousand tonnes: more than any cart weighs.
const WEIGHT_GRAMS_MAX: u64 = 1_000_000_000;

/// What the merchant sets.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    #[serde(deserialize_with = "amount_or_none")]
    free_from: Option<Amount>,
    free_rates: Vec<String>,
    surcharge_countries: Vec<String>,
    #[serde(deserialize_with = "amount_or_none")]
    country_surcharge: Option<Amount>,
    heavy_above_grams: Whole<0, WEIGHT_GRAMS_MAX>,
    #[serde(deserialize_with = "amount_or_none")]
    heavy_surcharge: Option<Amount>,
    #[serde(deserialize_with = "currency_or_none")]
    currency: Option<Currency>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            free_from: Some(Amount::fixed(10_000, 2)),
            free_rates: vec!["standard".to_owned()],
            surcharge_countries: Vec::new(),
            country_surcharge: None,
            heavy_above_grams: Whole::fixed(30_000),
            heavy_surcharge: None,
            currency: None,
        }
    }
}

/// The part of the platform's input that matters here.
#[derive(Deserialize)]
pub(crate) struct Input<'a> {
    #[serde(deserialize_with = "object")]
    cart: Cart,
    #[serde(borrow, deserialize_with = "object")]
    destination: Destination<'a>,
    #[serde(borrow, deserialize_with = "objects")]
    rates: Vec<Rate<'a>>,
}

#[derive(Deserialize)]
struct Cart {
    currency: Currency,
    subtotal: Amount,
    #[serde(default = "weightless")]
    weight_grams: Whole<0, WEIGHT_GRAMS_MAX>,
}

fn weightless() -> Whole<0, WEIGHT_GRAMS_MAX> {
    Whole::fixed(0)
}

#[derive(Deserialize)]
struct Destination<'a> {
    #[serde(borrow)]
    country: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Rate<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    amount: Amount,
}

/// Every rate that was offered, in its order, with what it costs now.
#[derive(Serialize)]
pub(crate) struct Rates<'a> {
    currency: Currency,
    rates: Vec<AdjustedRate<'a>>,
}

#[derive(Serialize)]
struct AdjustedRate<'a> {
    id: &'a str,
    amount: Amount,
}

/// Apply the rule. A free rate costs nothing itself; surcharges come on top of it all the same.
pub(crate) fn adjusted<'a>(
    input: &'a Input<'_>,
    settings: &Settings,
) -> Result<Rates<'a>, Failure> {
    let Cart {
        currency, subtotal, ..
    } = input.cart;
    let concerned = settings.currency.is_none_or(|set| set == currency);
    let free = settings
        .free_from
        .is_some_and(|from| subtotal.compare(from) != Ordering::Less);

    let mut rates = Vec::with_capacity(input.rates.len());
    for rate in &input.rates {
        let mut amount = rate.amount;
        if concerned && free && becomes_free(&rate.id, settings) {
            amount = Amount::zero(amount.decimals());
        }
        for surcharge in surcharges(input, settings).filter(|_| concerned) {
            amount = amount.plus(in_currency(surcharge, amount.decimals(), currency)?)?;
        }
        rates.push(AdjustedRate {
            id: &rate.id,
            amount,
        });
    }
    Ok(Rates { currency, rates })
}

fn becomes_free(rate: &str, settings: &Settings) -> bool {
    settings.free_rates.is_empty() || settings.free_rates.iter().any(|id| id == rate)
}

/// A merchant writes `9` or `9.00` alike; the answer has the decimals of the currency.
fn in_currency(surcharge: Amount, decimals: u8, currency: Currency) -> Result<Amount, Failure> {
    surcharge.with_decimals(decimals).map_err(|_| {
        Failure::Settings(format!(
            "a surcharge of {surcharge} is no amount in {}",
            currency.as_str()
        ))
    })
}

/// What this cart costs more wherever it is far or heavy.
fn surcharges(input: &Input<'_>, settings: &Settings) -> impl Iterator<Item = Amount> {
    let far = settings
        .surcharge_countries
        .iter()
        .any(|country| *country == input.destination.country);
    let heavy = input.cart.weight_grams.get() > settings.heavy_above_grams.get();
    let by_country = settings.country_surcharge.filter(|_| far);
    let by_weight = settings.heavy_surcharge.filter(|_| heavy);
    by_country.into_iter().chain(by_weight)
}
