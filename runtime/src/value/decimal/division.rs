//! Quotients of decimals.

use std::ops::Div;

use super::{Decimal, nearest_ratio, or_overflow, overflow};

impl<const SCALE: u8> Decimal<SCALE> {
    /// The quotient of two decimals with `SCALE` digits, halves rounded away from zero:
    /// `Decimal::<4>::ratio(paid, due)`. Panics with [`Overflow`](crate::value::Overflow) if the
    /// divisor is zero or the quotient is out of range. `paid / due` is the quotient as a float.
    #[must_use]
    #[track_caller]
    pub fn ratio<const L: u8, const R: u8>(dividend: Decimal<L>, divisor: Decimal<R>) -> Self {
        or_overflow!(Self::checked_ratio(dividend, divisor), "{dividend} / {divisor} as Decimal<{SCALE}>")
    }

    /// As [`Decimal::ratio`]. `None` if the divisor is zero or the quotient is out of range.
    #[must_use]
    pub fn checked_ratio<const L: u8, const R: u8>(dividend: Decimal<L>, divisor: Decimal<R>) -> Option<Self> {
        let is_negative = (dividend.0 < 0) != (divisor.0 < 0);
        let (mut dividend, mut divisor) = (u128::from(dividend.0.unsigned_abs()), u128::from(divisor.0.unsigned_abs()));
        // The quotient of the scaled numbers has `L - R` digits after the point.
        let mut missing = u32::from(SCALE) + u32::from(R);
        let spare = u32::from(L).min(missing);
        missing -= spare;
        divisor = divisor.checked_mul(10_u128.pow(u32::from(L) - spare))?;
        // Long division, digit by digit. A dividend with all zeros appended would overflow.
        let mut quotient = dividend.checked_div(divisor)?;
        dividend %= divisor;
        for _ in 0..missing {
            dividend *= 10;
            quotient = quotient.checked_mul(10)?.checked_add(dividend / divisor)?;
            dividend %= divisor;
        }
        quotient += u128::from(2 * dividend >= divisor);
        let quotient = i128::try_from(quotient).ok()?;
        i64::try_from(if is_negative { -quotient } else { quotient }).ok().map(Decimal)
    }
}

/// The quotient as a float, rounded to the nearest, because a ratio of two decimals may have
/// infinitely many digits. Panics with [`Overflow`](crate::value::Overflow) if the divisor is zero.
/// [`Decimal::ratio`] returns a quotient with a given number of digits.
impl<const SCALE: u8, const OTHER: u8> Div<Decimal<OTHER>> for Decimal<SCALE> {
    type Output = f64;

    #[inline]
    #[track_caller]
    fn div(self, other: Decimal<OTHER>) -> f64 {
        if other.0 == 0 {
            overflow(format_args!("{self} / {other}, a division by zero"));
        }
        // Both times 10^(SCALE + OTHER), without the digits that they share.
        let shared = SCALE.min(OTHER);
        let dividend = i128::from(self.0) * 10_i128.pow(u32::from(OTHER - shared));
        let divisor = i128::from(other.0) * 10_i128.pow(u32::from(SCALE - shared));
        nearest_ratio(if divisor < 0 { -dividend } else { dividend }, divisor.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_rounded_halves_away_from_zero() {
        let cases: [(i64, i64, Option<i64>); 9] = [
            (100, 300, Some(3333)),
            (200, 300, Some(6667)),
            (-200, 300, Some(-6667)),
            (1, 20_000, Some(1)),
            (-1, 20_000, Some(-1)),
            (1, 20_001, Some(0)),
            (7, 0, None),
            (i64::MAX, 1, None),
            (i64::MAX, i64::MAX, Some(10_000)),
        ];
        for (dividend, divisor, expected) in cases {
            let quotient = Decimal::<4>::checked_ratio(Decimal::<2>(dividend), Decimal::<2>(divisor));
            assert_eq!(quotient, expected.map(Decimal), "{dividend} / {divisor}");
        }
    }

    #[test]
    fn operands_of_a_ratio_may_have_other_scales() {
        assert_eq!(Decimal::<0>::ratio(Decimal::<18>(2_500_000_000_000_000_000), Decimal::<0>(1)), Decimal(3));
        assert_eq!(Decimal::<18>::ratio(Decimal::<0>(1), Decimal::<18>(i64::MAX)).0, 108_420_217_248_550_443);
        assert_eq!(Decimal::<2>::checked_ratio(Decimal::<18>(1), Decimal::<0>(i64::MAX)), Some(Decimal(0)));
    }

    #[test]
    fn float_quotients_are_the_nearest() {
        assert_eq!(Decimal::<2>(150) / Decimal::<0>(2), 0.75);
        assert_eq!(Decimal::<6>(1_000_000_000_001_000_000) / Decimal::<6>(-1_000_000), -1_000_000_000_001.0);
        assert_eq!(Decimal::<18>(i64::MAX) / Decimal::<0>(i64::MAX), 1e-18);
        let by_zero = std::panic::catch_unwind(|| Decimal::<2>(150) / Decimal::<2>(0)).unwrap_err();
        assert!(by_zero.downcast_ref::<crate::value::Overflow>().unwrap().what.contains("1.50 / 0.00"));
    }
}
