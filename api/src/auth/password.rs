//! Passwords: hashed with Argon2id away from the async workers, few at a time, since each hash takes 19 MiB and tens of
//! milliseconds on purpose.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, anyhow};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::error::ApiError;

const LENGTH_MIN: usize = 8;
/// Longer ones would make hashing a lever for whoever wants to keep us busy.
const LENGTH_MAX_BYTES: usize = 1024;

/// How long a request waits for its turn to hash.
const TURN_WITHIN: Duration = Duration::from_secs(10);

/// A password as it came in, well-formed and never shown.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Password(SecretString);

impl TryFrom<String> for Password {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.chars().count() < LENGTH_MIN || text.len() > LENGTH_MAX_BYTES {
            return Err(format!(
                "a password must be {LENGTH_MIN} characters or more, and {LENGTH_MAX_BYTES} bytes at most"
            ));
        }
        Ok(Self(text.into()))
    }
}

/// A password that someone claims to be theirs: of any form, since only its hash can say.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Attempt(SecretString);

impl From<String> for Attempt {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Password> for Attempt {
    fn from(password: Password) -> Self {
        Self(password.0)
    }
}

/// What an unknown person's password is compared with, so that the answer takes as long as a known one's.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash(b"of nobody").expect("Argon2 hashes with its default parameters"));

/// Hashes passwords, a few at a time.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// As many at a time as there are processors, but one for everything else.
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(processors.saturating_sub(1).max(1))),
        }
    }

    /// The hash to store for this password.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, ApiError> {
        self.in_turn(move || hash(password.0.expose_secret().as_bytes()))
            .await?
    }

    /// Whether this is the password with that hash. Without a hash it takes as long, and says no.
    pub(crate) async fn matches(
        &self,
        attempt: Attempt,
        stored: Option<String>,
    ) -> Result<bool, ApiError> {
        let known = stored.is_some();
        let matches = self
            .in_turn(move || {
                let stored = stored.unwrap_or_else(|| NOBODY.clone());
                let hash = PasswordHash::new(&stored)
                    .map_err(|error| anyhow!("a stored password hash cannot be read: {error}"))?;
                let attempt = attempt.0.expose_secret().as_bytes();
                Ok::<_, ApiError>(
                    attempt.len() <= LENGTH_MAX_BYTES
                        && Argon2::default().verify_password(attempt, &hash).is_ok(),
                )
            })
            .await??;
        Ok(matches && known)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = tokio::time::timeout(TURN_WITHIN, self.turns.clone().acquire_owned())
            .await
            .map_err(|_| ApiError::RateLimited {
                detail: "too many people sign in at this moment".to_owned(),
                retry_after_s: 5,
            })?
            .context("the turns are never closed")?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        Ok(done.await.context("hashing a password ended early")?)
    }
}

fn hash(password: &[u8]) -> Result<String, ApiError> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password)
        .map_err(|error| anyhow!("a password cannot be hashed: {error}"))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_nobody_matches_none() {
        let passwords = Passwords::new();
        let password = Password::try_from("correct horse".to_owned()).ok().unwrap();
        let hash = passwords.hash(password.clone()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        let matches = |text: &str, hash: Option<String>| {
            passwords.matches(Attempt::from(text.to_owned()), hash)
        };
        assert!(matches("correct horse", Some(hash.clone())).await.unwrap());
        assert!(!matches("correct horsf", Some(hash)).await.unwrap());
        assert!(!matches("of nobody", None).await.unwrap());
    }

    #[test]
    fn a_password_that_is_too_short_or_too_long_is_refused_without_repeating_it() {
        for bad in ["", "seven77", &"x".repeat(1025)] {
            let refusal = Password::try_from(bad.to_owned()).err().unwrap();
            assert!(bad.is_empty() || !refusal.contains(bad));
        }
        assert!(Password::try_from("ünïcödé€".to_owned()).is_ok());
    }
}
