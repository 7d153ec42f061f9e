//! Lists of records, and maps: rows of a layout of their own, in one string of bytes.
//!
//! The bytes contain no addresses, so a page does not follow nested places when a row moves. They
//! are a list of 16-byte words. They hold the number of records, then rows in the record's own
//! layout. A slot states how far after itself its value begins.
//!
//! So records in a list are read through the same cursors as rows. Code that copies, hashes or
//! ships a leaf treats it like a list of 128-bit numbers. Records are written directly into the
//! page of their row, without a buffer. A map is a list of pairs, sorted by the engine's own order.
//!
//! `docs/layout.md` draws the bytes.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use crate::row::{Datum, LeafType, Physical, RowLayout, Schema, SchemaBuilder, Shape, compare_leaf};

/// Offset of the first record, after the number of records.
pub(crate) const FIRST_ITEM: usize = 4;
/// Bytes of a word. A list is a whole number of words, and lists within it begin at word
/// boundaries.
pub(crate) const WORD: usize = 16;
/// The longest text that is stored in its slot.
const INLINE_BYTES: usize = 12;

/// The record type and layout of a list of records, or of a map. Stands for `Vec<T>` or
/// `BTreeMap<K, V>`.
///
/// Interned: there is one value for each type. It lives as long as the process, because leaf types
/// refer to it.
pub struct Items {
    schema: Schema,
    layout: RowLayout,
    is_map: bool,
}

