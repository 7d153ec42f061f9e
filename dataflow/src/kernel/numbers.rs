//! Numbers that can be summed and averaged.

use runtime::page::Plain;
use runtime::row::LeafType;
use runtime::value::{Decimal, Overflow, TimeDelta, nearest_ratio};

use crate::record::Record;

/// Numbers that can be summed. Integers and decimals are summed in 128 bits, and the result is
/// checked at the end.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be summed",
    label = "not a number",
    note = "sums are over integers, floats, decimals and lengths of time"
)]
pub trait Measure: Record + Copy {
    /// Always `S`. A type without this trait thus has no slot, and causes only one error.
    type Kept<S>;
    /// Returns the slot as that type.
    fn kept<S>(slot: S) -> Self::Kept<S>;
    /// The type in which numbers are summed.
    type Sum: State;
    /// The type of the result.
    type Total: Copy + Averaged;
    /// Unscaled units in one: the unscaled number of 1.25 with two digits is 125.
    const UNITS: f64;
    /// The advice in the error message of a sum that overflows.
    const ADVICE: &'static str;
    /// Returns the number as the nearest float.
    fn float(self) -> f64;
    /// Returns the unscaled number as the exact sum of two floats. The first is the nearest float.
    fn unscaled(self) -> [f64; 2];
    /// Adds a value to a sum.
    fn add(sum: Self::Sum, value: Self) -> Self::Sum;
    /// Returns the sum in the result type. `None` if it does not fit.
    fn total(sum: Self::Sum) -> Option<Self::Total>;
    /// Returns the sum divided by a count, rounded once to the nearest float. Sums of floats have
    /// been rounded before.
    fn mean(sum: Self::Sum, count: u64) -> f64;
}

/// A plain value in the state of a group.
pub trait State: Plain + Default + for<'a> Record<At<'a> = Self> {
    /// The type of its leaf.
    const LEAF: LeafType;
}
impl State for i128 {
    const LEAF: LeafType = LeafType::I128;
}
impl State for f64 {
    const LEAF: LeafType = LeafType::F64;
}

macro_rules! numbers {
    ($([$($generics:tt)*] $ty:ty, $sum:ty => $total:ty, $units:expr, $advice:expr,
       float($value:ident) $float:expr, unscaled($whole:ident) $unscaled:expr, added($added:ident) $number:expr,
       total($all:ident) $checked:expr, mean($scaled:ident, $count:ident) $mean:expr;)*) => {$(
        impl<$($generics)*> Measure for $ty {
            type Kept<S> = S;
            fn kept<S>(slot: S) -> S {
                slot
            }
            type Sum = $sum;
            type Total = $total;
            const UNITS: f64 = $units as f64;
            const ADVICE: &'static str = $advice;
            #[inline(always)]
            fn float(self) -> f64 {
                let $value = self;
                $float
            }
            #[inline(always)]
            fn unscaled(self) -> [f64; 2] {
                let $whole = self;
                $unscaled
            }
            #[inline(always)]
            fn add(sum: $sum, $added: Self) -> $sum {
                sum + $number
            }
            fn total($all: $sum) -> Option<$total> {
                $checked
            }
            fn mean($scaled: $sum, $count: u64) -> f64 {
                $mean
            }
        }
    )*};
}
macro_rules! integers {
    ($total:ty, $parts:expr; $($ty:ty)*) => {
        numbers! {$(
            [] $ty, i128 => $total, 1, INTEGERS, float(value) value as f64, unscaled(value) $parts(value.into()), added(value) i128::from(value),
            total(sum) sum.try_into().ok(), mean(sum, count) mean_of(sum, count, 1);
        )*}
    };
}
integers!(i64, exact_parts; i8 i16 i32);
integers!(i64, float_parts; i64);
integers!(u64, exact_parts; u8 u16 u32);
integers!(u64, float_parts_unsigned; u64);
numbers! {
    [] f32, f64 => f64, 1, FLOATS, float(value) value.into(), unscaled(value) [value.into(), 0.0], added(value) f64::from(value),
        total(sum) Some(sum), mean(sum, count) sum / count as f64;
    [] f64, f64 => f64, 1, FLOATS, float(value) value, unscaled(value) [value, 0.0], added(value) value,
        total(sum) Some(sum), mean(sum, count) sum / count as f64;
    [const SCALE: u8] Decimal<SCALE>, i128 => Self, 10_u64.pow(SCALE as u32), DECIMALS,
        float(value) value.to_f64(), unscaled(value) float_parts(value.scaled()), added(value) i128::from(value.scaled()),
        total(sum) sum.try_into().ok().map(Decimal::from_scaled), mean(sum, count) mean_of(sum, count, 10_u64.pow(SCALE.into()));
    // The mean of time deltas is a number of seconds.
    [] TimeDelta, i128 => Self, 1_000_000, TIMES,
        float(value) value.as_seconds(), unscaled(value) float_parts(value.micros()), added(value) i128::from(value.micros()),
        total(sum) sum.try_into().ok().map(TimeDelta::from_micros), mean(sum, count) mean_of(sum, count, 1_000_000);
}

