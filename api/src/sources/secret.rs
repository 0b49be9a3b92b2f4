//! The secret that a source shares with its sender: as people write it, as bytes, and as it is stored.

use anyhow::anyhow;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::scheme::Scheme;

/// What stands before a secret of Standard Webhooks.
const PREFIX: &str = "whsec_";

/// Bytes of one that we make.
const MADE_BYTES: usize = 32;

/// Bytes of a secret that is no Standard Webhooks one.
const BYTES_MAX: usize = 512;

/// A new secret for a scheme, as the sender is told it. Shopify makes its own.
pub(super) fn make(scheme: Scheme) -> anyhow::Result<Option<String>> {
    let mut bytes = [0; MADE_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(match scheme {
        Scheme::StandardWebhooks => Some(format!("{PREFIX}{}", STANDARD.encode(bytes))),
        Scheme::Github | Scheme::Hmac => Some(hex::encode(bytes)),
        Scheme::Shopify => None,
    })
}

/// The bytes with which a sender signs who was told this secret; the rule that it breaks, if it cannot be one.
pub(super) fn bytes(scheme: Scheme, secret: &str) -> Result<Vec<u8>, String> {
    if scheme == Scheme::StandardWebhooks {
        let decoded = secret
            .strip_prefix(PREFIX)
            .and_then(|text| STANDARD.decode(text).ok());
        let fits = decoded.filter(|bytes| (24..=64).contains(&bytes.len()));
        return fits.ok_or_else(|| {
            format!("must be {PREFIX} and 24 to 64 bytes in base64, as Standard Webhooks has it")
        });
    }
    let length = secret.len();
    if !(8..=BYTES_MAX).contains(&length) {
        return Err(format!("must be 8 to {BYTES_MAX} bytes; got {length}"));
    }
    Ok(secret.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_can_be_used() {
        for scheme in [Scheme::StandardWebhooks, Scheme::Github, Scheme::Hmac] {
            let secret = make(scheme).unwrap().unwrap();
            assert!(
                bytes(scheme, &secret).unwrap().len() >= MADE_BYTES,
                "{secret}"
            );
        }
        assert_eq!(make(Scheme::Shopify).unwrap(), None);
        for bad in [
            "",
            "whsec_",
            "whsec_AAAA",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_!",
        ] {
            assert!(bytes(Scheme::StandardWebhooks, bad).is_err(), "{bad}");
        }
        assert!(bytes(Scheme::Hmac, "short").is_err());
    }
}
