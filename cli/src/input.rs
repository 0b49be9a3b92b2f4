//! What a command is given to read: a file, or standard input.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};

/// The bytes of a file; of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return std::fs::read(path).with_context(|| format!("read {}", path.display()));
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .context("read standard input")?;
    Ok(bytes)
}
