//! Numbers: values that can be summed and averaged.

use runtime::page::Plain;
use runtime::row::LeafType;
use runtime::value::{Decimal, Overflow, TimeDelta};

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
    /// The type in which numbers are summed.
    type Sum: State;
    /// The type of the result.
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
    ($([$($generics:tt)*] $ty:ty, $sum:ty => $total:ty,
       float($value:ident) $float:expr, added($added:ident) $number:expr,
       total($all:ident) $checked:expr, scaled($scaled:ident) $mean:expr;)*) => {$(
        impl<$($generics)*> Measure for $ty {
            type Kept<S> = S;
            fn kept<S>(slot: S) -> S {
                slot
            }
            type Sum = $sum;
            type Total = $total;
            #[inline(always)]
            fn float(self) -> f64 {
                let $value = self;
                $float
            }
            #[inline(always)]
            fn add(sum: $sum, $added: Self) -> $sum {
                sum + $number
            }
            fn total($all: $sum) -> Option<$total> {
                $checked
            }
            fn mean($scaled: $sum, count: u64) -> f64 {
                $mean / count as f64
            }
        }
    )*};
}
macro_rules! integers {
    ($total:ty: $($ty:ty)*) => {
        numbers! {$(
            [] $ty, i128 => $total, float(value) value as f64, added(value) i128::from(value),
            total(sum) sum.try_into().ok(), scaled(sum) sum as f64;
        )*}
    };
}
integers!(i64: i8 i16 i32 i64);
integers!(u64: u8 u16 u32 u64);
numbers! {
    [] f32, f64 => f64, float(value) value.into(), added(value) f64::from(value), total(sum) Some(sum), scaled(sum) sum;
    [] f64, f64 => f64, float(value) value, added(value) value, total(sum) Some(sum), scaled(sum) sum;
    [const SCALE: u8] Decimal<SCALE>, i128 => Self, float(value) value.to_f64(), added(value) i128::from(value.scaled()),
        total(sum) sum.try_into().ok().map(Decimal::from_scaled), scaled(sum) sum as f64 / 10f64.powi(SCALE.into());
    // A mean is a number of seconds.
    [] TimeDelta, i128 => Self, float(value) value.as_seconds(), added(value) i128::from(value.micros()),
        total(sum) sum.try_into().ok().map(TimeDelta::from_micros), scaled(sum) sum as f64 / 1e6;
}

/// Sums that a mean can be made of: integers, floats, decimals.
pub trait Averaged {
    /// The sum as a float.
    fn to_float(self) -> f64;
}

macro_rules! averaged {
    ($($ty:ty)*) => {$(
        impl Averaged for $ty {
            fn to_float(self) -> f64 {
                self as f64
            }
        }
    )*};
}
averaged!(i64 u64 f64);

impl<const SCALE: u8> Averaged for Decimal<SCALE> {
    fn to_float(self) -> f64 {
        self.scaled() as f64 / 10f64.powi(SCALE.into())
    }
}

impl Averaged for TimeDelta {
    fn to_float(self) -> f64 {
        self.as_seconds()
    }
}

/// A sum leaves the range of its type.
pub(crate) fn too_large<V>() -> Overflow {
    let path = std::any::type_name::<V>();
    let name = path.rsplit("::").next().unwrap_or(path);
    Overflow { what: format!("a sum of {name} leaves the type's range; widen the measure first") }
}