const INTEGERS: &str = "sum it as a float, `x as f64`, or make it an `i128` in a `map` and use `group_by(..).sum(..)`";
const FLOATS: &str = "sum smaller numbers";
const DECIMALS: &str = "no decimal is wider; sum it with fewer digits, `x.rescale::<0>()`, or as a float, `x.to_f64()`";
const TIMES: &str = "sum it as a float, `x.as_seconds()`";

#[inline(always)]
fn exact_parts(value: f64) -> [f64; 2] {
    [value, 0.0]
}

/// Splits an integer into two halves that are floats, and adds them without loss.
#[inline(always)]
fn float_parts(value: i64) -> [f64; 2] {
    exact_sum((value >> 32 << 32) as f64, (value & 0xffff_ffff) as f64)
}

#[inline(always)]
fn float_parts_unsigned(value: u64) -> [f64; 2] {
    exact_sum((value >> 32 << 32) as f64, (value & 0xffff_ffff) as f64)
}

/// Returns the rounded sum and its rounding error. Exact if the sum is finite (TwoSum, Knuth).
#[inline(always)]
pub(crate) fn exact_sum(left: f64, right: f64) -> [f64; 2] {
    let sum = left + right;
    let of_right = sum - left;
    let rest = (left - (sum - of_right)) + (right - of_right);
    [sum, rest]
}

/// Returns the mean of `count` numbers. NaN if `count` is 0.
fn mean_of(sum: i128, count: u64, units: u64) -> f64 {
    if count == 0 { f64::NAN } else { nearest_ratio(sum, u128::from(count) * u128::from(units)) }
}

/// Sums that have a mean: integers, floats, decimals, time deltas.
pub trait Averaged {
    /// Returns the sum divided by a count, rounded like [`Measure::mean`]. NaN if the count is 0.
    fn mean(self, count: u64) -> f64;
}

macro_rules! averaged {
    ($([$($generics:tt)*] $ty:ty, $sum:ident => $wide:expr;)*) => {$(
        impl<$($generics)*> Averaged for $ty {
            fn mean(self, count: u64) -> f64 {
                let $sum = self;
                <$ty as Measure>::mean($wide, count)
            }
        }
    )*};
}
averaged! {
    [] i64, sum => sum.into();
    [] u64, sum => sum.into();
    [] f64, sum => sum;
    [const SCALE: u8] Decimal<SCALE>, sum => sum.scaled().into();
    [] TimeDelta, sum => sum.micros().into();
}

/// The error of a sum that does not fit its type.
pub(crate) fn sum_too_large<V: Measure>() -> Overflow {
    Overflow { what: format!("a sum of {} leaves the type's range; {}", short_name::<V>(), V::ADVICE) }
}

/// The error of a state without a value. It does not occur, because each group has a record.
pub(crate) fn no_value<V>() -> Overflow {
    Overflow { what: format!("a measure of {} has no value", short_name::<V>()) }
}

fn short_name<V>() -> &'static str {
    let path = std::any::type_name::<V>();
    path.rsplit("::").next().unwrap_or(path)
}
