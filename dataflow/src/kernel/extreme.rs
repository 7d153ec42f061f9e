//! Plain values that have a minimum and a maximum.

use runtime::page::Plain;
use runtime::row::LeafType;
use runtime::value::{Date, Decimal, TimeDelta, Timestamp};

use super::FoldState;

/// Plain values that have a minimum and a maximum.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no least and greatest that an aggregate could keep",
    label = "not a plain value",
    note = "`min` and `max` are over numbers, dates, timestamps, bools and chars; `min_by` and `max_by` carry a text if both closures name fields: make the value that is compared in a `.map(..)` before"
)]
pub trait Extreme: FoldState {
    /// Always `S`. A type without this trait thus has no slot, and causes only one error.
    type Kept<S>;
    /// Returns the slot as that type.
    fn kept<S>(slot: S) -> Self::Kept<S>;
    /// The stored form.
    type Stored: Plain;
    /// The type of its leaf.
    const LEAF: LeafType;
    /// Converts to the stored form.
    fn store(self) -> Self::Stored;
    /// Converts from the stored form.
    fn load(stored: Self::Stored) -> Self;
    /// Returns `true` if `self` is less than `other`. Floats are in total order, NaN last.
    fn less(self, other: Self) -> bool;
}

macro_rules! extremes {
    ($([$($generics:tt)*] $ty:ty as $stored:ty, $leaf:expr,
       store($value:ident) $store:expr, load($bytes:ident) $load:expr, less($left:ident, $right:ident) $less:expr;)*) => {$(
        impl<$($generics)*> Extreme for $ty {
            type Kept<S> = S;
            fn kept<S>(slot: S) -> S {
                slot
            }
            type Stored = $stored;
            const LEAF: LeafType = $leaf;
            #[inline(always)]
            fn store(self) -> $stored {
                let $value = self;
                $store
            }
            #[inline(always)]
            fn load($bytes: $stored) -> Self {
                $load
            }
            #[inline(always)]
            fn less(self, $right: Self) -> bool {
                let $left = self;
                $less
            }
        }
    )*};
}
macro_rules! plain_extremes {
    ($($ty:ident $leaf:ident)*) => {
        extremes! {$(
            [] $ty as $ty, LeafType::$leaf, store(value) value, load(value) value, less(a, b) a < b;
        )*}
    };
}
plain_extremes!(i8 I8 i16 I16 i32 I32 i64 I64 i128 I128 u8 U8 u16 U16 u32 U32 u64 U64 u128 U128);
extremes! {
    [] bool as u8, LeafType::Bool, store(value) u8::from(value), load(byte) byte != 0, less(a, b) !a & b;
    [] char as u32, LeafType::Char, store(value) value.into(), load(code) char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
        less(a, b) a < b;
    [] Date as i32, LeafType::Date, store(day) day.days(), load(days) Date::from_days(days), less(a, b) a < b;
    [] Timestamp as i64, LeafType::Timestamp, store(time) time.micros(), load(micros) Timestamp::from_micros(micros),
        less(a, b) a < b;
    [] TimeDelta as i64, LeafType::TimeDelta, store(time) time.micros(), load(micros) TimeDelta::from_micros(micros),
        less(a, b) a < b;
    [const SCALE: u8] Decimal<SCALE> as i64, LeafType::Decimal(SCALE), store(value) value.scaled(),
        load(scaled) Decimal::from_scaled(scaled), less(a, b) a.scaled() < b.scaled();
    [] f32 as f32, LeafType::F32, store(value) value, load(value) value, less(a, b) a < b || (b.is_nan() && !a.is_nan());
    [] f64 as f64, LeafType::F64, store(value) value, load(value) value, less(a, b) a < b || (b.is_nan() && !a.is_nan());
}
