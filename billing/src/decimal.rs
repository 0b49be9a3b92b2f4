//! Whole numbers and exact fractions as decimals, for people and for JSON.

use num_bigint::BigInt;
use num_traits::Signed;

/// `number` × 10^−`places` as a decimal with exactly so many places: `(1234, 2)` is `12.34`.
#[must_use]
pub fn fixed(number: &BigInt, places: u32) -> String {
    let sign = if number.is_negative() { "-" } else { "" };
    let places = places as usize;
    let digits = format!("{:0>width$}", number.abs().to_string(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    match part {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

/// The same without trailing zeros: `(1200, 3)` is `1.2`.
#[must_use]
pub fn trimmed(number: &BigInt, places: u32) -> String {
    let text = fixed(number, places);
    if places == 0 {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A whole number with its thousands set apart: `50,000,000,000`.
#[must_use]
pub fn grouped(number: &BigInt) -> String {
    let digits = number.abs().to_string();
    let mut text = String::from(if number.is_negative() { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let n = |number: i64| BigInt::from(number);
        assert_eq!(fixed(&n(1234), 2), "12.34");
        assert_eq!(fixed(&n(-5), 2), "-0.05");
        assert_eq!(fixed(&n(0), 2), "0.00");
        assert_eq!(fixed(&n(7), 0), "7");
        assert_eq!(trimmed(&n(1_200_000), 6), "1.2");
        assert_eq!(trimmed(&n(1), 9), "0.000000001");
        assert_eq!(trimmed(&n(0), 6), "0");
        assert_eq!(trimmed(&n(100), 0), "100");
        assert_eq!(grouped(&n(50_000_000_000)), "50,000,000,000");
        assert_eq!(grouped(&n(-100)), "-100");
    }
}
