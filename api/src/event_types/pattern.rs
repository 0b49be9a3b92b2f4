//! Names of event types, and patterns over them.

/// Letters of a name.
const LENGTH_MAX: usize = 128;

/// Whether a text can be the name of an event type; the rule, if not.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let fits = (1..=LENGTH_MAX).contains(&name.len());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    if fits && name.bytes().all(allowed) {
        return Ok(());
    }
    let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
    Err(format!(
        "must be 1 to {LENGTH_MAX} letters, digits, dots, slashes, hyphens and underscores, such as orders/paid; got \"{shown}\""
    ))
}

/// Which types a subscription is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Every type.
    All,
    /// Types that begin so, and go on; it ends in a slash or a dot.
    Below(String),
    /// This type.
    Exactly(String),
}

impl Pattern {
    /// Read a pattern, or say the rule that it breaks.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::All);
        }
        match text.strip_suffix('*') {
            Some(prefix) if prefix.ends_with(['/', '.']) => {
                check_name(prefix).map(|()| Self::Below(prefix.to_owned()))
            }
            Some(_) => Err(
                "a pattern is `*`, or a name that ends in `/*` or `.*`, such as orders/*"
                    .to_owned(),
            ),
            None => check_name(text).map(|()| Self::Exactly(text.to_owned())),
        }
    }

    /// Whether a type is one of these.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Below(prefix) => name.len() > prefix.len() && name.starts_with(prefix.as_str()),
            Self::Exactly(exact) => name == exact,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_what_it_says() {
        for (pattern, name, matches) in [
            ("*", "orders/paid", true),
            ("orders/*", "orders/paid", true),
            ("orders/*", "orders/paid/twice", true),
            ("orders/*", "orders/", false),
            ("orders/*", "orders", false),
            ("orders/*", "orders.paid", false),
            ("order.*", "order.paid", true),
            ("order.*", "order", false),
            ("orders/paid", "orders/paid", true),
            ("orders/paid", "orders/paid2", false),
            ("orders/paid", "Orders/paid", false),
        ] {
            let read = Pattern::parse(pattern).unwrap();
            assert_eq!(read.matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_no_name_or_pattern_is_refused() {
        for bad in [
            "",
            "**",
            "a*",
            "*a",
            "a/*/b",
            "a b",
            "ä",
            "a\0",
            "/*x",
            &"x".repeat(129),
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad:?}");
        }
        for good in ["a", "A/b.c_d-9", &"x".repeat(128)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        assert!(check_name("orders/*").is_err());
    }
}
