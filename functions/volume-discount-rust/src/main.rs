//! Some percent off every line of which enough pieces are bought. The target is `cart.discount`.

mod discount;

use std::process::ExitCode;

use cartwright_function::{answer, parse, read_input, run, settings};
use discount::{Input, Settings, discounts};

cartwright_function::carry!("cartwright.settings", "../settings.schema.json");
cartwright_function::carry!("cartwright.sample", "../samples/lines-3.input.json");

fn main() -> ExitCode {
    run(|| {
        let settings: Settings = settings()?;
        let text = read_input()?;
        let input: Input<'_> = parse(&text)?;
        answer(&discounts(&input.cart, &settings)?)
    })
}
