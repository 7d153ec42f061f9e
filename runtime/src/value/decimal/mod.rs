//! [`Decimal`]: scaled integers.

mod arithmetic;
mod division;
mod integers;
#[cfg(test)]
mod tests;
mod text;

pub use arithmetic::Times;
pub use text::decimal_form;
pub use text::{decimal_text, parse_decimal, write_decimal};

use super::overflow::{or_overflow, overflow};
use super::ratio::nearest_ratio;

/// A decimal number with `SCALE` digits after the point, at most 18, stored as an `i64`.
///
/// ```
/// use runtime::value::Decimal;
///
/// let (price, discount): (Decimal<2>, Decimal<2>) = ("901.00".parse()?, "0.05".parse()?);
/// let revenue: Decimal<4> = price * (1 - discount);
/// assert_eq!(revenue.to_string(), "855.9500");
/// # Ok::<(), runtime::value::ParseValueError>(())
/// ```
///
/// Sums and products are exact. Operators panic with [`Overflow`](super::Overflow), which ends the
/// job and reports the operation and its place. The `checked_` methods return `None` instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Decimal<const SCALE: u8>(i64);

impl<const SCALE: u8> Decimal<SCALE> {
    /// Zero.
    pub const ZERO: Self = Decimal(0);
    /// One, scaled.
    const UNIT: i64 = {
        assert!(SCALE <= text::MAX_DIGITS, "a Decimal has at most 18 digits after the point");
        10_i64.pow(SCALE as u32)
    };

    /// The number `scaled / 10^SCALE`.
    #[must_use]
    pub const fn from_scaled(scaled: i64) -> Self {
        Decimal(scaled)
    }

    /// The number times `10^SCALE`.
    #[must_use]
    pub const fn scaled(self) -> i64 {
        self.0
    }

    /// The number as a float, rounded to the nearest.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        nearest_ratio(self.0.into(), Self::UNIT.unsigned_abs().into())
    }

    /// The decimal nearest to a float, halves rounded away from zero. Panics with
    /// [`Overflow`](super::Overflow) for NaN, and for floats out of range.
    #[must_use]
    #[track_caller]
    pub fn round_from(value: f64) -> Self {
        or_overflow!(Self::checked_round_from(value), "{value} as Decimal<{SCALE}>")
    }

    /// As [`Decimal::round_from`]. `None` for NaN, and for floats out of range.
    #[must_use]
    pub fn checked_round_from(value: f64) -> Option<Self> {
        // 2^63 is a float, and the first that is too large for any number of digits.
        if !(-(2_f64.powi(63))..2_f64.powi(63)).contains(&value) {
            return None;
        }
        // Whole part and fraction are exact, so the product is rounded once.
        let (whole, fraction) = (value.trunc() as i128, value.fract());
        let scaled = whole * i128::from(Self::UNIT) + scaled_fraction(fraction, Self::UNIT);
        i64::try_from(scaled).ok().map(Decimal)
    }

    /// The number with `TO` digits after the point. Halves are rounded away from zero if these are
    /// fewer digits. Panics with [`Overflow`](super::Overflow) if the result is out of range.
    #[must_use]
    #[track_caller]
    pub fn rescale<const TO: u8>(self) -> Decimal<TO> {
        or_overflow!(self.checked_rescale(), "{self} as Decimal<{TO}>")
    }

    /// As [`Decimal::rescale`]. `None` if the result is out of range.
    #[must_use]
    pub fn checked_rescale<const TO: u8>(self) -> Option<Decimal<TO>> {
        let scaled = if TO >= SCALE {
            self.0.checked_mul(Decimal::<TO>::UNIT / Self::UNIT)?
        } else {
            divide_rounding(self.0, Self::UNIT / Decimal::<TO>::UNIT)?
        };
        Some(Decimal(scaled))
    }

    /// The absolute value. Panics with [`Overflow`](super::Overflow) for the least number.
    #[must_use]
    #[track_caller]
    pub fn abs(self) -> Self {
        Decimal(or_overflow!(self.0.checked_abs(), "the magnitude of {self}"))
    }
}

/// The integer nearest to `fraction`, which is below 1, times `factor`. Halves are rounded away
/// from zero.
fn scaled_fraction(fraction: f64, factor: i64) -> i128 {
    const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    const BIAS: u64 = 1023;
    let bits = fraction.to_bits();
    let (exponent, mantissa) = (bits >> MANTISSA_BITS & 0x7ff, bits & ((1 << MANTISSA_BITS) - 1));
    // `fraction` is `mantissa / 2^shift`. A product has at most 113 bits, so from 2^114 on it is
    // less than a half.
    let shift = BIAS + u64::from(MANTISSA_BITS) - exponent;
    if shift > 114 {
        return 0;
    }
    let product = i128::from(mantissa | 1 << MANTISSA_BITS) * i128::from(factor);
    let rounded = (product + (1 << (shift - 1))) >> shift;
    if fraction < 0.0 { -rounded } else { rounded }
}

/// The quotient, halves rounded away from zero. `None` if the divisor is zero or the quotient is
/// out of range.
fn divide_rounding(dividend: i64, divisor: i64) -> Option<i64> {
    let quotient = dividend.checked_div(divisor)?;
    let rest = (dividend % divisor).unsigned_abs();
    // Means `2 * rest >= divisor`, but cannot overflow.
    if rest >= divisor.unsigned_abs() - rest {
        let away = if (dividend < 0) == (divisor < 0) { 1 } else { -1 };
        return quotient.checked_add(away);
    }
    Some(quotient)
}
