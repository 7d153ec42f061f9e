//! `BTreeMap<K, V>`: one leaf with a slot that contains the entries as rows, in ascending order of
//! keys.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::{fmt, vec};

use runtime::page::{
    Claims, LeafReader, NewItems, NewRow, OutItems, PutItems, Row, SinkLeaves, StoredItems, StridedItems,
};
use runtime::row::RecordType;

use super::list_form::first_difference;
use super::{AsItems, List, ListIter, Record, Value};
use crate::key::{Equality, Field};

/// The twin of an entry.
type MapEntry<'a, K, V> = (<K as Record>::At<'a>, <V as Record>::At<'a>);

/// The twin of a `BTreeMap<K, V>`: its entries in ascending order of keys, read in place. Copying
/// it copies no entry.
///
/// A map can be emitted unchanged, or be made of a `BTreeMap` or a `HashMap` whose keys and values
/// are [`Value`]s. Where a twin's field needs a map, use [`Map::from`]. In a tuple, emit the map
/// itself. A field of a record may also be a `HashMap`, which is stored the same way.
///
/// The order of keys is that of `sort`, which can differ from the `Ord` of the key type.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use dataflow::prelude::*;
///
/// #[derive(Record, Clone, Debug, PartialEq)]
/// struct Product {
///     name: String,
///     labels: BTreeMap<String, String>,
/// }
///
/// #[dataflow]
/// fn colors(products: DataSet<Product>) -> DataSet<(String, String)> {
///     products.filter_map(|p| p.labels.get("color").map(|color| (p.name, color)))
/// }
///
/// #[dataflow]
/// fn lengths(lines: DataSet<String>) -> DataSet<BTreeMap<String, u64>> {
///     lines.map(|line| {
///         line.words().map(|word| (word, word.len() as u64)).collect::<BTreeMap<&str, u64>>()
///     })
/// }
///
/// # fn main() -> dataflow::Result<()> {
/// let labels = BTreeMap::from(
///     [("color", "green"), ("size", "L")].map(|(key, value)| (key.to_owned(), value.to_owned())),
/// );
/// let products = [Product { name: "hat".to_owned(), labels }];
/// let found = colors(Env::embedded().collection(products)?).collect()?;
/// assert_eq!(found, [("hat".to_owned(), "green".to_owned())]);
/// let found = lengths(Env::embedded().collection(["to be"])?).collect()?;
/// assert_eq!(found, [BTreeMap::from([("be".to_owned(), 2), ("to".to_owned(), 2)])]);
/// # Ok(())
/// # }
/// ```
///
/// # Cost
/// [`Map::get`] is a binary search. A map that is emitted unchanged is copied as bytes. A new map
/// is sorted before it is written, and each time that it is read.
pub struct Map<'a, K: Record, V: Record>(MapRepr<'a, K, V>);

enum MapRepr<'a, K: Record, V: Record> {
    /// In rows of a page.
    Stored(StoredItems<'a>),
    Values(&'a dyn TwinMap<K, V>),
}

/// Values that can be viewed as the entries of a map.
trait TwinMap<K: Record, V: Record> {
    fn count(&self) -> usize;
    fn sorted_entries(&self) -> Vec<MapEntry<'_, K, V>>;
}

macro_rules! twin_maps {
    ($([$($hasher:ident)?] $values:ty;)*) => {$(
        impl<A: Value, B: Value $(, $hasher)?> TwinMap<A::Record, B::Record> for $values {
            fn count(&self) -> usize {
                self.len()
            }
            fn sorted_entries(&self) -> Vec<MapEntry<'_, A::Record, B::Record>> {
                sorted::<A::Record, B::Record>(self.iter().map(|(key, value)| (key.twin(), value.twin())).collect())
            }
        }
    )*};
}
twin_maps! {
    [] BTreeMap<A, B>;
    [S] HashMap<A, B, S>;
}

/// Sorts entries by key. Keeps one of several entries whose keys are equal as records, even if the
/// program's keys differed.
fn sorted<'a, K: Record, V: Record>(mut entries: Vec<MapEntry<'a, K, V>>) -> Vec<MapEntry<'a, K, V>> {
    entries.sort_by(|(left, _), (right, _)| K::compare(*left, *right));
    entries.dedup_by(|(left, _), (right, _)| K::compare(*left, *right).is_eq());
    entries
}

