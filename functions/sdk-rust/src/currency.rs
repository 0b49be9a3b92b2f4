//! The currency of a cart: three capital letters, looked up nowhere.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// An ISO 4217 code, `EUR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("three capital ASCII letters are UTF-8")
    }

    fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
        letters
            .iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Currency(letters))
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(CurrencyVisitor)
    }
}

/// For `#[serde(deserialize_with = "currency_or_none")]`: an empty text is no currency.
pub fn currency_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Currency>, D::Error> {
    from.deserialize_str(CurrencyOrNoneVisitor)
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

struct CurrencyVisitor;

impl Visitor<'_> for CurrencyVisitor {
    type Value = Currency;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a currency of three capital letters, such as \"EUR\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Currency, E> {
        Currency::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

struct CurrencyOrNoneVisitor;

impl Visitor<'_> for CurrencyOrNoneVisitor {
    type Value = Option<Currency>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a currency of three capital letters, such as \"EUR\", or \"\" for any")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Currency>, E> {
        if text.is_empty() {
            return Ok(None);
        }
        CurrencyVisitor.visit_str(text).map(Some)
    }
}
