//! Lists of texts: one leaf with a slot.

use runtime::page::{Claims, LeafReader, NewRow, OutBytes, Row, SinkLeaves, StridedBytes};
use runtime::row::{LeafType, SchemaBuilder, Shape};
use runtime::value::Texts;

use super::{Record, Value};
use crate::key::Field;

impl Record for Vec<String> {
    type At<'a> = Texts<'a>;
    type Fields<Root> = Field<Root, Vec<String>>;
    type Cursor<'b> = StridedBytes<'b>;
    type Sink<'w> = OutBytes<'w>;
    const LEAVES: usize = 1;
    const BORROWS: bool = true;

    fn describe(schema: &mut SchemaBuilder) -> Shape {
        schema.leaf(LeafType::Texts)
    }
    fn fields<Root>(first_leaf: usize) -> Self::Fields<Root> {
        Field::new(first_leaf)
    }
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        leaves.texts()
    }
    #[inline(always)]
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Texts<'b> {
        Texts::stored(cursor.read(row))
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        leaves.texts()
    }
    fn heap_bytes(at: Texts<'_>, sink: Self::Sink<'_>) -> usize {
        sink.heap_bytes_of(at.stored_bytes())
    }
    fn write<'w>(at: Texts<'_>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        at.with_stored(|bytes| sink.write(row, bytes, claims));
    }
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        sink.write(row, &[], claims);
    }
    fn own(at: Texts<'_>) -> Self {
        at.iter().map(str::to_owned).collect()
    }
}

macro_rules! values {
    ($($ty:ty)*) => {$(
        impl Value for $ty {
            type Record = Vec<String>;
            #[inline(always)]
            fn twin(&self) -> Texts<'_> {
                Texts::from(self)
            }
        }
    )*};
}
values!(Vec<String> [String] Vec<&str> [&str]);

impl Value for Texts<'_> {
    type Record = Vec<String>;
    #[inline(always)]
    fn twin(&self) -> Texts<'_> {
        *self
    }
}