impl<'a, K: Record, V: Record> Map<'a, K, V> {
    /// Returns the number of entries.
    #[must_use]
    pub fn len(self) -> usize {
        match self.0 {
            MapRepr::Stored(items) => items.len(),
            MapRepr::Values(values) => values.count(),
        }
    }

    /// Returns `true` if the map has no entries.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the value of a key. `None` if the map does not contain the key. `key` may be the
    /// key, its twin, or another [`Value`] of it.
    #[must_use]
    pub fn get(self, key: impl Value<Record = K>) -> Option<V::At<'a>> {
        let key = key.twin();
        match self.0 {
            MapRepr::Stored(items) => {
                let (mut low, mut high) = (0, items.len());
                while low < high {
                    let middle = low.midpoint(high);
                    let (mut leaves, row) = items.get(middle)?;
                    // The key's leaves come first, then the value's.
                    match K::compare(K::at(K::cursor(&mut leaves), row), key) {
                        Ordering::Less => low = middle + 1,
                        Ordering::Greater => high = middle,
                        Ordering::Equal => return Some(V::at(V::cursor(&mut leaves), row)),
                    }
                }
                None
            }
            MapRepr::Values(values) => {
                let mut entries = values.sorted_entries().into_iter();
                entries.find(|(other, _)| K::compare(*other, key).is_eq()).map(|(_, value)| value)
            }
        }
    }

    /// Returns `true` if the map contains the key.
    #[must_use]
    pub fn contains_key(self, key: impl Value<Record = K>) -> bool {
        self.get(key).is_some()
    }

    /// Returns an iterator over the entries, in ascending order of keys.
    #[must_use]
    pub fn iter(self) -> MapIter<'a, K, V> {
        MapIter(match self.0 {
            MapRepr::Stored(items) => MapEntries::Stored(List::stored(items).iter()),
            MapRepr::Values(values) => MapEntries::Sorted(values.sorted_entries().into_iter()),
        })
    }

    /// Returns the keys in ascending order.
    pub fn keys(self) -> impl ExactSizeIterator<Item = K::At<'a>> {
        self.iter().map(|(key, _)| key)
    }

    /// Returns the values, in ascending order of their keys.
    pub fn values(self) -> impl ExactSizeIterator<Item = V::At<'a>> {
        self.iter().map(|(_, value)| value)
    }
}

/// An iterator over the entries of a [`Map`].
pub struct MapIter<'a, K: Record, V: Record>(MapEntries<'a, K, V>);

enum MapEntries<'a, K: Record, V: Record> {
    Stored(ListIter<'a, (K, V)>),
    Sorted(vec::IntoIter<MapEntry<'a, K, V>>),
}

impl<'a, K: Record, V: Record> Iterator for MapIter<'a, K, V> {
    type Item = MapEntry<'a, K, V>;

    #[inline]
    fn next(&mut self) -> Option<MapEntry<'a, K, V>> {
        match &mut self.0 {
            MapEntries::Stored(entries) => entries.next(),
            MapEntries::Sorted(entries) => entries.next(),
        }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            MapEntries::Stored(entries) => entries.size_hint(),
            MapEntries::Sorted(entries) => entries.size_hint(),
        }
    }
}

impl<K: Record, V: Record> ExactSizeIterator for MapIter<'_, K, V> {}

impl<'a, K: Record, V: Record> IntoIterator for Map<'a, K, V> {
    type Item = MapEntry<'a, K, V>;
    type IntoIter = MapIter<'a, K, V>;

    fn into_iter(self) -> MapIter<'a, K, V> {
        self.iter()
    }
}

copies! {
    [K: Record, V: Record] Map<'_, K, V>,
    [K: Record, V: Record] MapRepr<'_, K, V>,
}

impl<'a, K: Record, V: Record> fmt::Debug for Map<'a, K, V>
where
    K::At<'a>: fmt::Debug,
    V::At<'a>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'a, K: Record, V: Record> PartialEq for Map<'a, K, V>
where
    K::At<'a>: PartialEq,
    V::At<'a>: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, A: Value, B: Value> From<&'a BTreeMap<A, B>> for Map<'a, A::Record, B::Record> {
    fn from(map: &'a BTreeMap<A, B>) -> Self {
        Map(MapRepr::Values(map))
    }
}

