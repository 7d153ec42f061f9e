//! `Vec` of records: one leaf with a slot that contains the records as rows.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use runtime::page::{
    Claims, LeafReader, NewItems, NewRow, OutItems, PutItems, Row, SinkLeaves, StoredItems, StridedItems,
};
use runtime::row::RecordType;

use super::list_form::{ListForm, ListOf, first_difference};
use super::{Record, Value};

/// The twin of a `Vec<T>` of records: a list of twins, which are read in place. Copying it copies
/// no record.
///
/// A list can be emitted unchanged, or be made of records, twins or tuples. Where a twin's field
/// needs a list, use [`List::from`]. In a tuple, emit the `Vec` itself.
///
/// ```
/// use dataflow::prelude::*;
///
/// #[derive(Record, Clone, Debug, PartialEq)]
/// struct Item {
///     name: String,
///     count: u32,
/// }
///
/// #[derive(Record, Clone, Debug, PartialEq)]
/// struct Order {
///     id: u64,
///     items: Vec<Item>,
/// }
///
/// /// Orders without the items that were ordered once.
/// #[dataflow]
/// fn larger(orders: DataSet<Order>) -> DataSet<Order> {
///     orders.map(|o| {
///         let items: Vec<ItemRef> = o.items.iter().filter(|item| item.count > 1).collect();
///         OrderRef { id: o.id, items: List::from(&items) }
///     })
/// }
///
/// # fn main() -> dataflow::Result<()> {
/// let item = |name: &str, count| Item { name: name.to_owned(), count };
/// let orders = [Order { id: 7, items: vec![item("tea", 2), item("salt", 1)] }];
/// let found = larger(Env::embedded().collection(orders)?).collect()?;
/// assert_eq!(found, [Order { id: 7, items: vec![item("tea", 2)] }]);
/// # Ok(())
/// # }
/// ```
///
/// # Cost
/// [`List::get`] takes constant time: a few instructions per leaf. A list that is emitted unchanged
/// is copied as bytes. A new list is written record by record.
pub struct List<'a, T: Record>(ListRepr<'a, T>);

enum ListRepr<'a, T: Record> {
    /// In rows of a page.
    Stored(StoredItems<'a>),
    Owned(&'a [T]),
    Values(&'a dyn TwinList<T>),
}

/// Values that can be viewed as a sequence of twins.
trait TwinList<T: Record> {
    fn count(&self) -> usize;
    fn twin_at(&self, index: usize) -> Option<T::At<'_>>;
}

macro_rules! twin_lists {
    ($([$($length:tt)*] $values:ty;)*) => {$(
        impl<T: Record, V: Value<Record = T> $($length)*> TwinList<T> for $values {
            fn count(&self) -> usize {
                self.len()
            }
            fn twin_at(&self, index: usize) -> Option<T::At<'_>> {
                self.get(index).map(V::twin)
            }
        }
    )*};
}
twin_lists! {
    [] Vec<V>;
    [] &[V];
    [, const N: usize] [V; N];
}

impl<'a, T: Record> List<'a, T> {
    /// Returns the number of records.
    #[must_use]
    pub fn len(self) -> usize {
        match self.0 {
            ListRepr::Stored(items) => items.len(),
            ListRepr::Owned(records) => records.len(),
            ListRepr::Values(values) => values.count(),
        }
    }

    /// Returns `true` if the list has no records.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the record at `index`. `None` if the list is shorter.
    #[inline]
    #[must_use]
    pub fn get(self, index: usize) -> Option<T::At<'a>> {
        match self.0 {
            ListRepr::Stored(items) => {
                let (mut leaves, row) = items.get(index)?;
                Some(T::at(T::cursor(&mut leaves), row))
            }
            ListRepr::Owned(records) => records.get(index).map(T::twin),
            ListRepr::Values(values) => values.twin_at(index),
        }
    }

    /// Returns the first record.
    #[must_use]
    pub fn first(self) -> Option<T::At<'a>> {
        self.get(0)
    }

    /// Returns the last record.
    #[must_use]
    pub fn last(self) -> Option<T::At<'a>> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Returns an iterator over the records, in order.
    #[must_use]
    pub fn iter(self) -> ListIter<'a, T> {
        ListIter { list: self, left: 0..self.len() }
    }

    /// Returns `true` if the list contains a record equal to `value`.
    #[must_use]
    pub fn contains(self, value: impl Value<Record = T>) -> bool {
        self.iter().any(|other| T::compare(other, value.twin()).is_eq())
    }

    pub(super) fn stored(items: StoredItems<'a>) -> Self {
        List(ListRepr::Stored(items))
    }
}

/// An iterator over the records of a [`List`].
pub struct ListIter<'a, T: Record> {
    list: List<'a, T>,
    left: Range<usize>,
}

