//! Records: what flows, what closures see of it, and how it is read and written.
//!
//! `#[derive(Record)]` implements [`Record`] and [`Value`]; nobody writes them by hand. A record is a list of *leaves*. Closures
//! see its borrowed twin, [`Record::At`], whose parts are read from strided leaves when they are used; what they emit is
//! anything that can be seen as that twin ([`Value`]).

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
/// Derive it for a struct or an enum: `#[derive(Record, Clone, Debug)]`. Plain values, `String`, `Vec`, `BTreeMap` and `Option` of any of
/// these, arrays of up to 16, and tuples of up to eight records are records too.
///
/// It cannot be implemented by hand in safe code: what it says of rows is taken for granted row by row. How a type of a program's own is seen
/// as a record is said by [`Value`], which anybody may implement.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "this cannot flow through a pipeline",
    note = "a record is a struct or an enum with `#[derive(Record)]`, a number, bool, char, String, Date, Timestamp, TimeDelta, Decimal, or a Vec, a BTreeMap, an Option, an array, or a tuple of up to eight records"
)]
pub trait Record: Value<Record = Self> + Sized + 'static {
    /// Says that the implementation is `#[derive(Record)]`'s, or this crate's: it cannot be said in safe code. What the compiler says of an
    /// implementation without it is its name.
    #[doc(hidden)]
    type WriteDeriveRecordInstead: TrustedRecord<Self>;
    /// What closures see: the record with its texts and lists borrowed. `Copy`, so that it can be used twice.
    type At<'a>: Value<Record = Self> + Copy;
    /// What key closures see: a symbol for each field, rooted in the record that the closure was given.
    type Fields<Root>: Copy;
    /// Where the leaves of a batch lie.
    type Cursor<'b>: Copy;
    /// Where the leaves of new rows are written.
    type Sink<'w>: Copy;
    /// How a `Vec` of it is kept.
    type List: ListOf<Self, Vec<Self>>;
    /// Names and types of the leaves, in the order in which cursors take them.
    const TYPE: &'static RecordType;
    /// How many leaves the record has.
    const LEAVES: usize = Self::TYPE.leaf_count();
    /// Whether closures see a twin, or the record itself.
    const BORROWS: bool;

    /// The symbols; the record's first leaf is leaf `first_leaf` of the root.
    fn fields<Root>(first_leaf: usize) -> Self::Fields<Root>;
    /// Takes the record's leaves from a batch.
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b>;
    /// Reads a row.
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Self::At<'b>;
    /// Takes the record's leaves from a writer.
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w>;
    /// Bytes that a row takes beyond its fixed part.
    fn heap_bytes(at: Self::At<'_>, sink: Self::Sink<'_>) -> usize;
    /// Writes a row whose [`Record::heap_bytes`] were claimed.
    fn write<'w>(at: Self::At<'_>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>);
    /// Writes zeros and empty texts: what lies under an `Option` that is `None`, so that equal records have equal bytes.
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>);
    /// The record that a twin stands for.
    fn own(at: Self::At<'_>) -> Self;
    /// The order that `sort` has: leaf by leaf, nulls last, floats with NaN last.
    fn compare(left: Self::At<'_>, right: Self::At<'_>) -> Ordering;

    /// The record's schema.
    #[must_use]
    fn schema() -> Schema {
        Schema::of(Self::TYPE)
    }
}

/// Anything that can be seen as the twin of a record: the record, the twin, a tuple of owned and borrowed parts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "not a record",
    note = "write `#[derive(Record)]` on its struct or enum; plain values, texts, and tuples of up to eight records are records, too",
    note = "a `Result` is none: the value of an `Ok` goes on, and an error ends the job, behind `try_map`, `try_flat_map` or `try_filter_map`"
)]
pub trait Value {
    /// The record.
    type Record: Record;
    /// The value as the record's twin.
    fn twin(&self) -> <Self::Record as Record>::At<'_>;
}

impl<V: Value + ?Sized> Value for &V {
    type Record = V::Record;
    #[inline(always)]
    fn twin(&self) -> <Self::Record as Record>::At<'_> {
        (**self).twin()
    }
}

/// The value in a box is stored in the place of the box. A field of a record may be boxed; the record in the box is what flows.
impl<V: Value> Value for Box<V> {
    type Record = V::Record;
    #[inline(always)]
    fn twin(&self) -> <Self::Record as Record>::At<'_> {
        (**self).twin()
    }
}
