//! Records: the values that flow through pipelines, their borrowed twins, and their leaves in rows.
//!
//! `#[derive(Record)]` implements [`Record`] and [`Value`] for a program's types. A record is
//! stored as a list of *leaves*. Closures receive its borrowed twin, [`Record::At`]. Its parts are
//! read from the leaves when they are used. Closures may emit any [`Value`]: a type that can be
//! viewed as the twin.

mod arrays;
mod bound;
mod items;
mod leaves;
mod list_form;
mod lists;
mod maps;
mod optional;
mod plain;
mod show;
mod texts;
mod tuples;

use std::cmp::Ordering;

use runtime::page::{Claims, LeafReader, NewRow, Row, SinkLeaves, TrustedRecord};
use runtime::row::{RecordType, Schema};

pub(crate) use bound::bound_value;
pub use items::{AsItems, List, ListIter};
pub use list_form::{ListForm, ListOf};
pub use maps::{Map, MapIter};
pub(crate) use show::show_record;

/// A type that can flow through a pipeline.
///
/// Derive it for a struct or an enum: `#[derive(Record, Clone, Debug)]`. These are records, too:
/// plain values, `String`; `Vec`, `BTreeMap` and `Option` of records; arrays of up to 16 records;
/// and tuples of up to eight.
///
/// It cannot be implemented by hand in safe code, because the engine relies on the rows that it
/// reads and writes. To make a type of your own convertible to a record, implement [`Value`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "this cannot flow through a pipeline",
    note = "a record is a struct or an enum with `#[derive(Record)]`, a number, bool, char, String, Date, Timestamp, TimeDelta, Decimal, or a Vec, a BTreeMap, an Option, an array, or a tuple of up to eight records"
)]
pub trait Record: Value<Record = Self> + Sized + 'static {
    /// Marks the implementation as derived, or as one of this crate; safe code cannot name a valid
    /// type. The compiler shows this name for an implementation without it.
    #[doc(hidden)]
    type WriteDeriveRecordInstead: TrustedRecord<Self>;
    /// The borrowed twin, which closures receive: the record with its texts and lists borrowed.
    /// `Copy`, so that a closure can use it several times.
    type At<'a>: Value<Record = Self> + Copy;
    /// The symbols of the fields, which key closures receive. `Root` is the record that the closure
    /// is about.
    type Fields<Root>: Copy;
    /// The record's leaves in a batch, from which [`Record::at`] reads a row.
    type Cursor<'b>: Copy;
    /// The locations of the record's leaves in new rows.
    type Sink<'w>: Copy;
    /// The representation of a `Vec` of this record.
    type List: ListOf<Self, Vec<Self>>;
    /// Names and types of the leaves, in the order in which cursors read them.
    const TYPE: &'static RecordType;
    /// The number of leaves.
    const LEAVES: usize = Self::TYPE.leaf_count();
    /// `true` if the twin differs from the record itself.
    const BORROWS: bool;

    /// Returns the symbols of the fields. The record starts at leaf `first_leaf` of `Root`.
    fn fields<Root>(first_leaf: usize) -> Self::Fields<Root>;
    /// Takes the record's leaves from a batch.
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b>;
    /// Reads one row.
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Self::At<'b>;
    /// Takes the record's leaves from a writer.
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w>;
    /// Returns the number of bytes that a row needs in addition to its fixed part.
    fn heap_bytes(at: Self::At<'_>, sink: Self::Sink<'_>) -> usize;
    /// Writes a row. The caller has claimed [`Record::heap_bytes`] for it.
    fn write<'w>(at: Self::At<'_>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>);
    /// Writes zeros and empty texts, for an `Option` that is `None`. So equal records have equal
    /// bytes.
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>);
    /// Converts a twin to an owned record.
    fn own(at: Self::At<'_>) -> Self;
    /// Compares in the order of `sort`: leaf by leaf, nulls last, NaN after all other floats.
    fn compare(left: Self::At<'_>, right: Self::At<'_>) -> Ordering;

    /// Returns the record's schema.
    #[must_use]
    fn schema() -> Schema {
        Schema::of(Self::TYPE)
    }
}

/// A value that can be viewed as the twin of a record: the record, the twin, or a tuple of owned
/// and borrowed parts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "not a record",
    note = "write `#[derive(Record)]` on its struct or enum; plain values, texts, and tuples of up to eight records are records, too",
    note = "a `Result` is none: the value of an `Ok` goes on, and an error ends the job, behind `try_map`, `try_flat_map` or `try_filter_map`"
)]
pub trait Value {
    /// The type of record.
    type Record: Record;
    /// Returns the value as the record's twin.
    fn twin(&self) -> <Self::Record as Record>::At<'_>;
}

impl<V: Value + ?Sized> Value for &V {
    type Record = V::Record;
    #[inline(always)]
    fn twin(&self) -> <Self::Record as Record>::At<'_> {
        (**self).twin()
    }
}

/// A box is transparent: its value is stored in its place. So a field of a record can be boxed.
impl<V: Value> Value for Box<V> {
    type Record = V::Record;
    #[inline(always)]
    fn twin(&self) -> <Self::Record as Record>::At<'_> {
        (**self).twin()
    }
}
