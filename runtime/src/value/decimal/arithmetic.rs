//! Arithmetic of decimals with decimals.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use super::{Decimal, or_overflow};

impl<const SCALE: u8> Decimal<SCALE> {
    /// The sum. `None` if it overflows.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(scaled) => Some(Decimal(scaled)),
            None => None,
        }
    }

    /// The difference. `None` if it overflows.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(scaled) => Some(Decimal(scaled)),
            None => None,
        }
    }

    /// The product, whose scale is the sum of both scales. `None` if it overflows.
    #[must_use]
    pub fn checked_mul<R>(self, other: R) -> Option<<Self as Times<R>>::Product>
    where
        Self: Times<R>,
    {
        self.checked_times(other)
    }
}

impl<const SCALE: u8> Add for Decimal<SCALE> {
    type Output = Self;

    #[inline]
    #[track_caller]
    fn add(self, other: Self) -> Self {
        or_overflow!(self.checked_add(other), "{self} + {other} as Decimal<{SCALE}>")
    }
}

impl<const SCALE: u8> Sub for Decimal<SCALE> {
    type Output = Self;

    #[inline]
    #[track_caller]
    fn sub(self, other: Self) -> Self {
        or_overflow!(self.checked_sub(other), "{self} - {other} as Decimal<{SCALE}>")
    }
}

impl<const SCALE: u8> AddAssign for Decimal<SCALE> {
    #[inline]
    #[track_caller]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const SCALE: u8> SubAssign for Decimal<SCALE> {
    #[inline]
    #[track_caller]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<const SCALE: u8> Neg for Decimal<SCALE> {
    type Output = Self;

    #[inline]
    #[track_caller]
    fn neg(self) -> Self {
        Decimal(or_overflow!(self.0.checked_neg(), "-({self}) as Decimal<{SCALE}>"))
    }
}

/// Adds in 128 bits, so only the total must be in range.
impl<const SCALE: u8> Sum for Decimal<SCALE> {
    #[track_caller]
    fn sum<I: Iterator<Item = Self>>(decimals: I) -> Self {
        let total: i128 = decimals.map(|decimal| i128::from(decimal.0)).sum();
        Decimal(or_overflow!(i64::try_from(total).ok(), "a sum of {total}e-{SCALE} as Decimal<{SCALE}>"))
    }
}

impl<'a, const SCALE: u8> Sum<&'a Self> for Decimal<SCALE> {
    #[track_caller]
    fn sum<I: Iterator<Item = &'a Self>>(decimals: I) -> Self {
        decimals.copied().sum()
    }
}

/// A factor of a decimal: an integer, or a decimal. Both scales together are at most 18.
#[diagnostic::on_unimplemented(
    message = "`{Self}` times `{R}` has no scale",
    label = "the scales of a product add up, and may reach 18",
    note = "reduce one first: `price.rescale::<2>()`"
)]
pub trait Times<R> {
    /// The product.
    type Product;
    /// The product. `None` if it overflows.
    fn checked_times(self, other: R) -> Option<Self::Product>;
}

/// Implements products for each pair of scales. `A + B` is not allowed as a constant expression of
/// type parameters, so the pairs are listed: each scale with the scales of the second factor.
macro_rules! products {
    ($($left:literal: $($right:literal)*;)*) => {$($(
        impl Times<Decimal<$right>> for Decimal<$left> {
            type Product = Decimal<{ $left + $right }>;

            #[inline]
            fn checked_times(self, other: Decimal<$right>) -> Option<Self::Product> {
                self.0.checked_mul(other.0).map(Decimal)
            }
        }

        impl Mul<Decimal<$right>> for Decimal<$left> {
            type Output = Decimal<{ $left + $right }>;

            #[inline]
            #[track_caller]
            #[allow(clippy::suspicious_arithmetic_impl, reason = "the scales of a product add up")]
            fn mul(self, other: Decimal<$right>) -> Self::Output {
                or_overflow!(self.checked_times(other), "{self} * {other} as Decimal<{}>", $left + $right)
            }
        }
    )*)*};
}
products! {
    0: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18;
    1: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17;
    2: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16;
    3: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15;
    4: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14;
    5: 0 1 2 3 4 5 6 7 8 9 10 11 12 13;
    6: 0 1 2 3 4 5 6 7 8 9 10 11 12;
    7: 0 1 2 3 4 5 6 7 8 9 10 11;
    8: 0 1 2 3 4 5 6 7 8 9 10;
    9: 0 1 2 3 4 5 6 7 8 9;
    10: 0 1 2 3 4 5 6 7 8;
    11: 0 1 2 3 4 5 6 7;
    12: 0 1 2 3 4 5 6;
    13: 0 1 2 3 4 5;
    14: 0 1 2 3 4;
    15: 0 1 2 3;
    16: 0 1 2;
    17: 0 1;
    18: 0;
}
