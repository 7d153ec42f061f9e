//! `Vec<T>` as a record: one leaf with a slot, for every `T`.
//!
//! `Record::List` of `T` decides how the list is stored and read: plain values as a slice, texts as
//! `Texts`, all else as rows. A list of records is identified by the address of its `Items`, which
//! is unique for each type.

use std::cmp::Ordering;

use runtime::page::{Claims, LeafReader, NewRow, Row, SinkLeaves};
use runtime::row::RecordType;

use super::items::AsItems;
use super::list_form::{ListForm, ListOf};
use super::{Record, Value};
use crate::key::{Equality, Field};

impl<T: Record> Record for Vec<T> {
    type At<'a> = <T::List as ListForm<T>>::At<'a>;
    type Fields<Root> = Field<Root, Vec<T>>;
    type Cursor<'b> = <T::List as ListForm<T>>::Cursor<'b>;
    type Sink<'w> = <T::List as ListForm<T>>::Sink<'w>;
    type List = AsItems;
    type WriteDeriveRecordInstead = Self;
    const TYPE: &'static RecordType = <T::List as ListForm<T>>::TYPE;
    const BORROWS: bool = true;

    fn fields<Root>(first_leaf: usize) -> Self::Fields<Root> {
        Field::new(first_leaf)
    }
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        T::List::cursor(leaves)
    }
    #[inline(always)]
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Self::At<'b> {
        T::List::at(cursor, row)
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        T::List::sink(leaves)
    }
    #[inline(always)]
    fn heap_bytes(at: Self::At<'_>, sink: Self::Sink<'_>) -> usize {
        T::List::heap_bytes(at, sink)
    }
    #[inline(always)]
    fn write<'w>(at: Self::At<'_>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        T::List::write(at, sink, row, claims);
    }
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        T::List::write_null(sink, row, claims);
    }
    fn own(at: Self::At<'_>) -> Vec<T> {
        T::List::own(at)
    }
    fn compare(left: Self::At<'_>, right: Self::At<'_>) -> Ordering {
        T::List::compare(left, right)
    }
}

impl<V: Value> Value for Vec<V>
where
    <V::Record as Record>::List: ListOf<V::Record, Vec<V>>,
{
    type Record = Vec<V::Record>;
    #[inline(always)]
    fn twin(&self) -> <Self::Record as Record>::At<'_> {
        <<V::Record as Record>::List as ListOf<V::Record, Vec<V>>>::twin(self)
    }
}

impl<V: Value> Value for [V]
where
    <V::Record as Record>::List: ListOf<V::Record, [V]>,
{
    type Record = Vec<V::Record>;
    #[inline(always)]
    fn twin(&self) -> <Self::Record as Record>::At<'_> {
        <<V::Record as Record>::List as ListOf<V::Record, [V]>>::twin(self)
    }
}

impl<T: Equality> Equality for Vec<T> {}
