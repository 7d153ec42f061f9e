//! `Option`: a validity byte, then the leaves of the value.

use std::cmp::Ordering;

use runtime::page::{Claims, LeafReader, NewRow, Out, Row, SinkLeaves, Strided};
use runtime::row::RecordType;

use super::{AsItems, Record, Value};
use crate::key::Field;

impl<R: Record> Record for Option<R> {
    type At<'a> = Option<R::At<'a>>;
    type Fields<Root> = Field<Root, Option<R>>;
    type Cursor<'b> = (Strided<'b, u8>, R::Cursor<'b>);
    type Sink<'w> = (Out<'w, u8>, R::Sink<'w>);
    type List = AsItems;
    type WriteDeriveRecordInstead = Self;
    const TYPE: &'static RecordType = &RecordType::Optional(R::TYPE);
    const BORROWS: bool = R::BORROWS;

    fn fields<Root>(first_leaf: usize) -> Self::Fields<Root> {
        Field::new(first_leaf)
    }
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        (leaves.plain(), R::cursor(leaves))
    }
    #[inline(always)]
    fn at<'b>((valid, cursor): Self::Cursor<'b>, row: Row<'b>) -> Self::At<'b> {
        if valid.read(row) != 0 { Some(R::at(cursor, row)) } else { None }
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        (leaves.plain(), R::sink(leaves))
    }
    #[inline(always)]
    fn heap_bytes(at: Self::At<'_>, (_, sink): Self::Sink<'_>) -> usize {
        at.map_or(0, |at| R::heap_bytes(at, sink))
    }
    #[inline(always)]
    fn write<'w>(at: Self::At<'_>, (valid, sink): Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        valid.write(row, u8::from(at.is_some()));
        match at {
            Some(at) => R::write(at, sink, row, claims),
            None => R::write_null(sink, row, claims),
        }
    }
    fn write_null<'w>((valid, sink): Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        valid.write(row, 0);
        R::write_null(sink, row, claims);
    }
    fn own(at: Self::At<'_>) -> Self {
        at.map(R::own)
    }
    fn compare(left: Self::At<'_>, right: Self::At<'_>) -> Ordering {
        match (left, right) {
            (Some(left), Some(right)) => R::compare(left, right),
            (left, right) => left.is_none().cmp(&right.is_none()),
        }
    }
}

impl<V: Value> Value for Option<V> {
    type Record = Option<V::Record>;
    #[inline(always)]
    fn twin(&self) -> <Self::Record as Record>::At<'_> {
        self.as_ref().map(V::twin)
    }
}
