//! The environment variables of a function, encoded once per configuration and shared by its runs.

use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Environment variables: `CARTWRIGHT_CONFIG` and the secrets of one configuration. Cheap to clone.
#[derive(Clone, Default)]
pub struct Environment {
    /// `NAME=value` entries, each ended by a NUL, as WASI lays them out.
    block: Arc<[u8]>,
    /// Where each entry begins in `block`.
    starts: Arc<[u32]>,
}

/// Why an environment was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// A name is empty, or holds `=` or NUL.
    #[error(
        "the environment variable {0:?} has no usable name: it must not be empty and not hold `=` or NUL"
    )]
    Name(String),
    /// A value holds NUL.
    #[error("the value of the environment variable {0:?} holds a NUL character")]
    Value(String),
    /// All together are too long.
    #[error("the environment variables take {0} bytes; at most {max} are allowed", max = Environment::BYTES_MAX)]
    TooLong(usize),
}

impl Environment {
    /// All names and values together, in bytes.
    pub const BYTES_MAX: usize = 1 << 20;

    /// Encode `variables` in the order given.
    pub fn new<'a>(
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, EnvironmentError> {
        let (mut block, mut starts) = (Vec::new(), Vec::new());
        for (name, value) in variables {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(EnvironmentError::Name(name.chars().take(80).collect()));
            }
            if value.contains('\0') {
                return Err(EnvironmentError::Value(name.chars().take(80).collect()));
            }
            let length = block.len() + name.len() + value.len() + 2;
            if length > Self::BYTES_MAX {
                return Err(EnvironmentError::TooLong(length));
            }
            starts.push(u32::try_from(block.len()).expect("the block is at most 1 MiB"));
            block.extend_from_slice(name.as_bytes());
            block.push(b'=');
            block.extend_from_slice(value.as_bytes());
            block.push(0);
        }
        Ok(Self {
            block: block.into(),
            starts: starts.into(),
        })
    }

    /// SHA-256 of all names and values: environments with the same are the same.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.block).into()
    }

    pub(crate) fn block(&self) -> &[u8] {
        &self.block
    }

    pub(crate) fn starts(&self) -> &[u32] {
        &self.starts
    }
}

/// Values are secrets, so only the number of variables is shown.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.starts.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_laid_out_as_wasi_wants_them() {
        let environment = Environment::new([("A", "1"), ("LONG", "x=y")]).expect("they are good");
        assert_eq!(environment.block(), b"A=1\0LONG=x=y\0");
        assert_eq!(environment.starts(), [0, 4]);
    }

    #[test]
    fn what_cannot_be_laid_out_is_refused() {
        assert_eq!(
            Environment::new([("", "1")]).unwrap_err(),
            EnvironmentError::Name(String::new())
        );
        assert_eq!(
            Environment::new([("A=B", "1")]).unwrap_err(),
            EnvironmentError::Name("A=B".into())
        );
        assert_eq!(
            Environment::new([("A", "1\0")]).unwrap_err(),
            EnvironmentError::Value("A".into())
        );
        let long = "x".repeat(Environment::BYTES_MAX);
        assert!(matches!(
            Environment::new([("A", long.as_str())]),
            Err(EnvironmentError::TooLong(_))
        ));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let environment = Environment::new([("TOKEN", "hush")]).expect("it is good");
        assert!(!format!("{environment:?}").contains("hush"));
    }
}