impl Items {
    /// A list of records with this schema.
    #[must_use]
    pub fn list(schema: Schema) -> &'static Items {
        Self::interned(schema, false)
    }

    /// A map: a list of pairs in ascending order of their first parts, which are distinct.
    #[must_use]
    pub fn map(schema: Schema) -> &'static Items {
        Self::interned(schema, true)
    }

    fn interned(schema: Schema, is_map: bool) -> &'static Items {
        static INTERNED: Mutex<Vec<&'static Items>> = Mutex::new(Vec::new());
        // A panic between the lines below leaves the list as it was.
        let mut interned = INTERNED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(items) = interned.iter().find(|items| items.is_map == is_map && items.schema == schema) {
            return items;
        }
        let layout = RowLayout::full(schema.types());
        // Leaks at most as many values as the program has types of lists.
        let items = Box::leak(Box::new(Items { schema, layout, is_map }));
        interned.push(items);
        items
    }

    /// Schema of one record of the list. For a map, of a pair.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Layout of one record. All leaves are live.
    #[must_use]
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// Returns `true` if it is a map.
    #[must_use]
    pub fn is_map(&self) -> bool {
        self.is_map
    }

    /// The shapes of a map's keys and values. `None` for a list.
    #[must_use]
    pub fn entry(&self) -> Option<(&Shape, &Shape)> {
        match self.schema.shape() {
            Shape::Record { fields, .. } if self.is_map => Some((&fields.first()?.shape, &fields.get(1)?.shape)),
            _ => None,
        }
    }

    /// Number of records in the bytes of a list. At most as many as the bytes have space for, in
    /// case they are damaged.
    #[must_use]
    pub fn count(&self, bytes: &[u8]) -> usize {
        read_u32(bytes, 0).min(bytes.len().saturating_sub(FIRST_ITEM) / self.layout.width())
    }

    /// Offset of the slot or value of a leaf.
    fn offset_of(&self, row: usize, leaf: usize) -> usize {
        FIRST_ITEM + row * self.layout.width() + self.layout.offset(leaf).unwrap_or_default()
    }

    /// The bits of a plain leaf.
    #[must_use]
    pub fn bits(&self, bytes: &[u8], row: usize, leaf: usize) -> u128 {
        let (at, width) = (self.offset_of(row, leaf), self.layout.types()[leaf].width());
        let mut wide = [0; 16];
        if let Some(value) = bytes.get(at..at + width) {
            wide[..width].copy_from_slice(value);
        }
        u128::from_le_bytes(wide)
    }

    /// The value of a slot. Empty if the slot is damaged.
    #[must_use]
    pub fn bytes<'b>(&self, bytes: &'b [u8], row: usize, leaf: usize) -> &'b [u8] {
        let (at, width) = (self.offset_of(row, leaf), self.layout.types()[leaf].element_width());
        let length = read_u32(bytes, at).saturating_mul(width);
        let start = if width == 1 && length <= INLINE_BYTES { at + 4 } else { at + read_u32(bytes, at + 12) };
        bytes.get(start..start.saturating_add(length)).unwrap_or_default()
    }

    /// One leaf of one record.
    #[must_use]
    pub fn datum(&self, bytes: &[u8], row: usize, leaf: usize) -> Datum {
        match self.layout.types()[leaf].physical() {
            Physical::Slot => Datum::Bytes(self.bytes(bytes, row, leaf).into()),
            _ => Datum::Fixed(self.bits(bytes, row, leaf)),
        }
    }

    /// Encodes a list from its records, leaf by leaf.
    #[must_use]
    pub fn encode<'d>(&self, rows: impl ExactSizeIterator<Item = &'d [Datum]>) -> Vec<u8> {
        let count = rows.len();
        if count == 0 {
            return Vec::new();
        }
        let mut bytes = vec![0; FIRST_ITEM + count * self.layout.width()];
        bytes[..FIRST_ITEM].copy_from_slice(&(count as u32).to_le_bytes());
        for (row, datums) in rows.enumerate() {
            for (leaf, (datum, &ty)) in datums.iter().zip(self.layout.types()).enumerate() {
                let at = self.offset_of(row, leaf);
                let slot = match datum {
                    Datum::Fixed(bits) => *bits,
                    Datum::Bytes(value) => encode_value(&mut bytes, at, ty.element_width(), value),
                };
                bytes[at..at + ty.width()].copy_from_slice(&slot.to_le_bytes()[..ty.width()]);
            }
        }
        bytes.resize(bytes.len().next_multiple_of(WORD), 0);
        bytes
    }

    /// Returns `true` if the bytes are the canonical form of a list of this type.
    #[must_use]
    pub(crate) fn are_stored(&self, bytes: &[u8]) -> bool {
        let types = self.layout.types();
        let read = |row| (0..types.len()).map(|leaf| self.datum(bytes, row, leaf)).collect();
        let rows: Vec<Vec<Datum>> = (0..self.count(bytes)).map(read).collect();
        let ascends = |pair: &[Vec<Datum>]| self.compare_keys(&pair[0], &pair[1]).is_lt();
        let is_valid = |(datum, &ty): (&Datum, &LeafType)| datum.is_canonical(ty);
        rows.iter().flat_map(|row| row.iter().zip(types)).all(is_valid)
            && (!self.is_map || rows.windows(2).all(ascends))
            && self.encode(rows.iter().map(Vec::as_slice)) == bytes
    }

    /// Compares two entries of a map by their keys.
    #[must_use]
    pub fn compare_keys(&self, left: &[Datum], right: &[Datum]) -> Ordering {
        let leaves = self.entry().map_or(0, |(key, _)| key.leaf_count());
        let types = self.layout.types().iter().take(leaves);
        let parts = left.iter().zip(right).zip(types);
        first_difference(parts.map(|((left, right), &ty)| nulls_last(ty, compare_leaf(ty, left, right))))
    }

    /// Compares two lists: record by record, each leaf by leaf with nulls last, then by length.
    #[must_use]
    pub fn compare(&self, left: &[u8], right: &[u8]) -> Ordering {
        let (many, others) = (self.count(left), self.count(right));
        let leaves = self.layout.types();
        let cells = (0..many.min(others)).flat_map(|row| (0..leaves.len()).map(move |leaf| (row, leaf)));
        let order = |(row, leaf): (usize, usize)| {
            let ty = leaves[leaf];
            let order = match ty.physical() {
                Physical::Slot => {
                    crate::row::datum::compare_bytes(ty, self.bytes(left, row, leaf), self.bytes(right, row, leaf))
                }
                _ => crate::row::datum::compare_bits(ty, self.bits(left, row, leaf), self.bits(right, row, leaf)),
            };
            nulls_last(ty, order)
        };
        first_difference(cells.map(order)).then(many.cmp(&others))
    }
}

/// Orders nulls last: valid (1) before null (0).
fn nulls_last(ty: LeafType, order: Ordering) -> Ordering {
    if ty == LeafType::Valid { order.reverse() } else { order }
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Encodes the value of a slot that will be at offset `at`. Appends it to `bytes` if it is not
/// inline. Offsets count from the slot's first byte.
fn encode_value(bytes: &mut Vec<u8>, at: usize, width: usize, value: &[u8]) -> u128 {
    let length = (value.len() / width) as u128;
    let mut first = [0; 16];
    if width == 1 && value.len() <= INLINE_BYTES {
        first[4..4 + value.len()].copy_from_slice(value);
        return length | u128::from_le_bytes(first);
    }
    if value.is_empty() {
        return 0;
    }
    if width == 1 {
        first[4..8].copy_from_slice(&value[..4]);
    } else {
        bytes.resize(bytes.len().next_multiple_of(WORD), 0);
    }
    let place = (bytes.len() - at) as u128;
    bytes.extend_from_slice(value);
    length | u128::from_le_bytes(first) | place << 96
}

/// The number in the four bytes from `at` on. 0 if there are fewer bytes.
fn read_u32(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as usize,
        _ => 0,
    }
}

