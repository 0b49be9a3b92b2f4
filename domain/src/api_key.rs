//! API keys: `cw_live_<id>_<secret><crc>` for a tenant, `cw_platform_<id>_<secret><crc>` for the platform.
//!
//! The id finds the key; the SHA-256 of the whole text is what is stored and compared; the CRC lets a typing error be
//! refused without a look-up (the shape of GitHub's tokens). Every part is base62.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH: usize = 10;
const SECRET_LENGTH: usize = 30;
const CRC_LENGTH: usize = 6;

/// Whose key it is, as its prefix says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Acts for one tenant.
    Tenant,
    /// Acts for the platform, and for any tenant that it names.
    Platform,
}

impl KeyKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Tenant => "cw_live_",
            Self::Platform => "cw_platform_",
        }
    }
}

/// A key whose form and CRC are right. Whether it exists is for its hash to tell.
#[derive(Clone)]
pub struct ApiKey {
    kind: KeyKind,
    text: String,
}

impl ApiKey {
    /// A new key from the system's randomness.
    #[must_use]
    pub fn generate(kind: KeyKind) -> Self {
        let mut text = format!(
            "{}{}_{}",
            kind.prefix(),
            random_base62(ID_LENGTH),
            random_base62(SECRET_LENGTH)
        );
        text.push_str(&crc_of(&text));
        Self { kind, text }
    }

    /// The key that this text is, or `None` when it cannot be one. No look-up is needed to refuse it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let kind = [KeyKind::Tenant, KeyKind::Platform]
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))?;
        let rest = &text.as_bytes()[kind.prefix().len()..];
        let is_key = rest.len() == ID_LENGTH + 1 + SECRET_LENGTH + CRC_LENGTH
            && rest[ID_LENGTH] == b'_'
            && rest
                .iter()
                .enumerate()
                .all(|(at, b)| at == ID_LENGTH || b.is_ascii_alphanumeric());
        if !is_key {
            return None;
        }
        let (body, crc) = text.split_at(text.len() - CRC_LENGTH);
        (crc == crc_of(body)).then(|| Self {
            kind,
            text: text.to_owned(),
        })
    }

    /// Whose key it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public part that finds the key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.text[self.kind.prefix().len()..][..ID_LENGTH]
    }

    /// The whole secret text, shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is stored and compared.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// Whether this key's hash is the stored one, in constant time.
    #[must_use]
    pub fn has_hash(&self, stored: &[u8; 32]) -> bool {
        self.sha256().ct_eq(stored).into()
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}_…", self.kind.prefix(), self.id())
    }
}

fn crc_of(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CRC_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8(digits.to_vec()).expect("the alphabet is ASCII")
}

fn random_base62(length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut bytes = [0u8; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes).expect("the system has randomness");
        // 248 = 4 × 62: bytes above it would make the first letters likelier.
        let letters = bytes
            .iter()
            .filter(|b| **b < 248)
            .map(|b| char::from(ALPHABET[usize::from(b % 62)]));
        text.extend(letters.take(length - text.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_reads_back_and_matches_its_hash() {
        for kind in [KeyKind::Tenant, KeyKind::Platform] {
            let key = ApiKey::generate(kind);
            let read = ApiKey::parse(key.expose()).expect("a generated key is well formed");
            assert_eq!((read.kind(), read.id()), (kind, key.id()));
            assert!(read.has_hash(&key.sha256()));
            assert!(!read.has_hash(&[0; 32]));
        }
    }

    #[test]
    fn one_wrong_letter_is_refused_without_a_look_up() {
        let key = ApiKey::generate(KeyKind::Tenant);
        for at in "cw_live_".len()..key.expose().len() {
            let mut text = key.expose().as_bytes().to_vec();
            text[at] = if text[at] == b'a' { b'b' } else { b'a' };
            assert!(
                ApiKey::parse(std::str::from_utf8(&text).unwrap()).is_none(),
                "letter {at}"
            );
        }
        for bad in ["", "cw_live_", "cw_live_é", "Bearer x", &"x".repeat(10_000)] {
            assert!(ApiKey::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_key_does_not_show_its_secret() {
        let key = ApiKey::generate(KeyKind::Tenant);
        assert_eq!(format!("{key:?}"), format!("cw_live_{}_…", key.id()));
    }
}
