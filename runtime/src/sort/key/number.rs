//! Plain values as unsigned numbers with the same order.

use std::ops::BitXor;

/// Evaluates `$body` for a plain leaf type. `$raw` is the type that is read, and `$number` converts
/// it to an unsigned number of the same order.
///
/// Numbers have the width of the type. Floats are in total order, with NaN last and -0 = 0. For
/// other types it evaluates `$other`.
macro_rules! with_numbers {
    ($ty:expr, ($raw:ident, $number:ident) => $body:expr, else $other:expr) => {{
        use $crate::row::LeafType as L;
        macro_rules! run {
            ($of:ty, $make:expr) => {{
                type $raw = $of;
                let $number = $make;
                $body
            }};
        }
        match $ty {
            L::Bool | L::U8 | L::Valid | L::Tag(_) => run!(u8, |value: u8| u64::from(value)),
            L::I8 => run!(u8, |value: u8| u64::from(value ^ (1 << 7))),
            L::U16 => run!(u16, |value: u16| u64::from(value)),
            L::I16 => run!(u16, |value: u16| u64::from(value ^ (1 << 15))),
            L::U32 | L::Char => run!(u32, |value: u32| u64::from(value)),
            L::I32 | L::Date => run!(u32, |value: u32| u64::from(value ^ (1 << 31))),
            L::U64 => run!(u64, |value: u64| value),
            L::I64 | L::Timestamp | L::TimeDelta | L::Decimal(_) => run!(u64, |value: u64| value ^ (1 << 63)),
            L::F32 => run!(f32, $crate::sort::key::number::float32),
            L::F64 => run!(f64, $crate::sort::key::number::float64),
            L::U128 => run!(u128, |value: u128| value),
            L::I128 => run!(u128, |value: u128| value ^ (1 << 127)),
            L::Text | L::Bytes | L::Texts | L::List(_) | L::Items(_) => $other,
        }
    }};
}
pub(crate) use with_numbers;

#[inline(always)]
pub(crate) fn float64(value: f64) -> u64 {
    if value.is_nan() {
        return u64::MAX;
    }
    // -0 becomes 0. Then the sign bit is flipped, or all bits if it is set.
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

#[inline(always)]
pub(crate) fn float32(value: f32) -> u64 {
    if value.is_nan() {
        return u64::from(u32::MAX);
    }
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    u64::from(if bits >> 31 == 1 { !bits } else { bits | (1 << 31) })
}

/// A number that a plain value is ordered by, of 64 or 128 bits.
pub(crate) trait Number: Copy + Ord + BitXor<Output = Self> {
    fn of(wide: u128) -> Self;
    fn wide(self) -> u128;
    fn low(self) -> u64;
    fn minus(self, other: Self) -> Self;
    fn without(self, low_bits: u32) -> Self;
}

macro_rules! numbers {
    ($($ty:ty)*) => {$(
        impl Number for $ty {
            #[inline(always)]
            fn of(wide: u128) -> Self {
                wide as Self
            }
            #[inline(always)]
            fn wide(self) -> u128 {
                self.into()
            }
            #[inline(always)]
            fn low(self) -> u64 {
                self as u64
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn without(self, low_bits: u32) -> Self {
                self >> low_bits
            }
        }
    )*};
}
numbers! { u64 u128 }