impl<'a, A: Value, B: Value, S> From<&'a HashMap<A, B, S>> for Map<'a, A::Record, B::Record> {
    fn from(map: &'a HashMap<A, B, S>) -> Self {
        Map(MapRepr::Values(map))
    }
}

impl<K: Record + Ord, V: Record> Value for Map<'_, K, V> {
    type Record = BTreeMap<K, V>;
    #[inline(always)]
    fn twin(&self) -> Map<'_, K, V> {
        *self
    }
}

impl<A: Value<Record: Ord>, B: Value> Value for BTreeMap<A, B> {
    type Record = BTreeMap<A::Record, B::Record>;
    fn twin(&self) -> Map<'_, A::Record, B::Record> {
        Map::from(self)
    }
}

impl<A: Value<Record: Ord>, B: Value, S: BuildHasher> Value for HashMap<A, B, S> {
    type Record = BTreeMap<A::Record, B::Record>;
    fn twin(&self) -> Map<'_, A::Record, B::Record> {
        Map::from(self)
    }
}

/// A map during writing, with its entries sorted once.
enum MapToWrite<'a, K: Record, V: Record> {
    Stored(StoredItems<'a>),
    Sorted(Vec<MapEntry<'a, K, V>>),
}

impl<'a, K: Record, V: Record> MapToWrite<'a, K, V> {
    fn of(map: Map<'a, K, V>) -> Self {
        match map.0 {
            MapRepr::Stored(items) => MapToWrite::Stored(items),
            MapRepr::Values(values) => MapToWrite::Sorted(values.sorted_entries()),
        }
    }

    fn entries(&self) -> &[MapEntry<'a, K, V>] {
        if let MapToWrite::Sorted(entries) = self { entries } else { &[] }
    }
}

impl<K: Record, V: Record> PutItems for MapToWrite<'_, K, V> {
    fn stored(&self) -> Option<StoredItems<'_>> {
        if let MapToWrite::Stored(items) = self { Some(*items) } else { None }
    }
    fn count(&self) -> usize {
        self.entries().len()
    }
    fn heap_bytes(&self, mut leaves: SinkLeaves<'_>) -> usize {
        let sink = <(K, V)>::sink(&mut leaves);
        self.entries().iter().map(|entry| <(K, V)>::heap_bytes(*entry, sink)).sum()
    }
    fn write<'i>(&self, mut leaves: SinkLeaves<'i>, rows: NewItems<'i>, claims: &mut Claims<'i>) {
        let sink = <(K, V)>::sink(&mut leaves);
        self.entries().iter().zip(rows).for_each(|(entry, row)| <(K, V)>::write(*entry, sink, row, claims));
    }
}

impl<K: Record + Ord, V: Record> Record for BTreeMap<K, V> {
    type At<'a> = Map<'a, K, V>;
    type Fields<Root> = Field<Root, BTreeMap<K, V>>;
    type Cursor<'b> = StridedItems<'b>;
    type Sink<'w> = OutItems<'w>;
    type List = AsItems;
    type WriteDeriveRecordInstead = Self;
    const TYPE: &'static RecordType = &RecordType::Map(<(K, V)>::TYPE);
    const BORROWS: bool = true;

    fn fields<Root>(first_leaf: usize) -> Self::Fields<Root> {
        Field::new(first_leaf)
    }
    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        leaves.items()
    }
    #[inline(always)]
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Map<'b, K, V> {
        Map(MapRepr::Stored(cursor.read(row)))
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        leaves.items()
    }
    fn heap_bytes(at: Map<'_, K, V>, sink: Self::Sink<'_>) -> usize {
        sink.heap_bytes(&MapToWrite::of(at))
    }
    fn write<'w>(at: Map<'_, K, V>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        sink.write(row, &MapToWrite::of(at), claims);
    }
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, _: &mut Claims<'w>) {
        sink.write_empty(row);
    }
    fn own(at: Map<'_, K, V>) -> Self {
        at.iter().map(|(key, value)| (K::own(key), V::own(value))).collect()
    }
    fn compare(left: Map<'_, K, V>, right: Map<'_, K, V>) -> Ordering {
        let entries = left.iter().zip(right).map(|(left, right)| <(K, V)>::compare(left, right));
        first_difference(entries).then(left.len().cmp(&right.len()))
    }
}

impl<K: Equality + Ord, V: Equality> Equality for BTreeMap<K, V> {}
