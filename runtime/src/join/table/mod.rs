//! A table of rows in which rows with equal keys are chained: the build side of a join.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod chains;
mod dense;
mod indexing;
mod lookup;
mod pairs;
#[cfg(test)]
mod tests;

pub(crate) use indexing::SharedTable;
pub use lookup::KeySpan;
pub use pairs::Pairs;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::hash::{ROW_ALIGN, RuntimeFilter, next_table_id};
use crate::join::table::lookup::{Lookup, is_near};
use crate::join::table::pairs::PairKind;
use crate::memory::Memory;
use crate::page::{
    Batch, Input, LeafPtr, OwnedRows, Page, PageMut, PlaceWriter, RowPairs, Selection, WINDOW_ROWS, address_of,
};
use crate::row::{LeafSet, LeafType, RowLayout};

/// A bit of a row's hidden leaf: the row has had a partner. It is free because places are multiples
/// of eight.
const MATCHED: u64 = 1;

/// A table of rows that is filled, built once, and then probed. A row ends with a hidden leaf: the
/// place of the next row of the same key, and whether the row has had a partner.
pub struct JoinTable {
    layout: Arc<RowLayout>,
    /// The offset of the hidden leaf in a row. It is read for each row.
    hidden_leaf: usize,
    key: Box<[usize]>,
    rows: OwnedRows,
    keys: KeySpan,
    lookup: Lookup,
    /// Reads rows by place, and writes their hidden leaves. See `new`.
    in_place: PlaceWriter,
    count: usize,
    /// Whether all pages are [near](is_near) the region's start.
    are_near: bool,
    /// Whether some rows have the same key. If none have, links are not read.
    chained: AtomicBool,
    memory: Memory,
    /// Identifies the table in the process; see [`Pairs::table`].
    id: u64,
}

impl JoinTable {
    /// Creates an empty table for rows of `types`, of which the leaves `live` are kept. The leaves
    /// `key` are the key.
    ///
    /// # Errors
    /// Fails if the region of pages cannot be mapped.
    pub fn new(types: Vec<LeafType>, live: &LeafSet, key: impl Into<Box<[usize]>>, memory: &Memory) -> Result<Self> {
        let (layout, key, start) = (Arc::new(Self::layout_of(types, live)), key.into(), address_of(0)?);
        // SAFETY: `start` is the address of place 0. A table writes only hidden leaves of its own
        // rows. `set_hidden` receives places of pages that `rows` has, or places from the lookup or
        // from `Pairs` with the table's `id`. The lookup and the `id` are replaced when these pages
        // leave (`take_pages`).
        let in_place = unsafe { PlaceWriter::new(start) };
        Ok(JoinTable {
            rows: OwnedRows::new(layout.clone(), memory.clone()),
            hidden_leaf: layout.offset(layout.types().len() - 1).unwrap_or_default(),
            layout,
            keys: KeySpan::new(&key),
            key,
            lookup: Lookup::none(memory),
            memory: memory.clone(),
            in_place,
            count: 0,
            are_near: true,
            chained: AtomicBool::new(false),
            id: next_table_id(),
        })
    }

    /// The layout of rows of `types` in a table's pages, of which the leaves `live` are kept. The
    /// last leaf is the hidden one.
    #[must_use]
    pub fn layout_of(mut types: Vec<LeafType>, live: &LeafSet) -> RowLayout {
        let mut live = live.clone();
        live.insert(types.len());
        types.push(LeafType::U64);
        RowLayout::new(types, &live).aligned(ROW_ALIGN)
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns `true` if the table has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns `true` if some rows have the same key.
    #[inline(always)]
    fn is_chained(&self) -> bool {
        self.chained.load(Ordering::Relaxed)
    }

    /// The layout of its rows: see [`JoinTable::layout_of`].
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.layout
    }

    /// The maximum bytes that [`JoinTable::build`] allocates for `rows` rows.
    #[must_use]
    pub fn index_bytes(rows: usize) -> usize {
        Lookup::bytes_for(rows)
    }

