//! A record that says itself how it is read and written, and that it is derived.

use std::cmp::Ordering;

use dataflow::__private::{Claims, LeafReader, NewRow, RecordType, Row, SinkLeaves};
use dataflow::prelude::*;

#[derive(Clone, Copy)]
struct Meters(u64);

impl Value for Meters {
    type Record = Meters;
    fn twin(&self) -> Meters {
        *self
    }
}

impl Record for Meters {
    type At<'a> = Meters;
    type Fields<Root> = <u64 as Record>::Fields<Root>;
    type Cursor<'b> = <u64 as Record>::Cursor<'b>;
    type Sink<'w> = <u64 as Record>::Sink<'w>;
    type List = dataflow::__private::AsItems;
    type WriteDeriveRecordInstead = Meters;
    const TYPE: &'static RecordType = u64::TYPE;
    const BORROWS: bool = false;

    fn fields<Root>(first_leaf: usize) -> Self::Fields<Root> {
        u64::fields(first_leaf)
    }
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        u64::cursor(leaves)
    }
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Meters {
        Meters(u64::at(cursor, row))
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        u64::sink(leaves)
    }
    fn heap_bytes(_: Meters, _: Self::Sink<'_>) -> usize {
        usize::MAX
    }
    fn write<'w>(_: Meters, _: Self::Sink<'w>, _: NewRow<'w>, _: &mut Claims<'w>) {}
    fn write_null<'w>(_: Self::Sink<'w>, _: NewRow<'w>, _: &mut Claims<'w>) {}
    fn own(at: Meters) -> Meters {
        at
    }
    fn compare(left: Meters, right: Meters) -> Ordering {
        left.0.cmp(&right.0)
    }
}

fn main() {}
