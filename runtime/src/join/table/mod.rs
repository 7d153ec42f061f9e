//! A table of rows with equal keys chained: the build side of a join.

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
use crate::join::table::pairs::Of;
use crate::memory::Memory;
use crate::page::{
    Batch, Input, LeafPtr, OwnedRows, Page, PageMut, PlaceWriter, RowPairs, Selection, WINDOW_ROWS, address_of,
};
use crate::row::{LeafSet, LeafType, RowLayout};

/// Set in a row's hidden leaf once the row has had a partner. Places are multiples of eight.
const MATCHED: u64 = 1;

/// Collects rows, is built once, then probed. A row ends with a hidden leaf: the place of the next row of the same key, and whether the
/// row has had a partner.
pub struct JoinTable {
    layout: Arc<RowLayout>,
    /// Where the hidden leaf of a row lies: asked for each row.
    hidden_leaf: usize,
    key: Box<[usize]>,
    rows: OwnedRows,
    keys: KeySpan,
    lookup: Lookup,
    /// What reads rows by place, and writes their hidden leaves; see `new`.
    in_place: PlaceWriter,
    count: usize,
    /// Whether all pages are [near](is_near) the region's start.
    are_near: bool,
    /// Whether some rows have the same key: where none have, no row needs to be asked for its next one.
    chained: AtomicBool,
    memory: Memory,
    /// Tells the tables of the process apart; see [`Pairs::table`].
    id: u64,
}

impl JoinTable {
    /// An empty table for rows of `types`, of which `live` are kept, with key leaves `key`.
    ///
    /// # Errors
    /// When the region cannot be had.
    pub fn new(types: Vec<LeafType>, live: &LeafSet, key: impl Into<Box<[usize]>>, memory: &Memory) -> Result<Self> {
        let (layout, key, start) = (Arc::new(Self::layout_of(types, live)), key.into(), address_of(0)?);
        // SAFETY: `start` is the address of place 0. A table writes hidden leaves of its own rows alone: `set_hidden` is given places of pages that
        // `rows` has, or what the lookup and `Pairs` of the table's `id` have, which are gone when these pages leave (`take_pages`).
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

    /// How rows of `types`, of which `live` are kept, lie in a table's pages: the last leaf is the hidden one.
    #[must_use]
    pub fn layout_of(mut types: Vec<LeafType>, live: &LeafSet) -> RowLayout {
        let mut live = live.clone();
        live.insert(types.len());
        types.push(LeafType::U64);
        RowLayout::new(types, &live).aligned(ROW_ALIGN)
    }

    /// How many rows were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether no row was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether some rows have the same key.
    #[inline(always)]
    fn is_chained(&self) -> bool {
        self.chained.load(Ordering::Relaxed)
    }

    /// How its rows lie in pages: see [`JoinTable::layout_of`].
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.layout
    }

    /// The most that [`JoinTable::build`] takes for so many rows.
    #[must_use]
    pub fn index_bytes(rows: usize) -> usize {
        Lookup::bytes_for(rows)
    }

