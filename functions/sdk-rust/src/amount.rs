//! Money, exactly: whole minor units and the number of decimals they are written with. No floating point anywhere.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The most digits an amount may have, before and after the point together.
/// Times a hundred percent it stays within 64 bits, and it is exact in every language that has only doubles.
const DIGITS_MAX: usize = 15;

/// 10^15 - 1, the greatest amount of 15 digits, in minor units.
const MINOR_UNITS_MAX: u64 = 999_999_999_999_999;

/// No currency has more.
const DECIMALS_MAX: u8 = 4;

/// An amount as the platform writes it: `"84.50"` is 8450 minor units with 2 decimals, `"1200"` has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    minor_units: u64,
    decimals: u8,
}

/// Why two amounts have no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    /// The result has more than 15 digits.
    TooLarge,
    /// One has cents where the other has none: they are not of one currency.
    DecimalsDiffer,
}

impl Amount {
    /// Nothing, written with this many decimals.
    #[must_use]
    pub const fn zero(decimals: u8) -> Self {
        Amount {
            minor_units: 0,
            decimals,
        }
    }

    /// An amount known when the function is compiled, such as a default.
    #[must_use]
    pub const fn fixed(minor_units: u64, decimals: u8) -> Self {
        assert!(
            minor_units <= MINOR_UNITS_MAX && decimals <= DECIMALS_MAX,
            "a fixed amount lies within the bounds"
        );
        Amount {
            minor_units,
            decimals,
        }
    }

    /// Digits after the point.
    #[must_use]
    pub const fn decimals(self) -> u8 {
        self.decimals
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor_units == 0
    }

    /// So many times this amount.
    pub fn times(self, quantity: u64) -> Result<Self, AmountError> {
        self.with_minor_units(self.minor_units.checked_mul(quantity))
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Result<Self, AmountError> {
        if self.decimals != other.decimals {
            return Err(AmountError::DecimalsDiffer);
        }
        self.with_minor_units(self.minor_units.checked_add(other.minor_units))
    }

    /// So many hundredths of this amount, half a minor unit rounded up. `percent` is at most 100.
    #[must_use]
    pub fn percent(self, percent: u64) -> Self {
        Amount {
            minor_units: (self.minor_units * percent + 50) / 100,
            ..self
        }
    }

    /// The same value written with other decimals, if it can be: `9.50` has no form without any.
    pub fn with_decimals(self, decimals: u8) -> Result<Self, AmountError> {
        if decimals >= self.decimals {
            let scaled = self
                .minor_units
                .checked_mul(10u64.pow(u32::from(decimals - self.decimals)));
            return Amount { decimals, ..self }.with_minor_units(scaled);
        }
        let divisor = 10u64.pow(u32::from(self.decimals - decimals));
        if !self.minor_units.is_multiple_of(divisor) {
            return Err(AmountError::DecimalsDiffer);
        }
        Ok(Amount {
            minor_units: self.minor_units / divisor,
            decimals,
        })
    }

    /// Which is more, whatever decimals they are written with.
    #[must_use]
    pub fn compare(self, other: Self) -> Ordering {
        // 15 digits with four more behind them still fit 64 bits.
        let scaled = |amount: Self| {
            amount.minor_units * 10u64.pow(u32::from(DECIMALS_MAX - amount.decimals))
        };
        scaled(self).cmp(&scaled(other))
    }

    fn with_minor_units(self, minor_units: Option<u64>) -> Result<Self, AmountError> {
        let minor_units = minor_units
            .filter(|units| *units <= MINOR_UNITS_MAX)
            .ok_or(AmountError::TooLarge)?;
        Ok(Amount {
            minor_units,
            ..self
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction))
                if (1..=usize::from(DECIMALS_MAX)).contains(&fraction.len()) =>
            {
                (whole, fraction)
            }
            Some(_) => return None,
            None => (text, ""),
        };
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leading_zero || whole.len() + fraction.len() > DIGITS_MAX {
            return None;
        }
        let mut minor_units = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if !digit.is_ascii_digit() {
                return None;
            }
            minor_units = minor_units * 10 + u64::from(digit - b'0');
        }
        Some(Amount {
            minor_units,
            decimals: fraction.len() as u8,
        })
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10u64.pow(u32::from(self.decimals));
        write!(f, "{}", self.minor_units / one)?;
        if self.decimals > 0 {
            write!(
                f,
                ".{:0width$}",
                self.minor_units % one,
                width = usize::from(self.decimals)
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AmountError::TooLarge => "an amount would have more than 15 digits",
            AmountError::DecimalsDiffer => {
                "amounts of one currency have the same number of decimals"
            }
        })
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(AmountVisitor)
    }
}

/// For `#[serde(deserialize_with = "amount_or_none")]`: an empty text is no amount.
pub fn amount_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Amount>, D::Error> {
    from.deserialize_str(AmountOrNoneVisitor)
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as \"84.50\", of at most 15 digits, 4 of them after the point")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
        Amount::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

struct AmountOrNoneVisitor;

impl Visitor<'_> for AmountOrNoneVisitor {
    type Value = Option<Amount>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as \"84.50\", or \"\" for none")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Amount>, E> {
        if text.is_empty() {
            return Ok(None);
        }
        AmountVisitor.visit_str(text).map(Some)
    }
}
