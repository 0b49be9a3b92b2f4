//! Says hello and nothing else: the smallest function there is, and the one that the benchmarks run.

use std::io::{self, Write};

cartwright_function::carry!("cartwright.settings", "../settings.schema.json");
cartwright_function::carry!("cartwright.sample", "../samples/hello.input.json");

fn main() -> io::Result<()> {
    io::stdout().write_all(br#"{"hello":"world"}"#)
}