    /// What its closed pages take.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.pages().iter().map(PageMut::bytes).sum()
    }

    /// What adding rows takes.
    #[must_use]
    pub fn bytes_for(&self, input: &Input<'_>) -> usize {
        self.rows.writer().fitting(input, Some(&self.sources()), usize::MAX).1
    }

    /// What [`JoinTable::build`] takes for the rows that it has, and about as much for so many more.
    #[must_use]
    pub fn build_bytes(&self, more: usize) -> usize {
        self.keys.lookup_bytes(self.count + more, self.are_near)
    }

    /// What is known of the keys of its rows.
    #[must_use]
    pub fn keys(&self) -> &KeySpan {
        &self.keys
    }

    /// Adds the keys of its rows to a filter of the rows that look for partners.
    pub(crate) fn tell_keys(&self, filter: &RuntimeFilter) {
        let batches = self.rows.pages().iter().map(|page| page.batch());
        filter.add(batches, self.count, &self.key, self.keys.limits(), &self.memory);
    }

    /// Where each leaf of a row comes from. The hidden one has no source; `build` sets it.
    fn sources(&self) -> SmallVec<[usize; 16]> {
        let hidden = self.layout.types().len() - 1;
        (0..hidden).chain([usize::MAX]).collect()
    }

    /// Adds rows, before [`JoinTable::build`].
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        let leaves = self.sources();
        self.keys.note(input);
        self.rows.append(input, Some(&leaves))?;
        self.collect();
        self.count += input.len();
        Ok(())
    }

    /// Adds the rows of a page of the table's [layout](JoinTable::layout), before [`JoinTable::build`]: what lies in their hidden leaf does not
    /// matter.
    ///
    /// # Errors
    /// A page of another layout, or one that somebody else holds too.
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

    /// Takes all rows of another table for the same rows, before [`JoinTable::build`].
    ///
    /// # Errors
    /// A table of other rows, or one that is built.
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

    /// What [`JoinTable::build`] takes of a table of all rows that these tables have.
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

    /// Gives all rows away, and the memory of what [`JoinTable::build`] made: the table is empty and not built.
    pub fn take_pages(&mut self) -> Vec<Page> {
        let pages = self.rows.take();
        // Places that were found before mean nothing now.
        (self.lookup, self.count, self.id) = (Lookup::none(&self.memory), 0, next_table_id());
        (self.keys, self.are_near) = (KeySpan::new(&self.key), true);
        pages.into_iter().map(PageMut::freeze).collect()
    }

    /// Indexes all rows.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn build(&mut self) -> Result<()> {
        self.rows.seal();
        self.collect();
        let lookup = self.empty_lookup()?;
        self.index(lookup);
        Ok(())
    }

    /// Takes pages that are full.
    fn collect(&mut self) {
        let before = self.rows.pages().len();
        self.rows.collect();
        self.are_near &= self.rows.pages().range(before..).all(|page| is_near(page.first_row(), page.bytes()));
    }

    fn stored_leaf(&self, leaf: usize) -> LeafPtr {
        LeafPtr::stored(&self.layout, self.in_place.start(), leaf)
    }

    /// A page of built rows, and which of them have had a partner, or have not.
    pub fn rows_of(&self, page: usize, matched: bool, rows: &mut Selection) -> Option<Batch<'_>> {
        let page = self.rows.pages().get(page)?;
        let (first, width) = (page.first_row(), self.layout.width());
        let is_asked = |&row: &u32| (self.hidden(first + row as usize * width) & MATCHED != 0) == matched;
        rows.set((0..page.rows() as u32).filter(is_asked));
        Some(page.batch())
    }

    /// Lists the next built rows that have had no partner, at most [`WINDOW_ROWS`], from a page and a row of it; whether there are any.
    pub fn next_alone(&self, from: &mut (usize, usize), pairs: &mut Pairs) -> bool {
        pairs.list(Of::BuiltAlone);
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
        // The row on the other side, which is not there, has number 0.
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

    /// The pairs that are listed, of an input's rows and the table's. `built_left` says which side of the join this table is.
    #[must_use]
    pub fn row_pairs<'b>(&'b self, input: &Input<'b>, pairs: &'b Pairs, built_left: bool) -> RowPairs<'b> {
        // Pairs of another table, or of a batch with other rows, are none.
        let own = pairs.table == self.id && pairs.batch_rows == input.batch().rows();
        let rows = if own { [&pairs.probed[..], &pairs.built[..]] } else { [&[][..], &[][..]] };
        // SAFETY: pairs of this table hold rows of the probed batch and places of this table's rows.
        unsafe { RowPairs::new(self.sides(input.batch(), pairs), rows, built_left) }
    }

    /// The probed and the built side of pairs, as the closure sees them: a side whose rows are not there reads as nulls.
    fn sides<'b>(&'b self, probed: &'b Batch<'b>, pairs: &Pairs) -> [Batch<'b>; 2] {
        let stored = (0..self.layout.types().len() - 1).map(|leaf| self.stored_leaf(leaf));
        let asked = (0..probed.leaf_count()).map(|leaf| probed.leaf(leaf));
        let [probe_is_there, built_is_there] = [pairs.of != Of::BuiltAlone, pairs.of != Of::ProbedAlone];
        let [probe_optional, built_optional] = pairs.optional;
        // SAFETY: read only at `pairs`' rows: rows of the probed batch (`row_pairs` compares the number of its rows), and places of this
        // table's rows, which is borrowed meanwhile. Leaves that are not there are dead, and may be read anywhere.
        unsafe {
            [
                Batch::from_leaves(probed.rows(), seen(asked, probe_optional, probe_is_there)),
                Batch::from_leaves(usize::MAX, seen(stored, built_optional, built_is_there)),
            ]
        }
    }
}

/// A side's leaves as the closure sees them.
fn seen(leaves: impl Iterator<Item = LeafPtr>, optional: bool, there: bool) -> impl Iterator<Item = LeafPtr> {
    let validity = optional.then(|| if there { LeafPtr::valid() } else { LeafPtr::dead(LeafType::Valid) });
    validity.into_iter().chain(leaves.map(move |leaf| if there { leaf } else { LeafPtr::dead(leaf.ty) }))
}
