//! Types that may be read from any initialised bytes.

use crate::value::{Date, Decimal, TimeDelta, Timestamp};

/// A value stored as its own little-endian bytes.
///
/// # Safety
/// Every bit pattern of `size_of::<Self>()` bytes is a valid value, there is no padding, and the
/// size is 1, 2, 4, 8 or 16.
pub unsafe trait Plain: Copy + Send + Sync + 'static {}

macro_rules! plain {
    ($($ty:ty)*) => {$(
        // SAFETY: integers and floats have no padding and no invalid bit pattern.
        unsafe impl Plain for $ty {}
    )*};
}
plain!(i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64);

/// An element of a list. Lists are read in place, as slices.
///
/// # Safety
/// As [`Plain`], and wider than one byte: slots of one-byte elements are texts and byte strings,
/// which may be inline.
pub unsafe trait ListElement: Copy + Send + Sync + 'static {}

macro_rules! element {
    ($($ty:ty)*) => {$(
        // SAFETY: integers and floats are `Plain`.
        unsafe impl ListElement for $ty {}
    )*};
}
element!(i16 i32 i64 i128 u16 u32 u64 u128 f32 f64);
// SAFETY: `repr(transparent)` over `i32`, any value of which is a date.
unsafe impl ListElement for Date {}
// SAFETY: `repr(transparent)` over `i64`, any value of which is a timestamp.
unsafe impl ListElement for Timestamp {}
// SAFETY: `repr(transparent)` over `i64`, any value of which is a length of time.
unsafe impl ListElement for TimeDelta {}
// SAFETY: `repr(transparent)` over `i64`, any value of which is a decimal.
unsafe impl<const SCALE: u8> ListElement for Decimal<SCALE> {}
