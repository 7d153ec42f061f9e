//! Texts, byte strings and lists: one leaf with a slot.

use runtime::page::{
    Claims, LeafReader, NewRow, OutBytes, OutList, OutText, Row, SinkLeaves, StridedBytes, StridedList, StridedText,
};
use runtime::row::{Element, LeafType, SchemaBuilder, Shape};
use runtime::value::{Date, Decimal, Timestamp};

use super::{Record, Value};
use crate::key::Field;

/// A record of one slot.
macro_rules! slot {
    ([$($generics:tt)*] $ty:ty as $twin:ty, $leaf:expr, $cursor:ident $(<$element:ty>)?, $sink:ident, $take:ident) => {
        impl<$($generics)*> Record for $ty {
            type At<'a> = &'a $twin;
            type Fields<Root> = Field<Root, $ty>;
            type Cursor<'b> = $cursor<'b $(, $element)?>;
            type Sink<'w> = $sink<'w $(, $element)?>;
            const LEAVES: usize = 1;
            const BORROWS: bool = true;

            fn describe(schema: &mut SchemaBuilder) -> Shape {
                schema.leaf($leaf)
            }
            fn fields<Root>(first_leaf: usize) -> Field<Root, $ty> {
                Field::new(first_leaf)
            }
            fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
                leaves.$take()
            }
            #[inline(always)]
            fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> &'b $twin {
                cursor.read(row)
            }
            fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
                leaves.$take()
            }
            #[inline(always)]
            fn heap_bytes(at: &$twin, sink: Self::Sink<'_>) -> usize {
                sink.heap_bytes(at)
            }
            #[inline(always)]
            fn write<'w>(at: &$twin, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
                sink.write(row, at, claims);
            }
            fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
                sink.write(row, <&$twin>::default(), claims);
            }
            fn own(at: &$twin) -> $ty {
                at.to_owned()
            }
        }

        impl<$($generics)*> Value for $ty {
            type Record = $ty;
            #[inline(always)]
            fn twin(&self) -> &$twin {
                self
            }
        }

        impl<$($generics)*> Value for $twin {
            type Record = $ty;
            #[inline(always)]
            fn twin(&self) -> &$twin {
                self
            }
        }
    };
}

slot!([] String as str, LeafType::Text, StridedText, OutText, text);
slot!([] Vec<u8> as [u8], LeafType::Bytes, StridedBytes, OutBytes, bytes);

macro_rules! lists {
    ($($ty:ty, $element:ident;)*) => {$(
        slot!([] Vec<$ty> as [$ty], LeafType::List(Element::$element), StridedList<$ty>, OutList, list);
    )*};
}
lists! {
    i16, I16; i32, I32; i64, I64; i128, I128; u16, U16; u32, U32; u64, U64; u128, U128; f32, F32; f64, F64;
    Date, Date; Timestamp, Timestamp;
}
slot!(
    [const SCALE: u8] Vec<Decimal<SCALE>> as [Decimal<SCALE>],
    LeafType::List(Element::Decimal(SCALE)),
    StridedList<Decimal<SCALE>>,
    OutList,
    list
);
