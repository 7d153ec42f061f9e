//! Lists of records, read in place.

use std::marker::PhantomData;

use crate::row::{FIRST_ITEM, Items, LeafType};

use super::cursors::{LeafReader, Row, StridedBytes, StridedText};
use super::{Batch, LeafPtr};

/// A leaf of lists of records.
#[derive(Clone, Copy)]
pub struct StridedItems<'b> {
    leaf: StridedBytes<'b>,
    items: Option<&'static Items>,
}

impl<'b> StridedItems<'b> {
    pub(crate) fn new(leaf: StridedBytes<'b>, items: Option<&'static Items>) -> Self {
        StridedItems { leaf, items }
    }

    /// The list of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> StoredItems<'b> {
        StoredItems { items: self.items, bytes: self.leaf.record_bytes(row), row: row.index }
    }
}

/// A list of records as it is stored in a row. Its records have one type. It was validated if it
/// came from outside of the process.
#[derive(Clone, Copy)]
pub struct StoredItems<'b> {
    pub(crate) items: Option<&'static Items>,
    pub(crate) bytes: &'b [u8],
    /// Index of the row that it was read from.
    row: usize,
}

impl<'b> StoredItems<'b> {
    /// Number of records.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.items.map_or(0, |items| items.count(self.bytes))
    }

    /// Returns `true` if there are no records.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// One of the records: its leaves, to make cursors for it, and a row to read them at.
    #[inline]
    #[must_use]
    pub fn get(self, index: usize) -> Option<(LeafReader<'b>, Row<'b>)> {
        let items = self.items.filter(|_| index < self.len())?;
        let start = FIRST_ITEM + index * items.layout().width();
        let record = self.bytes.get(start..start + items.layout().width())?.as_ptr();
        // The pointer has the provenance of the whole list, because slots point past the end of the
        // record.
        let record = self.bytes.as_ptr().with_addr(record.addr());
        // A cursor over these leaves reads this record for any row of the brand. The row is the one
        // that the list was read from. If 'b is shorter than that row's own lifetime, it is no
        // brand of any batch, so the row can be read only through cursors that are made here. If 'b
        // is the brand, it is a row of that batch.
        Some((LeafReader::of_item(items.layout(), record), Row { index: self.row, brand: PhantomData }))
    }
}

impl<'b> LeafReader<'b> {
    /// The next leaf, of lists of records.
    pub fn items(&mut self) -> StridedItems<'b> {
        let leaf = self.next(LeafType::Bytes, |ty| matches!(ty, LeafType::Items(_)));
        let items = if let LeafType::Items(items) = leaf.ty { Some(items) } else { None };
        StridedItems::new(StridedBytes(StridedText { leaf, brand: PhantomData }), items)
    }
}

impl Batch<'_> {
    /// The records of a row's list as a batch. Without rows if the leaf has no lists of records.
    #[must_use]
    pub fn items(&self, leaf: usize, row: usize) -> Batch<'_> {
        let bytes = self.leaf_bytes(leaf, row);
        let LeafType::Items(items) = self.leaf(leaf).ty else { return Batch::of_nulls(&[]).without_rows() };
        let (layout, first) = (items.layout(), bytes.as_ptr().wrapping_add(FIRST_ITEM));
        let leaves = (0..layout.types().len()).map(|leaf| LeafPtr::of_list(layout, first, leaf, layout.width()));
        // SAFETY: lists of records hold as many rows of the layout as `count` returns, and the
        // bytes that their slots point to. They live as long as this batch.
        unsafe { Batch::from_leaves(items.count(bytes), leaves) }
    }
}
