//! Arithmetic of decimals with integers: `1 - discount`, `price * 3`, `quantity < 24`.
//!
//! Only `i64` is supported. Then a literal without a suffix has only one possible type, so that
//! methods can follow: `(1 - discount).to_f64()`. With a second integer type, the type of the
//! literal would be unknown at the method call.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Sub};

use super::{Decimal, Times, divide_rounding, or_overflow};

impl<const SCALE: u8> Decimal<SCALE> {
    /// A whole number. `None` if it is out of range.
    #[must_use]
    pub const fn checked_from_integer(integer: i64) -> Option<Self> {
        match integer.checked_mul(Self::UNIT) {
            Some(scaled) => Some(Decimal(scaled)),
            None => None,
        }
    }

    /// A whole number. Panics with [`Overflow`](crate::value::Overflow) if it is out of range.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn from_integer(integer: i64) -> Self {
        or_overflow!(Self::checked_from_integer(integer), "{integer} as Decimal<{SCALE}>")
    }

    #[track_caller]
    fn times_integer(self, integer: i64) -> Self {
        Decimal(or_overflow!(self.0.checked_mul(integer), "{self} * {integer} as Decimal<{SCALE}>"))
    }

    #[track_caller]
    fn divided_by(self, integer: i64) -> Self {
        Decimal(or_overflow!(divide_rounding(self.0, integer), "{self} / {integer} as Decimal<{SCALE}>"))
    }

    fn compare(self, integer: i64) -> Ordering {
        i128::from(self.0).cmp(&(i128::from(integer) * i128::from(Self::UNIT)))
    }
}

impl<const SCALE: u8> Add<i64> for Decimal<SCALE> {
    type Output = Self;
    #[inline]
    #[track_caller]
    fn add(self, integer: i64) -> Self {
        self + Self::from_integer(integer)
    }
}

impl<const SCALE: u8> Add<Decimal<SCALE>> for i64 {
    type Output = Decimal<SCALE>;
    #[inline]
    #[track_caller]
    fn add(self, decimal: Decimal<SCALE>) -> Decimal<SCALE> {
        Decimal::from_integer(self) + decimal
    }
}

impl<const SCALE: u8> Sub<i64> for Decimal<SCALE> {
    type Output = Self;
    #[inline]
    #[track_caller]
    fn sub(self, integer: i64) -> Self {
        self - Self::from_integer(integer)
    }
}

impl<const SCALE: u8> Sub<Decimal<SCALE>> for i64 {
    type Output = Decimal<SCALE>;
    #[inline]
    #[track_caller]
    fn sub(self, decimal: Decimal<SCALE>) -> Decimal<SCALE> {
        Decimal::from_integer(self) - decimal
    }
}

impl<const SCALE: u8> Mul<i64> for Decimal<SCALE> {
    type Output = Self;
    #[inline]
    #[track_caller]
    fn mul(self, integer: i64) -> Self {
        self.times_integer(integer)
    }
}

impl<const SCALE: u8> Mul<Decimal<SCALE>> for i64 {
    type Output = Decimal<SCALE>;
    #[inline]
    #[track_caller]
    fn mul(self, decimal: Decimal<SCALE>) -> Decimal<SCALE> {
        decimal.times_integer(self)
    }
}

impl<const SCALE: u8> Times<i64> for Decimal<SCALE> {
    type Product = Self;
    #[inline]
    fn checked_times(self, integer: i64) -> Option<Self> {
        self.0.checked_mul(integer).map(Decimal)
    }
}

/// Keeps the scale, and rounds halves away from zero.
impl<const SCALE: u8> Div<i64> for Decimal<SCALE> {
    type Output = Self;
    #[inline]
    #[track_caller]
    fn div(self, integer: i64) -> Self {
        self.divided_by(integer)
    }
}

impl<const SCALE: u8> PartialEq<i64> for Decimal<SCALE> {
    #[inline]
    fn eq(&self, integer: &i64) -> bool {
        self.compare(*integer).is_eq()
    }
}

impl<const SCALE: u8> PartialOrd<i64> for Decimal<SCALE> {
    #[inline]
    fn partial_cmp(&self, integer: &i64) -> Option<Ordering> {
        Some(self.compare(*integer))
    }
}

impl<const SCALE: u8> PartialEq<Decimal<SCALE>> for i64 {
    #[inline]
    fn eq(&self, decimal: &Decimal<SCALE>) -> bool {
        decimal.compare(*self).is_eq()
    }
}

impl<const SCALE: u8> PartialOrd<Decimal<SCALE>> for i64 {
    #[inline]
    fn partial_cmp(&self, decimal: &Decimal<SCALE>) -> Option<Ordering> {
        Some(decimal.compare(*self).reverse())
    }
}
