//! Labels that people write for people: what a key is for, what a tenant is called.

use crate::error::{ApiError, Violation};

const LENGTH_MAX: usize = 200;

/// Refuse a label that is empty, too long, or holds what no line of text holds. `pointer` names the member.
pub(crate) fn check_label(pointer: &str, label: &str) -> Result<(), ApiError> {
    let length = label.chars().count();
    let fits = (1..=LENGTH_MAX).contains(&length);
    if fits && !label.trim().is_empty() && !label.chars().any(char::is_control) {
        return Ok(());
    }
    Err(ApiError::InvalidMembers(vec![Violation {
        pointer: pointer.to_owned(),
        detail: format!(
            "must be 1 to {LENGTH_MAX} characters of text without control characters; got {length} characters"
        ),
    }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_line_that_says_something() {
        for good in ["CI", "Ada's laptop", "ключ", &"x".repeat(200)] {
            assert!(check_label("/name", good).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a\0b", "a\nb", &"x".repeat(201)] {
            assert!(check_label("/name", bad).is_err(), "{bad:?}");
        }
    }
}
