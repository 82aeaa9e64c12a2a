//! Decimal numbers without floats: a published 97.4 is 974 tenths, not the nearest binary number.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Most decimals that a published figure may have.
pub const DECIMALS_MAX: u8 = 6;

/// A decimal number that remembers its precision: 12 and 12.0 are different statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal {
    units: i64,
    decimals: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a decimal number such as 13, -2 or 97.4 (at most 6 decimals)")]
pub struct InvalidDecimal {
    pub found: String,
}

impl Decimal {
    /// Its form as a regular expression, for schemas.
    pub const PATTERN: &str = r"^-?[0-9]+(\.[0-9]{1,6})?$";

    pub fn whole(value: i64) -> Self {
        Self {
            units: value,
            decimals: 0,
        }
    }

    /// `units` of the last decimal place; `None` where there are too many decimals.
    pub fn of_units(units: i64, decimals: u8) -> Option<Self> {
        (decimals <= DECIMALS_MAX).then_some(Self { units, decimals })
    }

    /// The number in units of its last decimal place.
    pub fn units(self) -> i64 {
        self.units
    }

    pub fn decimals(self) -> u8 {
        self.decimals
    }

    /// Which of two is the greater number, whatever their precisions: 12 and 12.0 are the same one.
    /// There is no `Ord`, because it would have to agree with `Eq`, which tells those two apart.
    pub fn cmp_value(self, other: Self) -> Ordering {
        self.in_finest_units().cmp(&other.in_finest_units())
    }

    /// Whether its value lies between two whole numbers or is one of them.
    pub fn is_between(self, least: i64, greatest: i64) -> bool {
        self.cmp_value(Self::whole(least)).is_ge() && self.cmp_value(Self::whole(greatest)).is_le()
    }

    /// Whether it is more than 0 and at most 100.
    pub fn is_positive_percentage(self) -> bool {
        self.is_between(0, 100) && self.cmp_value(Self::whole(0)).is_gt()
    }

    /// The value in units of the finest precision, millionths; no `Decimal` is too large for that.
    pub fn in_finest_units(self) -> i128 {
        let finer = DECIMALS_MAX.saturating_sub(self.decimals);
        i128::from(self.units) * 10_i128.pow(u32::from(finer))
    }

    /// The number of so many millionths, with `decimals`; `None` where it has more of them or does
    /// not fit.
    pub fn of_finest_units(millionths: i128, decimals: u8) -> Option<Self> {
        let scale = 10_i128.pow(u32::from(DECIMALS_MAX.checked_sub(decimals)?));
        let units = i64::try_from(millionths / scale).ok()?;
        (millionths % scale == 0).then_some(Self { units, decimals })
    }

    /// `numerator / denominator`, rounded half up (away from zero) to `decimals`; `None` where
    /// the denominator is not positive or the result does not fit.
    pub fn ratio(numerator: i64, denominator: i64, decimals: u8) -> Option<Self> {
        if denominator <= 0 || decimals > DECIMALS_MAX {
            return None;
        }
        let scaled = i128::from(numerator) * 10_i128.pow(u32::from(decimals));
        let denominator = i128::from(denominator);
        let magnitude = (2 * scaled.abs() + denominator) / (2 * denominator);
        let units = i64::try_from(magnitude * scaled.signum()).ok()?;
        Some(Self { units, decimals })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(u32::from(self.decimals));
        let magnitude = self.units.unsigned_abs();
        let sign = if self.units < 0 { "-" } else { "" };
        write!(f, "{sign}{}", magnitude / scale)?;
        if self.decimals > 0 {
            let width = usize::from(self.decimals);
            write!(f, ".{:0width$}", magnitude % scale)?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Decimal {
    type Err = InvalidDecimal;

    fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
        let invalid = || InvalidDecimal {
            found: text.chars().take(40).collect(),
        };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let well_formed = !whole.is_empty()
            && only_digits(whole)
            && only_digits(fraction)
            && digits.contains('.') != fraction.is_empty();
        let decimals = u8::try_from(fraction.len()).map_err(|_| invalid())?;
        if !well_formed || decimals > DECIMALS_MAX {
            return Err(invalid());
        }
        let units: i64 = format!("{whole}{fraction}")
            .parse()
            .map_err(|_| invalid())?;
        let units = if negative { -units } else { units };
        Ok(Self { units, decimals })
    }
}

impl TryFrom<String> for Decimal {
    type Error = InvalidDecimal;

    fn try_from(text: String) -> Result<Self, InvalidDecimal> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        decimal.to_string()
    }
}

impl schemars::JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": Self::PATTERN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_is_kept() {
        for text in ["13", "97.4", "-2", "0.05", "12.0"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "1e3",
            "--1",
            "1.2345678",
            "+1",
            "99999999999999999999",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_are_compared_by_value_whatever_their_precision() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        for (less, greater) in [
            ("99.999999", "100"),
            ("-0.05", "0"),
            ("-2", "-1.9"),
            ("9.5", "10"),
            ("-9223372036854775807", "9223372036854.775807"),
            ("9223372036854775806", "9223372036854775807"),
        ] {
            assert_eq!(decimal(less).cmp_value(decimal(greater)), Ordering::Less);
            assert_eq!(decimal(greater).cmp_value(decimal(less)), Ordering::Greater);
        }
        assert_eq!(decimal("12").cmp_value(decimal("12.0")), Ordering::Equal);
        assert_ne!(decimal("12"), decimal("12.0"));
    }

    #[test]
    fn a_share_lies_between_0_and_100_with_both_ends() {
        for (text, between) in [
            ("0", true),
            ("0.000000", true),
            ("100.00", true),
            ("99.999999", true),
            ("100.000001", false),
            ("101", false),
            ("-0.1", false),
        ] {
            let decimal: Decimal = text.parse().unwrap();
            assert_eq!(decimal.is_between(0, 100), between, "{text}");
        }
    }

    #[test]
    fn halves_are_rounded_up_once() {
        let shown = |n, d, p| Decimal::ratio(n, d, p).unwrap().to_string();
        assert_eq!(shown(1, 8, 2), "0.13");
        assert_eq!(shown(-1, 8, 2), "-0.13");
        assert_eq!(shown(2, 3, 0), "1");
        assert_eq!(shown(0, 5, 2), "0.00");
        assert_eq!(Decimal::ratio(1, 0, 2), None);
    }
}