    /// The bytes of its closed pages.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.pages().iter().map(PageMut::bytes).sum()
    }

    /// The bytes that adding these rows allocates.
    #[must_use]
    pub fn bytes_for(&self, input: &Input<'_>) -> usize {
        self.rows.writer().fitting(input, Some(&self.sources()), usize::MAX).1
    }

    /// The bytes that [`JoinTable::build`] allocates for the rows of the table. With `more` rows
    /// more, approximately.
    #[must_use]
    pub fn build_bytes(&self, more: usize) -> usize {
        self.keys.lookup_bytes(self.count + more, self.are_near)
    }

    /// The span of the keys of its rows.
    #[must_use]
    pub fn keys(&self) -> &KeySpan {
        &self.keys
    }

    /// Adds the keys of its rows to the runtime filter of the other side.
    pub(crate) fn add_keys_to(&self, filter: &RuntimeFilter) {
        let batches = self.rows.pages().iter().map(|page| page.batch());
        filter.add(batches, self.count, &self.key, self.keys.limits(), &self.memory);
    }

    /// For each leaf of a row, the leaf of the input that it copies. The hidden one has none;
    /// `build` sets it.
    fn sources(&self) -> SmallVec<[usize; 16]> {
        let hidden = self.layout.types().len() - 1;
        (0..hidden).chain([usize::MAX]).collect()
    }

    /// Adds rows, before [`JoinTable::build`].
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        let leaves = self.sources();
        self.keys.note(input);
        self.rows.append(input, Some(&leaves))?;
        self.collect();
        self.count += input.len();
        Ok(())
    }

    /// Adds the rows of a page of the table's [layout](JoinTable::layout), before
    /// [`JoinTable::build`]. The content of their hidden leaf does not matter.
    ///
    /// # Errors
    /// Fails if the page has another layout or another owner, or if the table is built.
    pub fn adopt(&mut self, page: Page) -> Result<()> {
        let refused = || Error::Internal("a page was adopted that a table cannot own".to_owned());
        if page.layout() != &self.layout || !self.lookup.is_none() {
            return Err(refused());
        }
        let page = page.try_into_mut().map_err(|_| refused())?;
        self.count += page.rows();
        self.keys.note_rows(&page.batch());
        self.are_near &= is_near(page.first_row(), page.bytes());
        self.rows.adopt(page);
        Ok(())
    }

    /// Moves all rows of another table into this one, before [`JoinTable::build`].
    ///
    /// # Errors
    /// Fails if the other table has another layout, or if one of the tables is built.
    pub(crate) fn take_over(&mut self, mut other: JoinTable) -> Result<()> {
        if other.layout != self.layout || !self.lookup.is_none() || !other.lookup.is_none() {
            return Err(Error::Internal("a table was to take rows over that it cannot own".to_owned()));
        }
        for page in other.rows.take() {
            self.are_near &= is_near(page.first_row(), page.bytes());
            self.rows.adopt(page);
        }
        self.keys.join(&other.keys);
        self.count += other.count;
        Ok(())
    }

    /// The bytes that [`JoinTable::build`] allocates for a table of all rows of these tables.
    pub(crate) fn build_bytes_of(tables: &[&JoinTable]) -> usize {
        let Some((first, others)) = tables.split_first() else { return 0 };
        let (mut keys, mut rows, mut are_near) = (first.keys.clone(), first.count, first.are_near);
        for other in others {
            keys.join(&other.keys);
            rows += other.count;
            are_near &= other.are_near;
        }
        keys.lookup_bytes(rows, are_near)
    }

    /// Takes all rows and frees the memory of the index. The table is then empty and not built.
    pub fn take_pages(&mut self) -> Vec<Page> {
        let pages = self.rows.take();
        // Places that were found before are no longer valid.
        (self.lookup, self.count, self.id) = (Lookup::none(&self.memory), 0, next_table_id());
        (self.keys, self.are_near) = (KeySpan::new(&self.key), true);
        pages.into_iter().map(PageMut::freeze).collect()
    }

    /// Indexes all rows.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn build(&mut self) -> Result<()> {
        self.rows.seal();
        self.collect();
        let lookup = self.empty_lookup()?;
        self.index(lookup);
        Ok(())
    }

    /// Moves closed pages from the writer to the table.
    fn collect(&mut self) {
        let before = self.rows.pages().len();
        self.rows.collect();
        self.are_near &= self.rows.pages().range(before..).all(|page| is_near(page.first_row(), page.bytes()));
    }

    fn stored_leaf(&self, leaf: usize) -> LeafPtr {
        LeafPtr::stored(&self.layout, self.in_place.start(), leaf)
    }

    /// A page of built rows. Selects those of its rows that have had a partner (`matched`), or that
    /// have not. `None` after the last page.
    pub fn rows_of(&self, page: usize, matched: bool, rows: &mut Selection) -> Option<Batch<'_>> {
        let page = self.rows.pages().get(page)?;
        let (first, width) = (page.first_row(), self.layout.width());
        let is_asked = |&row: &u32| (self.hidden(first + row as usize * width) & MATCHED != 0) == matched;
        rows.set((0..page.rows() as u32).filter(is_asked));
        Some(page.batch())
    }

    /// Lists the next built rows without a partner, at most [`WINDOW_ROWS`], from a page and a row
    /// of it. Returns `false` if there are none.
    pub fn next_unmatched(&self, from: &mut (usize, usize), pairs: &mut Pairs) -> bool {
        pairs.list(PairKind::UnmatchedBuild);
        (pairs.table, pairs.batch_rows) = (self.id, 1);
        while let Some(page) = self.rows.pages().get(from.0) {
            let first = page.first_row();
            while from.1 < page.rows() && pairs.built.len() < WINDOW_ROWS {
                let place = first + from.1 * self.layout.width();
                if self.hidden(place) & MATCHED == 0 {
                    pairs.built.push(place);
                }
                from.1 += 1;
            }
            if pairs.built.len() == WINDOW_ROWS {
                break;
            }
            *from = (from.0 + 1, 0);
        }
        // The missing row of the other side has number 0.
        pairs.probed.resize(pairs.built.len(), 0);
        !pairs.is_empty()
    }

    /// The hidden leaf of a row.
    fn hidden(&self, place: usize) -> u64 {
        // SAFETY: the callers pass places of this table's rows, whose hidden leaf `build` wrote.
        unsafe { self.in_place.start().add(place + self.hidden_leaf).cast::<u64>().read_unaligned() }
    }

    fn set_hidden(&mut self, place: usize, hidden: u64) {
        // SAFETY: as `hidden`; the rows lie in pages that `rows` owns.
        unsafe { self.in_place.write(place + self.hidden_leaf, hidden) }
    }

    /// The listed pairs of an input's rows and the table's rows. `built_left` is whether this table
    /// is the left side of the join.
    #[must_use]
    pub fn row_pairs<'b>(&'b self, input: &Input<'b>, pairs: &'b Pairs, built_left: bool) -> RowPairs<'b> {
        // Pairs of another table, or of a batch with another number of rows, are ignored.
        let own = pairs.table == self.id && pairs.batch_rows == input.batch().rows();
        let rows = if own { [&pairs.probed[..], &pairs.built[..]] } else { [&[][..], &[][..]] };
        // SAFETY: pairs of this table hold rows of the probed batch and places of this table's
        // rows.
        unsafe { RowPairs::new(self.sides(input.batch(), pairs), rows, built_left) }
    }

    /// The probed and the built side of pairs, as the closure reads them. A missing side reads as
    /// nulls.
    fn sides<'b>(&'b self, probed: &'b Batch<'b>, pairs: &Pairs) -> [Batch<'b>; 2] {
        let stored = (0..self.layout.types().len() - 1).map(|leaf| self.stored_leaf(leaf));
        let asked = (0..probed.leaf_count()).map(|leaf| probed.leaf(leaf));
        let [has_probe, has_built] = [pairs.kind != PairKind::UnmatchedBuild, pairs.kind != PairKind::UnmatchedProbe];
        let [probe_optional, built_optional] = pairs.optional;
        // SAFETY: the batches are read only at the rows of `pairs`. These are rows of the probed
        // batch (`row_pairs` compares the number of its rows), and places of rows of this table,
        // which stays borrowed. Leaves of a missing side are dead, and may be read anywhere.
        unsafe {
            [
                Batch::from_leaves(probed.rows(), seen(asked, probe_optional, has_probe)),
                Batch::from_leaves(usize::MAX, seen(stored, built_optional, has_built)),
            ]
        }
    }
}

/// A side's leaves as the closure reads them, after the validity leaf of an `optional` side.
fn seen(leaves: impl Iterator<Item = LeafPtr>, optional: bool, is_present: bool) -> impl Iterator<Item = LeafPtr> {
    let validity = optional.then(|| if is_present { LeafPtr::valid() } else { LeafPtr::dead(LeafType::Valid) });
    validity.into_iter().chain(leaves.map(move |leaf| if is_present { leaf } else { LeafPtr::dead(leaf.ty) }))
}
