//! Tuples of one to eight records.

use std::cmp::Ordering;

use runtime::page::{Claims, LeafReader, NewRow, Row, SinkLeaves};
use runtime::row::{FieldType, RecordType};

use super::{AsItems, Record, Value};

macro_rules! tuple {
    ($($name:ident $_other:ident $index:tt),*) => {
        impl<$($name: Record),*> Record for ($($name,)*) {
            type At<'a> = ($($name::At<'a>,)*);
            type Fields<Root> = ($($name::Fields<Root>,)*);
            type Cursor<'b> = ($($name::Cursor<'b>,)*);
            type Sink<'w> = ($($name::Sink<'w>,)*);
            type List = AsItems;
            type WriteDeriveRecordInstead = Self;
            const TYPE: &'static RecordType =
                &RecordType::Record { name: "", fields: &[$(FieldType::named(stringify!($index), $name::TYPE)),*] };
            const BORROWS: bool = false $(|| $name::BORROWS)*;

            #[allow(unused_assignments, reason = "the last part has no next")]
            fn fields<Root>(first_leaf: usize) -> Self::Fields<Root> {
                let mut next = first_leaf;
                ($({
                    let first = next;
                    next += $name::LEAVES;
                    $name::fields(first)
                },)*)
            }
            fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
                ($($name::cursor(leaves),)*)
            }
            #[inline(always)]
            fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Self::At<'b> {
                ($($name::at(cursor.$index, row),)*)
            }
            fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
                ($($name::sink(leaves),)*)
            }
            #[inline(always)]
            fn heap_bytes(at: Self::At<'_>, sink: Self::Sink<'_>) -> usize {
                0 $(+ $name::heap_bytes(at.$index, sink.$index))*
            }
            #[inline(always)]
            fn write<'w>(at: Self::At<'_>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
                $($name::write(at.$index, sink.$index, row, claims);)*
            }
            fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
                $($name::write_null(sink.$index, row, claims);)*
            }
            fn own(at: Self::At<'_>) -> Self {
                ($($name::own(at.$index),)*)
            }
            fn compare(left: Self::At<'_>, right: Self::At<'_>) -> Ordering {
                Ordering::Equal$(.then_with(|| $name::compare(left.$index, right.$index)))*
            }
        }

        impl<$($name: Value),*> Value for ($($name,)*) {
            type Record = ($($name::Record,)*);
            #[inline(always)]
            fn twin(&self) -> <Self::Record as Record>::At<'_> {
                ($(self.$index.twin(),)*)
            }
        }
    };
}
for_tuples!(tuple);
