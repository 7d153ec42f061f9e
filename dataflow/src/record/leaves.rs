//! Texts, byte strings and lists of plain values: one leaf with a slot, read in place.

use std::cmp::Ordering;

use runtime::page::{
    Claims, LeafReader, NewRow, OutBytes, OutList, OutText, Row, SinkLeaves, StridedBytes, StridedList, StridedText,
};
use runtime::row::{Element, LeafType, RecordType};
use runtime::value::{Date, Decimal, TimeDelta, Timestamp};

use super::list_form::{ListForm, ListOf};
use super::texts::AsTexts;
use super::{Record, Value};
use crate::key::Field;

impl Record for String {
    type At<'a> = &'a str;
    type Fields<Root> = Field<Root, String>;
    type Cursor<'b> = StridedText<'b>;
    type Sink<'w> = OutText<'w>;
    type List = AsTexts;
    type WriteDeriveRecordInstead = Self;
    const TYPE: &'static RecordType = &RecordType::Leaf(LeafType::Text);
    const BORROWS: bool = true;

    fn fields<Root>(first_leaf: usize) -> Field<Root, String> {
        Field::new(first_leaf)
    }
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        leaves.text()
    }
    #[inline(always)]
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> &'b str {
        cursor.read(row)
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        leaves.text()
    }
    #[inline(always)]
    fn heap_bytes(at: &str, sink: Self::Sink<'_>) -> usize {
        sink.heap_bytes(at)
    }
    #[inline(always)]
    fn write<'w>(at: &str, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        sink.write(row, at, claims);
    }
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        sink.write(row, "", claims);
    }
    fn own(at: &str) -> String {
        at.to_owned()
    }
    fn compare(left: &str, right: &str) -> Ordering {
        left.cmp(right)
    }
}

impl Value for String {
    type Record = String;
    #[inline(always)]
    fn twin(&self) -> &str {
        self
    }
}

impl Value for str {
    type Record = String;
    #[inline(always)]
    fn twin(&self) -> &str {
        self
    }
}

/// The representation of lists of plain values: contiguous, read as a slice.
pub struct InPlace;

macro_rules! in_place {
    ([$($generics:tt)*] $ty:ty, $leaf:expr, $cursor:ident $(<$element:ty>)?, $sink:ident $(<$written:ty>)?, $take:ident) => {
        impl<$($generics)*> ListForm<$ty> for InPlace {
            type At<'a> = &'a [$ty];
            type Cursor<'b> = $cursor<'b $(, $element)?>;
            type Sink<'w> = $sink<'w $(, $written)?>;
            const TYPE: &'static RecordType = &RecordType::Leaf($leaf);

            fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
                leaves.$take()
            }
            #[inline(always)]
            fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> &'b [$ty] {
                cursor.read(row)
            }
            fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
                leaves.$take()
            }
            #[inline(always)]
            fn heap_bytes(at: &[$ty], sink: Self::Sink<'_>) -> usize {
                sink.heap_bytes(at)
            }
            #[inline(always)]
            fn write<'w>(at: &[$ty], sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
                sink.write(row, at, claims);
            }
            fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
                sink.write(row, &[], claims);
            }
            fn own(at: &[$ty]) -> Vec<$ty> {
                at.to_owned()
            }
            fn compare(left: &[$ty], right: &[$ty]) -> Ordering {
                let parts = left.iter().zip(right).map(|(left, right)| <$ty>::compare(*left, *right));
                super::list_form::first_difference(parts).then(left.len().cmp(&right.len()))
            }
        }

        impl<$($generics)*> ListOf<$ty, Vec<$ty>> for InPlace {
            #[inline(always)]
            fn twin(list: &Vec<$ty>) -> &[$ty] {
                list
            }
        }

        impl<$($generics)*> ListOf<$ty, [$ty]> for InPlace {
            #[inline(always)]
            fn twin(list: &[$ty]) -> &[$ty] {
                list
            }
        }
    };
}

in_place!([] u8, LeafType::Bytes, StridedBytes, OutBytes, bytes);

macro_rules! lists {
    ($($ty:ty, $element:ident;)*) => {$(
        in_place!([] $ty, LeafType::List(Element::$element), StridedList<$ty>, OutList<$ty>, list);
    )*};
}
lists! {
    i16, I16; i32, I32; i64, I64; i128, I128; u16, U16; u32, U32; u64, U64; u128, U128; f32, F32; f64, F64;
    Date, Date; Timestamp, Timestamp; TimeDelta, TimeDelta;
}
in_place!(
    [const SCALE: u8] Decimal<SCALE>,
    LeafType::List(Element::Decimal(SCALE)),
    StridedList<Decimal<SCALE>>,
    OutList<Decimal<SCALE>>,
    list
);
