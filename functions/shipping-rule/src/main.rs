//! Makes shipping free from an amount, and dearer for far countries and heavy carts. The target is `shipping.rates`.

mod rates;

use std::process::ExitCode;

use cartwright_function::{answer, parse, read_input, run, settings};
use rates::{Input, Settings, adjusted};

cartwright_function::carry!("cartwright.settings", "../settings.schema.json");
cartwright_function::carry!(
    "cartwright.sample",
    "../samples/free-from-amount.input.json"
);

fn main() -> ExitCode {
    run(|| {
        let settings: Settings = settings()?;
        let text = read_input()?;
        let input: Input<'_> = parse(&text)?;
        answer(&adjusted(&input, &settings)?)
    })
}
