//! An e-mail address as it comes in: checked for its form, lowercased, so that one person has one account.

use serde::Deserialize;

/// RFC 5321 allows a path of 256 bytes, angle brackets included.
const LENGTH_MAX: usize = 254;

/// An e-mail address, lowercase. Whether it exists, only a message to it can say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct EmailAddress(String);

impl EmailAddress {
    /// The address as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        let printable = text.chars().all(|letter| {
            !letter.is_control() && !letter.is_whitespace() && !"<>(),;:\\\"[]".contains(letter)
        });
        let parts = text.split_once('@');
        let has_parts = parts.is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.contains('@')
                && domain.split('.').all(|label| !label.is_empty())
        });
        if printable && has_parts && text.len() <= LENGTH_MAX {
            Ok(Self(text.to_lowercase()))
        } else {
            Err("an e-mail address must look like ada@example.com, in at most 254 bytes")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_lowercased_and_trimmed() {
        let address = EmailAddress::try_from(" Ada@Example.COM ".to_owned()).unwrap();
        assert_eq!(address.as_str(), "ada@example.com");
        for good in [
            "a@b",
            "ada+tag@example.co.uk",
            "ünï@example.com",
            "a@localhost",
        ] {
            assert!(EmailAddress::try_from(good.to_owned()).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_no_message_could_reach_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@c",
            "a b@c.d",
            "a@.com",
            "a@b..c",
            "a\0@b.c",
            &long,
        ] {
            assert!(EmailAddress::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
