//! Names that people choose, checked once, where they come in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}; got {shown}")]
pub struct NameError {
    /// Which name, for example "a function's name".
    pub what: &'static str,
    /// The rule, in words.
    pub rule: &'static str,
    /// What came in, quoted, escaped and cut.
    pub shown: String,
}

/// A refused name as it may be shown: escaped, and cut after 40 characters, since it can be anything of any length.
fn shown(text: &str) -> String {
    let length = text.chars().count();
    let head: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if length > 40 {
        format!("\"{head}…\" ({length} characters)")
    } else {
        format!("\"{head}\"")
    }
}

fn is_label(text: &str, length_max: usize) -> bool {
    let bytes = text.as_bytes();
    (1..=length_max).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes[bytes.len() - 1] != b'-'
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                if check(&text) {
                    Ok(Self(text))
                } else {
                    Err(NameError { what: $what, rule: $rule, shown: shown(&text) })
                }
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name!(
    /// The name of a function, unique within its tenant.
    FunctionName,
    "a function's name",
    "1 to 63 lowercase letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
    |text| is_label(text, 63)
);
name!(
    /// The name of a tenant in addresses and headers, unique in the installation.
    TenantSlug,
    "a tenant's name",
    "1 to 63 lowercase letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
    |text| is_label(text, 63)
);
name!(
    /// The name of an alias, unique within its function. `live` always exists. At most 31 bytes, since it stands in the meter record.
    AliasName,
    "an alias' name",
    "1 to 31 lowercase letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
    |text| is_label(text, 31)
);
name!(
    /// The name of a target: an extension point that the platform defines, such as `cart.discount`.
    TargetName,
    "a target's name",
    "1 to 63 characters: labels of lowercase letters, digits and hyphens, joined by dots",
    |text| text.len() <= 63 && text.split('.').all(|label| is_label(label, 63))
);

impl AliasName {
    /// The alias that every function has.
    #[must_use]
    pub fn live() -> Self {
        Self("live".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_name_is_a_label() {
        for good in ["a", "volume-discount", "a1", &"a".repeat(63)] {
            assert!(good.parse::<FunctionName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "A",
            "1a",
            "-a",
            "a-",
            "a_b",
            "a b",
            "ä",
            "a/b",
            "a\0",
            &"a".repeat(64),
        ] {
            assert!(bad.parse::<FunctionName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_refused_name_is_shown_escaped_and_cut() {
        let error = "\u{7}x".repeat(5000).parse::<FunctionName>().unwrap_err();
        assert!(error.to_string().len() < 400, "{error}");
        assert!(error.to_string().contains("(10000 characters)"), "{error}");
        assert!(!error.to_string().contains('\u{7}'), "{error}");
    }

    #[test]
    fn a_target_name_is_labels_joined_by_dots() {
        assert!("cart.discount".parse::<TargetName>().is_ok());
        for bad in ["cart..discount", ".cart", "cart.", "Cart.discount"] {
            assert!(bad.parse::<TargetName>().is_err(), "{bad}");
        }
    }
}