impl<'a, T: Record> Iterator for ListIter<'a, T> {
    type Item = T::At<'a>;

    #[inline]
    fn next(&mut self) -> Option<T::At<'a>> {
        self.list.get(self.left.next()?)
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
    fn nth(&mut self, n: usize) -> Option<T::At<'a>> {
        self.list.get(self.left.nth(n)?)
    }
}

impl<T: Record> DoubleEndedIterator for ListIter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.list.get(self.left.next_back()?)
    }
}

impl<T: Record> ExactSizeIterator for ListIter<'_, T> {}

impl<'a, T: Record> IntoIterator for List<'a, T> {
    type Item = T::At<'a>;
    type IntoIter = ListIter<'a, T>;

    fn into_iter(self) -> ListIter<'a, T> {
        self.iter()
    }
}

copies! {
    [T: Record] List<'_, T>,
    [T: Record] ListRepr<'_, T>,
}

impl<T: Record> Default for List<'_, T> {
    fn default() -> Self {
        List(ListRepr::Owned(&[]))
    }
}

impl<'a, T: Record> fmt::Debug for List<'a, T>
where
    T::At<'a>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Record> PartialEq for List<'a, T>
where
    T::At<'a>: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(*other).all(|(left, right)| left == right)
    }
}

impl<'a, T: Record, V: Value<Record = T>> From<&'a Vec<V>> for List<'a, T> {
    fn from(values: &'a Vec<V>) -> Self {
        List(ListRepr::Values(values))
    }
}

impl<'a, T: Record, V: Value<Record = T>, const N: usize> From<&'a [V; N]> for List<'a, T> {
    fn from(values: &'a [V; N]) -> Self {
        List(ListRepr::Values(values))
    }
}

impl<'a, T: Record, V: Value<Record = T>> From<&'a &'a [V]> for List<'a, T> {
    fn from(values: &'a &'a [V]) -> Self {
        List(ListRepr::Values(values))
    }
}

impl<'a, T: Record> From<&'a [T]> for List<'a, T> {
    fn from(records: &'a [T]) -> Self {
        List(ListRepr::Owned(records))
    }
}

impl<T: Record> Value for List<'_, T>
where
    T: Record<List = AsItems>,
{
    type Record = Vec<T>;
    #[inline(always)]
    fn twin(&self) -> List<'_, T> {
        *self
    }
}

impl<T: Record> PutItems for List<'_, T> {
    fn stored(&self) -> Option<StoredItems<'_>> {
        if let ListRepr::Stored(items) = self.0 { Some(items) } else { None }
    }
    fn count(&self) -> usize {
        self.len()
    }
    fn heap_bytes(&self, mut leaves: SinkLeaves<'_>) -> usize {
        let sink = T::sink(&mut leaves);
        self.iter().map(|record| T::heap_bytes(record, sink)).sum()
    }
    fn write<'i>(&self, mut leaves: SinkLeaves<'i>, rows: NewItems<'i>, claims: &mut Claims<'i>) {
        let sink = T::sink(&mut leaves);
        self.iter().zip(rows).for_each(|(record, row)| T::write(record, sink, row, claims));
    }
}

/// The representation of lists of records: rows, read one by one.
pub struct AsItems;

impl<T: Record<List = AsItems>> ListForm<T> for AsItems {
    type At<'a> = List<'a, T>;
    type Cursor<'b> = StridedItems<'b>;
    type Sink<'w> = OutItems<'w>;
    const TYPE: &'static RecordType = &RecordType::List(T::TYPE);

    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        leaves.items()
    }
    #[inline(always)]
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> List<'b, T> {
        List::stored(cursor.read(row))
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        leaves.items()
    }
    fn heap_bytes(at: List<'_, T>, sink: Self::Sink<'_>) -> usize {
        sink.heap_bytes(&at)
    }
    fn write<'w>(at: List<'_, T>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        sink.write(row, &at, claims);
    }
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, _: &mut Claims<'w>) {
        sink.write_empty(row);
    }
    fn own(at: List<'_, T>) -> Vec<T> {
        at.iter().map(T::own).collect()
    }
    fn compare(left: List<'_, T>, right: List<'_, T>) -> Ordering {
        let parts = left.iter().zip(right).map(|(left, right)| T::compare(left, right));
        first_difference(parts).then(left.len().cmp(&right.len()))
    }
}

impl<T: Record<List = AsItems>, V: Value<Record = T>> ListOf<T, Vec<V>> for AsItems {
    fn twin(list: &Vec<V>) -> List<'_, T> {
        List::from(list)
    }
}

impl<T: Record<List = AsItems>> ListOf<T, [T]> for AsItems {
    fn twin(list: &[T]) -> List<'_, T> {
        List::from(list)
    }
}
