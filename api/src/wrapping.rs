//! Wraps the keys that belong to a tenant, so that the database alone gives none of them away. AES-256-GCM-SIV, bound to
//! the tenant and to what the key is for: a row copied to another tenant or column does not open.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use anyhow::{Context, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cartwright_domain::ids::TenantId;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

const NONCE_LENGTH: usize = 12;

/// What is wrapped, as part of what binds it to its place.
const SEED: &str = "seed key v1";

/// Wraps and opens with `CARTWRIGHT_SECRETS_KEY`, and derives from it.
pub(crate) struct Wrapping {
    cipher: Aes256GcmSiv,
    derive: Hmac<Sha256>,
}

impl Wrapping {
    /// With this key, base64.
    pub(crate) fn new(key: &SecretString) -> anyhow::Result<Self> {
        let key: [u8; 32] = STANDARD
            .decode(key.expose_secret())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| {
                anyhow!("CARTWRIGHT_SECRETS_KEY must be 32 bytes in base64; `cartwright-api keys generate` makes one")
            })?;
        let keyed = |purpose: &[u8]| {
            let mut mac =
                Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
            mac.update(purpose);
            mac.finalize().into_bytes()
        };
        // Each purpose has a key of its own, so that no use of one says anything about another.
        Ok(Self {
            cipher: Aes256GcmSiv::new_from_slice(&keyed(b"cartwright wrapping v1"))
                .expect("a SHA-256 is as long as the key"),
            derive: Hmac::new_from_slice(&keyed(b"cartwright refresh v1"))
                .expect("HMAC takes a key of any length"),
        })
    }

    /// A new seed key for this tenant, wrapped for its row.
    pub(crate) fn new_seed_key(&self, tenant: TenantId) -> anyhow::Result<Vec<u8>> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| anyhow!("no randomness: {error}"))?;
        self.wrap(tenant, SEED, &key)
    }

    /// The seed key in this tenant's row.
    pub(crate) fn seed_key(&self, tenant: TenantId, wrapped: &[u8]) -> anyhow::Result<[u8; 32]> {
        let key = self.open(tenant, SEED, wrapped)?;
        key.try_into()
            .map_err(|_| anyhow!("a seed key is 32 bytes"))
    }

    /// A secret of a source, wrapped for its row.
    pub(crate) fn source_secret_wrapped(
        &self,
        tenant: TenantId,
        secret_id: Uuid,
        secret: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        self.wrap(tenant, &source_secret(secret_id), secret)
    }

    /// The secret of a source in this row.
    pub(crate) fn source_secret(
        &self,
        tenant: TenantId,
        secret_id: Uuid,
        wrapped: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        self.open(tenant, &source_secret(secret_id), wrapped)
    }

    /// The refresh token that follows this one: always the same, and nobody else can tell it. So two requests that
    /// refresh at the same moment get the same token, and none is stored.
    pub(crate) fn next_refresh_token(&self, token: &[u8; 32]) -> [u8; 32] {
        let mut mac = self.derive.clone();
        mac.update(token);
        mac.finalize().into_bytes().into()
    }

    /// Wrap a secret of a tenant for one purpose, which names its place.
    pub(crate) fn wrap(
        &self,
        tenant: TenantId,
        purpose: &str,
        secret: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|error| anyhow!("no randomness: {error}"))?;
        let payload = Payload {
            msg: secret,
            aad: &place(tenant, purpose),
        };
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| anyhow!("a key cannot be wrapped"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Open what was wrapped for this tenant and purpose.
    pub(crate) fn open(
        &self,
        tenant: TenantId,
        purpose: &str,
        wrapped: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        ensure!(wrapped.len() > NONCE_LENGTH, "a wrapped key is cut short");
        let (nonce, sealed) = wrapped.split_at(NONCE_LENGTH);
        let nonce: [u8; NONCE_LENGTH] = nonce.try_into().context("a nonce is 12 bytes")?;
        let payload = Payload {
            msg: sealed,
            aad: &place(tenant, purpose),
        };
        self.cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| {
            anyhow!("a wrapped key of tenant {tenant} does not open: CARTWRIGHT_SECRETS_KEY is another one, or the row was changed")
        })
    }
}

fn source_secret(secret_id: Uuid) -> String {
    format!("source secret v1 {secret_id}")
}

fn place(tenant: TenantId, purpose: &str) -> Vec<u8> {
    [tenant.as_bytes(), purpose.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapping(byte: u8) -> Wrapping {
        Wrapping::new(&STANDARD.encode([byte; 32]).into()).unwrap()
    }

    #[test]
    fn a_seed_key_opens_in_its_place_with_its_key_and_nowhere_else() {
        let (ours, tenant) = (wrapping(1), TenantId::new());
        let wrapped = ours.new_seed_key(tenant).unwrap();
        assert!(ours.seed_key(tenant, &wrapped).is_ok());
        assert!(ours.seed_key(TenantId::new(), &wrapped).is_err());
        assert!(wrapping(2).seed_key(tenant, &wrapped).is_err());
        assert!(ours.open(tenant, "another purpose", &wrapped).is_err());
        assert!(ours.seed_key(tenant, &wrapped[..11]).is_err());
    }

    #[test]
    fn the_next_refresh_token_is_the_same_for_us_and_another_for_another_key() {
        let token = [7; 32];
        assert_eq!(
            wrapping(1).next_refresh_token(&token),
            wrapping(1).next_refresh_token(&token)
        );
        assert_ne!(
            wrapping(1).next_refresh_token(&token),
            wrapping(2).next_refresh_token(&token)
        );
    }
}
