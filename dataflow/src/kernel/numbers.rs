//! The numbers that measures are over: how they are added up, and which of two is less. A scale is a line here.

use runtime::row::LeafType;
use runtime::value::{Date, Decimal, TimeDelta, Timestamp};

use crate::record::Record;

/// Numbers that can be added up. Sums of integers and decimals run in 128 bits and are checked at the end.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be summed",
    label = "not a number",
    note = "sums are over integers, floats, decimals and lengths of time"
)]
pub trait Measure: Record + Copy {
    /// The slot that keeps it: `S` itself.
    type Kept<S>;
    /// The slot, as that type.
    fn kept<S>(slot: S) -> Self::Kept<S>;
    /// What sums run in.
    type Sum: State;
    /// What a sum is given back as.
    type Total: Copy + Averaged;
    /// The number as a float, rounded to the nearest.
    fn float(self) -> f64;
    /// Adds a value.
    fn add(sum: Self::Sum, value: Self) -> Self::Sum;
    /// The sum, where it fits.
    fn total(sum: Self::Sum) -> Option<Self::Total>;
    /// The sum as a float, for averages.
    fn mean(sum: Self::Sum, count: u64) -> f64;
}

/// A plain value that a group's state holds.
pub trait State: runtime::page::Plain + Default + for<'a> Record<At<'a> = Self> {
    /// Its leaf.
    const LEAF: LeafType;
}
impl State for i128 {
    const LEAF: LeafType = LeafType::I128;
}
impl State for f64 {
    const LEAF: LeafType = LeafType::F64;
}

macro_rules! measures {
    ($([$($generics:tt)*] $ty:ty, $sum:ty, $total:ty,
       float $float:expr, added $added:expr, total $fitting:expr, mean $mean_sum:expr;)*) => {$(
        impl<$($generics)*> Measure for $ty {
            type Kept<S> = S;
            fn kept<S>(slot: S) -> S {
                slot
            }
            type Sum = $sum;
            type Total = $total;
            #[inline(always)]
            fn float(self) -> f64 {
                ($float)(self)
            }
            #[inline(always)]
            fn add(sum: $sum, value: Self) -> $sum {
                sum + ($added)(value)
            }
            fn total(sum: $sum) -> Option<$total> {
                ($fitting)(sum)
            }
            fn mean(sum: $sum, count: u64) -> f64 {
                ($mean_sum)(sum) / count as f64
            }
        }
    )*};
}
macro_rules! integers {
    ($total:ty: $($ty:ty)*) => {
        measures! {$(
            [] $ty, i128, $total, float |value: $ty| value as f64, added i128::from,
                total |sum: i128| sum.try_into().ok(), mean |sum: i128| sum as f64;
        )*}
    };
}
integers!(i64: i8 i16 i32 i64);
integers!(u64: u8 u16 u32 u64);
macro_rules! floats {
    ($($ty:ty)*) => {
        measures! { $([] $ty, f64, f64, float f64::from, added f64::from, total Some, mean |sum: f64| sum;)* }
    };
}
floats!(f32 f64);
measures! {
    [const SCALE: u8] Decimal<SCALE>, i128, Self, float Decimal::to_f64, added |value: Self| i128::from(value.scaled()),
        total |sum: i128| sum.try_into().ok().map(Decimal::from_scaled),
        mean |sum: i128| sum as f64 / 10f64.powi(SCALE.into());
    // A mean of lengths of time is a number of seconds.
    [] TimeDelta, i128, Self, float TimeDelta::as_seconds, added |value: Self| i128::from(value.micros()),
        total |sum: i128| sum.try_into().ok().map(TimeDelta::from_micros), mean |sum: i128| sum as f64 / 1e6;
}

/// Sums that a mean can be made of: integers, floats, decimals, lengths of time.
pub trait Averaged {
    /// The sum as a float.
    fn to_float(self) -> f64;
}

macro_rules! averaged {
    ($([$($generics:tt)*] $ty:ty, $float:expr;)*) => {$(
        impl<$($generics)*> Averaged for $ty {
            fn to_float(self) -> f64 {
                ($float)(self)
            }
        }
    )*};
}
averaged! {
    [] i64, |sum: i64| sum as f64;
    [] u64, |sum: u64| sum as f64;
    [] f64, |sum: f64| sum;
    [const SCALE: u8] Decimal<SCALE>, |sum: Self| sum.scaled() as f64 / 10f64.powi(SCALE.into());
    [] TimeDelta, TimeDelta::as_seconds;
}

/// Values with a least and a greatest: plain values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no least and greatest that an aggregate could keep",
    label = "not a plain value",
    note = "`min` and `max` are over numbers, dates, timestamps, bools and chars"
)]
pub trait Extreme: Record + Copy {
    /// The slot that keeps it: `S` itself.
    type Kept<S>;
    /// The slot, as that type.
    fn kept<S>(slot: S) -> Self::Kept<S>;
    /// How it is stored.
    type Stored: runtime::page::Plain;
    /// Its leaf.
    const LEAF: LeafType;
    /// To its stored form.
    fn store(self) -> Self::Stored;
    /// From its stored form.
    fn load(stored: Self::Stored) -> Self;
    /// Whether it comes before another; floats in total order, NaN last.
    fn less(self, other: Self) -> bool;
}

macro_rules! extremes {
    ($([$($generics:tt)*] $ty:ty as $stored:ty, $leaf:expr, $store:expr, $load:expr, $less:expr;)*) => {$(
        impl<$($generics)*> Extreme for $ty {
            type Kept<S> = S;
            fn kept<S>(slot: S) -> S {
                slot
            }
            type Stored = $stored;
            const LEAF: LeafType = $leaf;
            #[inline(always)]
            fn store(self) -> $stored {
                ($store)(self)
            }
            #[inline(always)]
            fn load(stored: $stored) -> Self {
                ($load)(stored)
            }
            #[inline(always)]
            fn less(self, other: Self) -> bool {
                ($less)(&self, &other)
            }
        }
    )*};
}
macro_rules! plain_extremes {
    ($($ty:ident $leaf:ident)*; $less:expr) => {
        extremes! { $([] $ty as $ty, LeafType::$leaf, |value| value, |value| value, $less;)* }
    };
}
plain_extremes!(i8 I8 i16 I16 i32 I32 i64 I64 i128 I128 u8 U8 u16 U16 u32 U32 u64 U64 u128 U128; PartialOrd::lt);
plain_extremes!(f32 F32 f64 F64; |left: &Self, right: &Self| left < right || (right.is_nan() && !left.is_nan()));
extremes! {
    [] bool as u8, LeafType::Bool, u8::from, |byte| byte != 0, PartialOrd::lt;
    [] char as u32, LeafType::Char, u32::from, |code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
        PartialOrd::lt;
    [] Date as i32, LeafType::Date, Date::days, Date::from_days, PartialOrd::lt;
    [] Timestamp as i64, LeafType::Timestamp, Timestamp::micros, Timestamp::from_micros, PartialOrd::lt;
    [] TimeDelta as i64, LeafType::TimeDelta, TimeDelta::micros, TimeDelta::from_micros, PartialOrd::lt;
    [const SCALE: u8] Decimal<SCALE> as i64, LeafType::Decimal(SCALE), Decimal::scaled, Decimal::from_scaled,
        PartialOrd::lt;
}
