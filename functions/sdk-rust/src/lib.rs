//! What a Cartwright function in Rust needs around its rule: settings, input, answer, exact amounts.
//! The rule, its shapes and its words stay in the function.

mod amount;
mod currency;
mod failure;
mod object;
mod streams;
mod whole;

pub use amount::{Amount, AmountError, amount_or_none};
pub use currency::{Currency, currency_or_none};
pub use failure::Failure;
pub use object::{object, objects};
pub use streams::{answer, parse, read_input, run, settings};
pub use whole::Whole;

/// Pieces of one thing that a cart's line may hold.
pub const QUANTITY_MAX: u64 = 1_000_000;

/// Carry a JSON file inside the module, in the custom section of this name.
///
/// `cartwright.settings` is the JSON Schema from which the console draws the function's settings form;
/// `cartwright.sample` is the input that the form offers to try.
#[macro_export]
macro_rules! carry {
    ($section:literal, $file:expr) => {
        const _: () = {
            const BYTES: &[u8] = include_bytes!($file);
            #[expect(unsafe_code, reason = "a custom section is named by a link section")]
            // SAFETY: on wasm32 a static in a link section of a name of its own becomes a custom section; no code runs.
            #[unsafe(link_section = $section)]
            #[used]
            static CARRIED: [u8; BYTES.len()] = *include_bytes!($file);
        };
    };
}
