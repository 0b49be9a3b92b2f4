//! The rule, and the shapes of what it reads and answers. How they travel is the SDK's business.

use std::borrow::Cow;

use cartwright_function::{Amount, AmountError, Currency, QUANTITY_MAX, Whole, object, objects};
use serde::{Deserialize, Serialize};

/// What the merchant sets.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    percent: Whole<1, 100>,
    from_quantity: Whole<1, QUANTITY_MAX>,
    title: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            percent: Whole::fixed(10),
            from_quantity: Whole::fixed(3),
            title: "Volume discount".to_owned(),
        }
    }
}

/// The part of the platform's input that matters here.
#[derive(Deserialize)]
pub(crate) struct Input<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(crate) cart: Cart<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Cart<'a> {
    currency: Currency,
    #[serde(borrow, deserialize_with = "objects")]
    lines: Vec<Line<'a>>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    quantity: Whole<1, QUANTITY_MAX>,
    unit_price: Amount,
}

/// What comes off, line by line, in the cart's order.
#[derive(Serialize)]
pub(crate) struct Discounts<'a> {
    title: &'a str,
    currency: Currency,
    discounts: Vec<Discount<'a>>,
    total: Amount,
}

#[derive(Serialize)]
struct Discount<'a> {
    line_id: &'a str,
    amount: Amount,
}

/// Apply the rule. Each line is rounded for itself, half a minor unit up, so the total is the sum of what the buyer sees.
pub(crate) fn discounts<'a>(
    cart: &'a Cart<'_>,
    settings: &'a Settings,
) -> Result<Discounts<'a>, AmountError> {
    let mut total = Amount::zero(
        cart.lines
            .first()
            .map_or(0, |line| line.unit_price.decimals()),
    );
    let mut discounts = Vec::with_capacity(cart.lines.len());
    for line in &cart.lines {
        let price = line.unit_price.times(line.quantity.get())?;
        let enough = line.quantity.get() >= settings.from_quantity.get();
        let amount = if enough {
            price.percent(settings.percent.get())
        } else {
            Amount::zero(price.decimals())
        };
        total = total.plus(amount)?;
        if !amount.is_zero() {
            discounts.push(Discount {
                line_id: &line.id,
                amount,
            });
        }
    }
    Ok(Discounts {
        title: &settings.title,
        currency: cart.currency,
        discounts,
        total,
    })
}
