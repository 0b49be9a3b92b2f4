//! Where a function meets the platform: settings in the environment, input on stdin, answer on stdout, log on stderr.

use std::env;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};

use crate::{Failure, object};

/// The variable in which the platform hands over the merchant's settings, as JSON.
const SETTINGS_VARIABLE: &str = "CARTWRIGHT_CONFIG";

/// An input above 1 MiB is refused before it is read to the end: with 16 MiB of memory there is room for what becomes of it.
const INPUT_BYTES_MAX: usize = 1 << 20;

/// Most inputs fit at the first read.
const INPUT_BYTES_USUAL: usize = 4 << 10;

/// Run a function to its exit code; a failure is one line in the log.
pub fn run(function: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    match function() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

/// The merchant's settings; the defaults when the platform hands over none.
pub fn settings<S: DeserializeOwned + Default>() -> Result<S, Failure> {
    let Some(text) = env::var_os(SETTINGS_VARIABLE) else {
        return Ok(S::default());
    };
    text.to_str()
        .ok_or_else(|| serde_json::Error::custom("not UTF-8"))
        .and_then(from_json)
        .map_err(|error| Failure::Settings(error.to_string()))
}

/// Everything on stdin, as text.
pub fn read_input() -> Result<String, Failure> {
    let mut input = Vec::with_capacity(INPUT_BYTES_USUAL);
    io::stdin()
        .lock()
        .take(INPUT_BYTES_MAX as u64 + 1)
        .read_to_end(&mut input)
        .map_err(|error| Failure::Input(error.to_string()))?;
    if input.len() > INPUT_BYTES_MAX {
        return Err(Failure::Input(format!(
            "longer than {INPUT_BYTES_MAX} bytes"
        )));
    }
    String::from_utf8(input).map_err(|error| Failure::Input(format!("not UTF-8: {error}")))
}

/// The input in the function's own shape. What the shape does not name is passed over.
pub fn parse<'a, T: Deserialize<'a>>(input: &'a str) -> Result<T, Failure> {
    from_json(input).map_err(|error| Failure::Input(error.to_string()))
}

/// Write the answer: JSON without spaces or a newline, so that equal answers are equal bytes.
pub fn answer(answer: &impl Serialize) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(answer).map_err(|error| Failure::Output(error.to_string()))?;
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(&bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::Output(error.to_string()))
}

fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = object(&mut reader)?;
    reader.end()?;
    Ok(value)
}
