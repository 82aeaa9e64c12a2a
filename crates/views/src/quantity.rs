//! An exact number with what it is made of; it is rounded once, when it is shown.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};
use townclerk_domain::decimal::Decimal;

/// Decimals with which percentages are shown.
const PERCENT_DECIMALS: u8 = 2;

/// Decimals with which means are shown.
const MEAN_DECIMALS: u8 = 1;

/// A figure's number before it is rounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    exact: BigRational,
    decimals: u8,
    /// What the number is made of, where it fits.
    pub numerator: Option<i64>,
    /// For ratios; none for counts.
    pub denominator: Option<i64>,
    /// Whether any of it was made up for a demonstration.
    pub sample: bool,
}

impl Quantity {
    pub fn count(count: i64, sample: bool) -> Self {
        Self {
            exact: BigRational::from_integer(count.into()),
            decimals: 0,
            numerator: Some(count),
            denominator: None,
            sample,
        }
    }

    /// `numerator` of `denominator`, in percent; `None` of nothing.
    pub fn percent(numerator: i64, denominator: i64, sample: bool) -> Option<Self> {
        let share = share(numerator, denominator)?;
        Some(Self {
            exact: percent_of(share),
            decimals: PERCENT_DECIMALS,
            numerator: Some(numerator),
            denominator: Some(denominator),
            sample,
        })
    }

    /// `numerator` for each of `denominator`; `None` of nothing.
    pub fn ratio(numerator: i64, denominator: i64, decimals: u8, sample: bool) -> Option<Self> {
        Some(Self {
            exact: share(numerator, denominator)?,
            decimals,
            numerator: Some(numerator),
            denominator: Some(denominator),
            sample,
        })
    }

    /// `sum` over `count` of them, such as minutes for each outage; `None` of none.
    pub fn mean(sum: i64, count: i64, sample: bool) -> Option<Self> {
        Self::ratio(sum, count, MEAN_DECIMALS, sample)
    }

    /// Both together, not rounded in between: numerator and denominator are those of the sum in
    /// lowest terms.
    pub fn plus(&self, other: &Self) -> Self {
        let exact = &self.exact + &other.exact;
        Self {
            numerator: exact.numer().to_i64(),
            denominator: exact.denom().to_i64(),
            exact,
            decimals: self.decimals.max(other.decimals),
            sample: self.sample || other.sample,
        }
    }

    /// The mean of shares, each numerator of denominator, in percent; `None` of none.
    pub fn mean_percent(shares: &[(i64, i64)], sample: bool) -> Option<Self> {
        let mut sum = BigRational::from_integer(BigInt::ZERO);
        for (numerator, denominator) in shares {
            sum += share(*numerator, *denominator)?;
        }
        let count = i64::try_from(shares.len())
            .ok()
            .filter(|count| *count > 0)?;
        let mean = sum / BigRational::from_integer(count.into());
        Some(Self {
            decimals: PERCENT_DECIMALS,
            numerator: mean.numer().to_i64(),
            denominator: mean.denom().to_i64(),
            exact: percent_of(mean),
            sample,
        })
    }

    /// Whether the exact number is less than `limit`.
    pub fn is_below(&self, limit: Decimal) -> bool {
        let scale = BigInt::from(10).pow(limit.decimals().into());
        self.exact < BigRational::new(limit.units().into(), scale)
    }

    /// As it is shown.
    pub fn shown(&self) -> Option<Decimal> {
        self.rounded(self.decimals)
    }

    /// Rounded half up (away from zero); `None` where it does not fit.
    pub fn rounded(&self, decimals: u8) -> Option<Decimal> {
        let scale = BigRational::from_integer(BigInt::from(10).pow(decimals.into()));
        let scaled = &self.exact * scale;
        let half = BigRational::new(1.into(), 2.into());
        let magnitude = (scaled.abs() + half).floor().to_integer().to_i64()?;
        let units = if scaled.is_negative() {
            -magnitude
        } else {
            magnitude
        };
        Decimal::of_units(units, decimals)
    }
}

fn share(numerator: i64, denominator: i64) -> Option<BigRational> {
    (denominator > 0).then(|| BigRational::new(numerator.into(), denominator.into()))
}

fn percent_of(share: BigRational) -> BigRational {
    share * BigRational::from_integer(100.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(quantity: Option<Quantity>) -> String {
        quantity
            .and_then(|q| q.shown())
            .map(|d| d.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_percentage_is_rounded_half_up_once() {
        assert_eq!(shown(Quantity::percent(43_479, 44_640, false)), "97.40");
        assert_eq!(shown(Quantity::percent(1, 800, false)), "0.13");
        assert_eq!(shown(Quantity::percent(1, 0, false)), "");
    }

    #[test]
    fn a_mean_is_of_the_unrounded_shares() {
        // Each rounds to 33.33 %; their mean is a third.
        let thirds = [(1, 3), (10_000, 30_000), (7, 21)];
        let mean = Quantity::mean_percent(&thirds, false).unwrap();
        assert_eq!((mean.numerator, mean.denominator), (Some(1), Some(3)));
        assert_eq!(mean.rounded(6).unwrap().to_string(), "33.333333");
        // 0.005 and 0.004 of a hundred are 0.0045 on average: rounded first it would be 0.01.
        let small = [(5, 100_000), (4, 100_000)];
        assert_eq!(shown(Quantity::mean_percent(&small, false)), "0.00");
        assert_eq!(Quantity::mean_percent(&[], false), None);
    }

    #[test]
    fn a_ratio_is_rounded_once_and_a_sum_of_two_not_before() {
        let third = Quantity::ratio(100, 3, 1, false).unwrap();
        assert_eq!(shown(Some(third.clone())), "33.3");
        assert_eq!((third.numerator, third.denominator), (Some(100), Some(3)));
        // 33.33… and 16.66… are exactly 50.
        let sixth = Quantity::ratio(100, 6, 1, true).unwrap();
        let both = third.plus(&sixth);
        assert_eq!((both.numerator, both.denominator), (Some(50), Some(1)));
        assert!(both.sample);
        // 0.04 and 0.04 are shown as 0.0 each, and together as 0.1.
        let small = Quantity::ratio(1, 25, 1, false).unwrap();
        assert_eq!(shown(Some(small.clone())), "0.0");
        assert_eq!(shown(Some(small.plus(&small))), "0.1");
        assert_eq!(Quantity::ratio(5, 0, 1, false), None);
    }

    #[test]
    fn what_does_not_fit_has_no_parts_and_still_a_value() {
        let primes = [
            9_973, 9_967, 9_949, 9_941, 9_931, 9_929, 9_923, 9_907, 9_901, 9_887, 9_883, 9_871,
        ];
        let shares: Vec<(i64, i64)> = primes.iter().map(|prime| (prime - 1, *prime)).collect();
        let mean = Quantity::mean_percent(&shares, false).unwrap();
        assert_eq!((mean.numerator, mean.denominator), (None, None));
        assert_eq!(mean.shown().unwrap().to_string(), "99.99");
    }
}
