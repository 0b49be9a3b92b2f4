//! The rule, and the shapes of what it reads and answers. How they travel is the SDK's business.

use std::borrow::Cow;
use std::cmp::Ordering;

use cartwright_function::{Amount, Currency, amount_or_none, currency_or_none, object, objects};
use serde::{Deserialize, Serialize};

/// What the merchant sets.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    methods: Vec<String>,
    #[serde(deserialize_with = "amount_or_none")]
    above: Option<Amount>,
    #[serde(deserialize_with = "amount_or_none")]
    below: Option<Amount>,
    #[serde(deserialize_with = "currency_or_none")]
    currency: Option<Currency>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            methods: vec!["Cash on delivery".to_owned()],
            above: Some(Amount::fixed(50_000, 2)),
            below: None,
            currency: None,
        }
    }
}

/// The part of the platform's input that matters here.
#[derive(Deserialize)]
pub(crate) struct Input<'a> {
    #[serde(deserialize_with = "object")]
    cart: Cart,
    #[serde(borrow, deserialize_with = "objects")]
    payment_methods: Vec<PaymentMethod<'a>>,
}

#[derive(Deserialize)]
struct Cart {
    currency: Currency,
    total: Amount,
}

#[derive(Deserialize)]
struct PaymentMethod<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// The methods that the checkout must not offer, by id.
#[derive(Serialize)]
pub(crate) struct Hidden<'a> {
    hide: Vec<&'a str>,
}

/// Apply the rule, and leave a line in the log for each method hidden.
pub(crate) fn hidden<'a>(input: &'a Input<'_>, settings: &Settings) -> Hidden<'a> {
    let Some(reason) = reason(&input.cart, settings) else {
        return Hidden { hide: Vec::new() };
    };
    let mut hide = Vec::new();
    for method in &input.payment_methods {
        if settings
            .methods
            .iter()
            .any(|name| same_name(name, &method.name))
        {
            eprintln!("hid {}: {reason}", method.name);
            hide.push(&*method.id);
        }
    }
    Hidden { hide }
}

/// Why this order is one for which methods are hidden, if it is.
fn reason(cart: &Cart, settings: &Settings) -> Option<String> {
    if settings
        .currency
        .is_some_and(|currency| currency != cart.currency)
    {
        return None;
    }
    let Cart { currency, total } = cart;
    let currency = currency.as_str();
    match (settings.above, settings.below) {
        (Some(above), _) if total.compare(above) == Ordering::Greater => {
            Some(format!("the total of {total} {currency} is above {above}"))
        }
        (_, Some(below)) if total.compare(below) == Ordering::Less => {
            Some(format!("the total of {total} {currency} is below {below}"))
        }
        _ => None,
    }
}

/// A merchant types the name as the buyer sees it; capitals and spaces around it are easily mistaken.
fn same_name(set: &str, offered: &str) -> bool {
    set.trim().to_lowercase() == offered.trim().to_lowercase()
}
