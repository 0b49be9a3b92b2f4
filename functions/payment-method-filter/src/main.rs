//! Hides payment methods by name when an order is too large or too small for them. The target is `payment.filter`.

mod filter;

use std::process::ExitCode;

use cartwright_function::{answer, parse, read_input, run, settings};
use filter::{Input, Settings, hidden};

cartwright_function::carry!("cartwright.settings", "../settings.schema.json");
cartwright_function::carry!("cartwright.sample", "../samples/large-order.input.json");

fn main() -> ExitCode {
    run(|| {
        let settings: Settings = settings()?;
        let text = read_input()?;
        let input: Input<'_> = parse(&text)?;
        answer(&hidden(&input, &settings))
    })
}
