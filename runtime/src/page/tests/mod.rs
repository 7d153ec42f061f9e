//! Tests of pages, tables and sorts against models from the standard library.

mod copy;
mod items;
mod one_row;
mod page_mut;
mod pairs;
mod writer;

use std::sync::Arc;

use crate::memory::{Budget, Memory};
use crate::row::{Element, LeafSet, LeafType, RowLayout};

use super::batch::{Batch, Input, Selection};
use super::sealed::Page;
use super::writer::RowWriter;

/// A row with a leaf of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Item {
    pub(crate) key: u64,
    pub(crate) text: String,
    pub(crate) list: Vec<u64>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) small: u16,
}

pub(crate) const TYPES: [LeafType; 5] =
    [LeafType::U64, LeafType::Text, LeafType::List(Element::U64), LeafType::Bytes, LeafType::U16];

pub(crate) fn memory() -> Memory {
    Memory::new(Budget::new(1 << 30), "test")
}

pub(crate) fn layout() -> Arc<RowLayout> {
    Arc::new(RowLayout::full(TYPES))
}

pub(crate) fn writer() -> RowWriter {
    RowWriter::new(layout(), memory())
}

/// Writes items through sinks, as generated code does.
pub(crate) fn write(writer: &mut RowWriter, items: &[Item]) {
    let written = writer.visit(|mut leaves, mut claims| {
        let (key, text, list) = (leaves.plain::<u64>(), leaves.text(), leaves.list::<u64>());
        let (bytes, small) = (leaves.bytes(), leaves.plain::<u16>());
        for item in items {
            let heap = text.heap_bytes(&item.text) + list.heap_bytes(&item.list) + bytes.heap_bytes(&item.bytes);
            let put = claims.put(heap, |row, claims| {
                key.write(row, item.key);
                text.write(row, &item.text, claims);
                list.write(row, &item.list, claims);
                bytes.write(row, &item.bytes, claims);
                small.write(row, item.small);
            });
            assert!(put.is_some());
        }
    });
    written.unwrap();
}

pub(crate) fn pages(items: &[Item]) -> Vec<Page> {
    let mut writer = writer();
    write(&mut writer, items);
    writer.seal();
    writer.take_sealed().collect()
}

/// Reads the items of a batch through cursors.
pub(crate) fn read(batch: &Batch<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    windows(batch, |input| {
        input.visit(|mut leaves, rows| {
            let (key, text, list) = (leaves.plain::<u64>(), leaves.text(), leaves.list::<u64>());
            let (bytes, small) = (leaves.bytes(), leaves.plain::<u16>());
            items.extend((0..rows.len()).map(|position| rows.get(position)).map(|row| Item {
                key: key.read(row),
                text: text.read(row).to_owned(),
                list: list.read(row).to_owned(),
                bytes: bytes.read(row).to_owned(),
                small: small.read(row),
            }));
        });
    });
    items
}

pub(crate) fn read_all(pages: &[Page]) -> Vec<Item> {
    pages.iter().flat_map(|page| read(&page.batch())).collect()
}

/// Calls `f` with all rows of a batch, one window at a time.
pub(crate) fn windows(batch: &Batch<'_>, mut f: impl FnMut(&Input<'_>)) {
    let (mut selection, mut next) = (Selection::default(), 0);
    while next < batch.rows() {
        next = selection.fill(next..batch.rows());
        f(&Input::new(batch, &selection));
    }
}

/// A pseudo-random sequence that is the same in each run (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// A text that is often short, sometimes just long enough for the heap, and rarely long.
    pub(crate) fn text(&mut self) -> String {
        let length = match self.below(100) {
            0 => self.below(5_000),
            1..20 => 11 + self.below(4),
            _ => self.below(12),
        };
        (0..length).map(|_| char::from(b'a' + self.below(3) as u8)).collect()
    }

    pub(crate) fn item(&mut self) -> Item {
        Item {
            key: self.next() >> self.below(64),
            text: self.text(),
            list: (0..self.below(5)).map(|_| self.next()).collect(),
            bytes: self.text().into_bytes(),
            small: self.next() as u16,
        }
    }

    pub(crate) fn items(&mut self, count: usize) -> Vec<Item> {
        (0..count).map(|_| self.item()).collect()
    }
}

pub(crate) fn all_leaves() -> LeafSet {
    LeafSet::all(TYPES.len())
}
