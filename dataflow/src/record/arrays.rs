//! Arrays: the leaves of each element, in order.

use std::array;
use std::cmp::Ordering;

use runtime::page::{Claims, LeafReader, NewRow, Row, SinkLeaves};
use runtime::row::RecordType;

use super::list_form::first_difference;
use super::{AsItems, Record, Value};
use crate::key::{Equality, Field};

impl<R: Record, const N: usize> Record for [R; N] {
    type At<'a> = [R::At<'a>; N];
    type Fields<Root> = Field<Root, [R; N]>;
    type Cursor<'b> = [R::Cursor<'b>; N];
    type Sink<'w> = [R::Sink<'w>; N];
    type List = AsItems;
    type WriteDeriveRecordInstead = Self;
    const TYPE: &'static RecordType = {
        assert!(N <= RecordType::MAX_ARRAY, "an array in a record has at most 16 elements: use a `Vec`");
        &RecordType::Array(R::TYPE, N)
    };
    const BORROWS: bool = R::BORROWS;

    fn fields<Root>(first_leaf: usize) -> Self::Fields<Root> {
        Field::new(first_leaf)
    }
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        array::from_fn(|_| R::cursor(leaves))
    }
    #[inline(always)]
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Self::At<'b> {
        cursor.map(|cursor| R::at(cursor, row))
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        array::from_fn(|_| R::sink(leaves))
    }
    #[inline(always)]
    fn heap_bytes(at: Self::At<'_>, sink: Self::Sink<'_>) -> usize {
        at.into_iter().zip(sink).map(|(at, sink)| R::heap_bytes(at, sink)).sum()
    }
    #[inline(always)]
    fn write<'w>(at: Self::At<'_>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        at.into_iter().zip(sink).for_each(|(at, sink)| R::write(at, sink, row, claims));
    }
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        sink.into_iter().for_each(|sink| R::write_null(sink, row, claims));
    }
    fn own(at: Self::At<'_>) -> Self {
        at.map(R::own)
    }
    fn compare(left: Self::At<'_>, right: Self::At<'_>) -> Ordering {
        first_difference(left.into_iter().zip(right).map(|(left, right)| R::compare(left, right)))
    }
}

impl<V: Value, const N: usize> Value for [V; N] {
    type Record = [V::Record; N];
    #[inline(always)]
    fn twin(&self) -> <Self::Record as Record>::At<'_> {
        self.each_ref().map(V::twin)
    }
}

impl<V: Equality, const N: usize> Equality for [V; N] {}
