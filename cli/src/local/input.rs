//! Reading what a run is given: its input, its configuration, its seed.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use serde_json::value::RawValue;

use super::plan;

/// The input of this path to the byte; `-` is standard input.
pub(crate) fn read_input(path: &Path) -> Result<Vec<u8>> {
    let input = crate::input::read(path)?;
    check_input(&input)?;
    Ok(input)
}

/// An input must be JSON and within the plan's limit, as the executor has it.
pub(crate) fn check_input(input: &[u8]) -> Result<()> {
    let limit = plan::LIMITS.input_bytes_max;
    ensure!(
        input.len() <= limit as usize,
        "the input has {} bytes; the limit is {limit}",
        input.len(),
    );
    if let Err(error) = serde_json::from_slice::<Value>(input) {
        bail!("the input is not JSON: {error}");
    }
    Ok(())
}

/// The configuration in this file, as the function will get it in production: as it was put, whitespace around it left out.
pub(crate) fn read_config(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("read the configuration {}", path.display()))?;
    let config: Box<RawValue> = serde_json::from_str(&text)
        .with_context(|| format!("the configuration {} is not JSON", path.display()))?;
    Ok(config.get().to_owned())
}

/// What randomness is drawn from: 32 bytes, written as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) [u8; 32]);

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut seed = [0; 32];
        hex::decode_to_slice(text, &mut seed)
            .map_err(|_| "a seed is 64 hexadecimal digits".to_owned())?;
        Ok(Self(seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_64_hexadecimal_digits() {
        assert_eq!("07".repeat(32).parse(), Ok(Seed([7; 32])));
        for wrong in ["", "07", &"0".repeat(63), &"g".repeat(64)] {
            assert!(wrong.parse::<Seed>().is_err(), "{wrong}");
        }
    }
}
