//! The representation of lists, chosen by the type of their items.

use std::cmp::Ordering;

use runtime::page::{Claims, LeafReader, NewRow, Row, SinkLeaves};
use runtime::row::RecordType;

use super::{Record, Value};

/// How lists of `T` are stored: plain values as a slice, texts as `Texts`, all other types as rows.
/// For generated code.
pub trait ListForm<T: Record>: 'static {
    /// The twin of a list.
    type At<'a>: Value<Record = Vec<T>> + Copy;
    /// See [`Record::Cursor`].
    type Cursor<'b>: Copy;
    /// See [`Record::Sink`].
    type Sink<'w>: Copy;
    /// See [`Record::TYPE`].
    const TYPE: &'static RecordType;

    /// See [`Record::cursor`].
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b>;
    /// See [`Record::at`].
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Self::At<'b>;
    /// See [`Record::sink`].
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w>;
    /// See [`Record::heap_bytes`].
    fn heap_bytes(at: Self::At<'_>, sink: Self::Sink<'_>) -> usize;
    /// See [`Record::write`].
    fn write<'w>(at: Self::At<'_>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>);
    /// See [`Record::write_null`].
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>);
    /// See [`Record::own`].
    fn own(at: Self::At<'_>) -> Vec<T>;
    /// See [`Record::compare`].
    fn compare(left: Self::At<'_>, right: Self::At<'_>) -> Ordering;
}

/// Values that can be viewed as a list of `T` of this representation.
#[diagnostic::on_unimplemented(
    message = "`{L}` cannot be emitted as a list of `{T}`",
    label = "no such list",
    note = "a list of plain values is a `Vec<{T}>` or a slice, one of texts holds `String` or `&str`, one of records is a `Vec` of the \
            records, of their twins, or of tuples"
)]
pub trait ListOf<T: Record, L: ?Sized>: ListForm<T> {
    /// Returns the twin of the list.
    fn twin(list: &L) -> Self::At<'_>;
}

/// Compares two lists, given the comparisons of their items: returns the first difference.
pub(super) fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
