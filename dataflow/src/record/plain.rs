//! Plain values: numbers, `bool`, `char`, dates, timestamps, time deltas and decimals. Each is one
//! leaf of fixed width.

use std::cmp::Ordering;

use runtime::page::{Claims, LeafReader, NewRow, Out, Row, SinkLeaves, Strided};
use runtime::row::{LeafType, RecordType};
use runtime::value::{Date, Decimal, TimeDelta, Timestamp};

use super::leaves::InPlace;
use super::{AsItems, Record, Value};
use crate::key::Field;

/// Implements a record with one leaf, which is stored as a plain value of another type.
macro_rules! plain {
    ($([$($generics:tt)*] $ty:ty, $leaf:expr, $stored:ty, $read:expr, $write:expr, $list:ty, $compare:expr;)*) => {$(
        impl<$($generics)*> Record for $ty {
            type At<'a> = $ty;
            type Fields<Root> = Field<Root, $ty>;
            type Cursor<'b> = Strided<'b, $stored>;
            type Sink<'w> = Out<'w, $stored>;
            type List = $list;
            type WriteDeriveRecordInstead = Self;
            const TYPE: &'static RecordType = &RecordType::Leaf($leaf);
            const BORROWS: bool = false;

            fn fields<Root>(first_leaf: usize) -> Field<Root, $ty> {
                Field::new(first_leaf)
            }
            fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
                leaves.plain()
            }
            #[inline(always)]
            fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> $ty {
                ($read)(cursor.read(row))
            }
            fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
                leaves.plain()
            }
            #[inline(always)]
            fn heap_bytes(_: $ty, _: Self::Sink<'_>) -> usize {
                0
            }
            #[inline(always)]
            fn write<'w>(at: $ty, sink: Self::Sink<'w>, row: NewRow<'w>, _: &mut Claims<'w>) {
                sink.write(row, ($write)(at));
            }
            fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, _: &mut Claims<'w>) {
                sink.write(row, <$stored>::default());
            }
            fn own(at: $ty) -> $ty {
                at
            }
            fn compare(left: $ty, right: $ty) -> Ordering {
                ($compare)(&left, &right)
            }
        }

        impl<$($generics)*> Value for $ty {
            type Record = $ty;
            #[inline(always)]
            fn twin(&self) -> $ty {
                *self
            }
        }
    )*};
}

macro_rules! numbers {
    ($list:ty, $compare:expr; $($ty:ident $leaf:ident)*) => {$(
        plain! { [] $ty, LeafType::$leaf, $ty, |value| value, |value| value, $list, $compare; }
    )*};
}
numbers!(InPlace, Ord::cmp; i16 I16 i32 I32 i64 I64 i128 I128 u8 U8 u16 U16 u32 U32 u64 U64 u128 U128);
numbers!(AsItems, Ord::cmp; i8 I8);
numbers!(InPlace, |left: &f32, right: &f32| compare_floats((*left).into(), (*right).into()); f32 F32);
numbers!(InPlace, |left: &f64, right: &f64| compare_floats(*left, *right); f64 F64);
plain! {
    [] bool, LeafType::Bool, u8, |byte| byte != 0, u8::from, AsItems, Ord::cmp;
    [] char, LeafType::Char, u32, |code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), u32::from,
        AsItems, Ord::cmp;
    [] Date, LeafType::Date, i32, Date::from_days, Date::days, InPlace, Ord::cmp;
    [] Timestamp, LeafType::Timestamp, i64, Timestamp::from_micros, Timestamp::micros, InPlace, Ord::cmp;
    [] TimeDelta, LeafType::TimeDelta, i64, TimeDelta::from_micros, TimeDelta::micros, InPlace, Ord::cmp;
    [const SCALE: u8] Decimal<SCALE>, LeafType::Decimal(SCALE), i64, Decimal::from_scaled, Decimal::scaled,
        InPlace, Ord::cmp;
}

/// Compares with NaN last and -0 equal to 0.
fn compare_floats(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

/// The record without fields: the key of an ungrouped aggregate.
impl Record for () {
    type At<'a> = ();
    type Fields<Root> = ();
    type Cursor<'b> = ();
    type Sink<'w> = ();
    type List = AsItems;
    type WriteDeriveRecordInstead = Self;
    const TYPE: &'static RecordType = &RecordType::Record { name: "", fields: &[] };
    const BORROWS: bool = false;

    fn fields<Root>(_: usize) {}
    fn cursor<'b>(_: &mut LeafReader<'b>) {}
    fn at<'b>((): (), _: Row<'b>) {}
    fn sink<'w>(_: &mut SinkLeaves<'w>) {}
    fn heap_bytes((): (), (): ()) -> usize {
        0
    }
    fn write<'w>((): (), (): (), _: NewRow<'w>, _: &mut Claims<'w>) {}
    fn write_null<'w>((): (), _: NewRow<'w>, _: &mut Claims<'w>) {}
    fn own((): ()) {}
    fn compare((): (), (): ()) -> Ordering {
        Ordering::Equal
    }
}

impl Value for () {
    type Record = ();
    fn twin(&self) {}
}

/// A length or an index, emitted as `u64`, which has the same width on all machines.
impl Value for usize {
    type Record = u64;
    #[inline(always)]
    fn twin(&self) -> u64 {
        *self as u64
    }
}