impl PartialEq for Items {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Items {}

impl Hash for Items {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self, state);
    }
}

/// The type as a program writes it: `Vec<Item { name: String }>`.
impl fmt::Display for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry() {
            Some((key, value)) => {
                let of = |shape| self.schema.describe_part(shape);
                write!(f, "BTreeMap<{}, {}>", of(key), of(value))
            }
            None => write!(f, "Vec<{}>", self.schema.describe()),
        }
    }
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl SchemaBuilder {
    /// A list of records.
    pub fn list(&mut self, item: Schema) -> Shape {
        self.leaf(LeafType::Items(Items::list(item)))
    }

    /// A map of entries, which are tuples of a key and a value.
    pub fn map(&mut self, entry: Schema) -> Shape {
        self.leaf(LeafType::Items(Items::map(entry)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Element, Field};

    fn entry() -> Schema {
        SchemaBuilder::build(|b| {
            let text = |b: &mut SchemaBuilder| b.leaf(LeafType::Text);
            let long = |b: &mut SchemaBuilder| b.optional(|b| b.leaf(LeafType::List(Element::U64)));
            let fields: Vec<Field> = vec![b.field("0", text), b.field("1", long)];
            Shape::Record { name: "", fields }
        })
    }

    fn row(text: &str, longs: Option<&[u64]>) -> Vec<Datum> {
        let bytes: Vec<u8> = longs.unwrap_or_default().iter().flat_map(|long| long.to_le_bytes()).collect();
        vec![Datum::Bytes(text.as_bytes().into()), Datum::Fixed(longs.is_some().into()), Datum::Bytes(bytes.into())]
    }

    fn encode(items: &Items, rows: &[Vec<Datum>]) -> Vec<u8> {
        items.encode(rows.iter().map(Vec::as_slice))
    }

    #[test]
    fn list_types_are_interned_once() {
        assert_eq!(Items::list(entry()), Items::list(entry()));
        assert_ne!(Items::list(entry()), Items::map(entry()));
        assert_eq!(Items::list(entry()).to_string(), "Vec<(String, Option<Vec<u64>>)>");
        assert_eq!(Items::map(entry()).to_string(), "BTreeMap<String, Option<Vec<u64>>>");
    }

    #[test]
    fn records_read_back_and_are_in_order() {
        let items = Items::list(entry());
        let rows = [row("a text of some length", Some(&[1, 2])), row("b", None), row("", Some(&[]))];
        let bytes = encode(items, &rows);
        assert_eq!(bytes.len() % WORD, 0);
        let read = |row| (0..3).map(|leaf| items.datum(&bytes, row, leaf)).collect::<Vec<_>>();
        assert_eq!((items.count(&bytes), (0..3).map(read).collect::<Vec<_>>()), (3, rows.to_vec()));
        assert_eq!(encode(items, &[]), b"");
        let less = [
            [].as_slice(),
            &[row("a", Some(&[2]))],
            &[row("a", None)],
            &[row("a", None), row("", None)],
            &[row("b", Some(&[1]))],
        ];
        for (index, left) in less.iter().enumerate() {
            for (other, right) in less.iter().enumerate() {
                let order = items.compare(&encode(items, left), &encode(items, right));
                assert_eq!(order, index.cmp(&other), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn damaged_lists_can_be_read_and_are_detected() {
        for items in [Items::list(entry()), Items::map(entry())] {
            let whole = encode(items, &[row("", None), row("a text of some length", Some(&[7])), row("größe", None)]);
            assert!(items.are_stored(&whole) && items.are_stored(b""));
            for at in 0..whole.len() {
                for byte in [0, 1, 7, 0x80, 0xff] {
                    let mut damaged = whole.clone();
                    damaged[at] = byte;
                    let read: Vec<_> = (0..items.count(&damaged)).map(|row| items.datum(&damaged, row, 2)).collect();
                    assert!(read.len() <= damaged.len());
                    let _ = items.compare(&damaged, &whole);
                }
                assert!(!items.are_stored(&whole[..at]) || at == 0, "{at}");
            }
        }
        let items = Items::list(entry());
        let bad = vec![Datum::Bytes([0xff].into()), Datum::Fixed(0), Datum::Bytes(Box::default())];
        assert!(!items.are_stored(&encode(items, &[bad])), "not UTF-8");
        let map = Items::map(entry());
        let (first, second) = (row("a", None), row("b", None));
        assert!(map.are_stored(&encode(map, &[first.clone(), second.clone()])));
        assert!(!map.are_stored(&encode(map, &[second, first.clone()])), "not ascending");
        assert!(!map.are_stored(&encode(map, &[first.clone(), first])), "twice");
    }
}
