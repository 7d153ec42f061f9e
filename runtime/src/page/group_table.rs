//! A hash table of groups: one row of key and state for each distinct key.

mod best;
mod combine;
mod state;

use std::sync::Arc;

use smallvec::SmallVec;

use super::batch::{Batch, Input, LeafPtr, windows};
use super::index::{Index, ROW_ALIGN, address_of, next_id};
use super::key::{KeyLeaf, KeyShape, compared, with_shape};
use super::run::Page;
use super::writer::RowWriter;
use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::row::{LeafSet, LeafType, Physical, RowLayout};

pub use combine::{Combined, Combining};
pub use state::{StateReader, StateRow, StateRows, StateSlot};

/// Rows probed together: their index lines and stored rows are loaded while others are hashed, and stay in the first cache.
const BLOCK_ROWS: usize = 64;

/// Up to so many groups are looked for in a cache of their own before the index.
const FEW_GROUPS: usize = 64;

/// Entries of that cache, a power of two.
const RECENT: usize = 256;

/// Spreads codes over it by their product's top bits.
const CODE_FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// An index up to this size stays in a core's second cache.
const NEAR_BYTES: usize = 256 << 10;

/// Groups by key. A group's row holds the key's leaves and its state; the pages that they lie in are the table's output.
pub struct GroupTable {
    layout: Arc<RowLayout>,
    key: Box<[usize]>,
    rows: RowWriter,
    pages: Vec<Page>,
    index: Index,
    base: *mut u8,
    /// The first leaves of a row, which kernels write; a row that one replaces keeps the others.
    written: usize,
    /// Rows that were replaced by others and lie dead in the pages with what their slots point to.
    dead: usize,
    /// Places of replaced rows without such variable parts, which rows that come later take.
    free: Vec<usize>,
    /// Where records that are written in place would put variable parts, which they have none of: never read.
    aside: RowWriter,
    /// Changes whenever places lose their meaning; see [`Groups::table`].
    id: u64,
}

// SAFETY: `base` is the region's start, which all threads share; rows are reached through `&self` and `&mut self` only.
unsafe impl Send for GroupTable {}

/// For each row of an input, the place of its group's row in one table.
#[derive(Default, Debug)]
pub struct Groups {
    /// The table, at the time, that the places belong to.
    table: u64,
    places: Vec<usize>,
    fresh: Vec<u32>,
    hashes: Vec<u64>,
}

impl Groups {
    /// Positions in the input whose row opened its group.
    #[must_use]
    pub fn fresh(&self) -> &[u32] {
        &self.fresh
    }

    /// For each row of the input's batch, at the row's own number, a number that is its group's alone as long as the table is not
    /// drained; zero for rows that the input does not ask for.
    pub fn numbers(&self, input: &Input<'_>, numbers: &mut Vec<u64>) {
        numbers.clear();
        numbers.resize(input.batch().rows(), 0);
        for (&row, &place) in input.selection().rows().iter().zip(&self.places) {
            numbers[row as usize] = place as u64;
        }
    }
}

impl GroupTable {
    /// The layout of a table's rows: key and state leaves, at places that the index can name.
    #[must_use]
    pub fn layout_of(types: Vec<LeafType>, live: &LeafSet) -> Arc<RowLayout> {
        Arc::new(RowLayout::new(types, live).aligned(ROW_ALIGN))
    }

    /// An empty table for rows of a layout from [`GroupTable::layout_of`], whose leaves `key` tell groups apart.
    ///
    /// # Errors
    /// When the region cannot be had.
    pub fn new(layout: Arc<RowLayout>, key: impl Into<Box<[usize]>>, memory: &Memory) -> Result<Self> {
        if !layout.width().is_multiple_of(ROW_ALIGN) {
            return Err(Error::Internal(format!("rows of {} bytes in a table", layout.width())));
        }
        Ok(GroupTable {
            rows: RowWriter::new(layout.clone(), memory.clone()),
            written: layout.types().len(),
            key: key.into(),
            pages: Vec::new(),
            index: Index::new(memory.clone()),
            base: address_of(0)?,
            dead: 0,
            free: Vec::new(),
            aside: RowWriter::new(layout.clone(), memory.clone()),
            id: next_id(),
            layout,
        })
    }

    /// The same table, for kernels that know a row's first `written` leaves only: a row that one replaces keeps the others.
    #[must_use]
    pub fn keeping_from(self, written: usize) -> Self {
        GroupTable { written, ..self }
    }

    /// How the groups' rows lie in their pages.
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.layout
    }

    /// How many groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pages.iter().map(Page::bytes).sum::<usize>() + self.index.bytes()
    }

    /// Whether there is no group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds the group of each row, by the batch's leaves `key`, and opens what is missing: a new row has the leaves in `copied` (leaf
    /// of the table, leaf of the batch; the key among them) from the batch, zeros elsewhere.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn probe(
        &mut self,
        input: &Input<'_>,
        key: &[usize],
        copied: &[(usize, usize)],
        groups: &mut Groups,
    ) -> Result<()> {
        groups.places.clear();
        groups.fresh.clear();
        groups.table = self.id;
        let stored = self.stored_key();
        self.index.reserve(input.len(), |place| {
            // SAFETY: the index holds places of this table's rows.
            with_shape!(&stored, shape => unsafe { shape.hash(place) })
        })?;
        let leaves = compared(input.batch(), key, &self.layout, &self.key);
        with_shape!(&leaves, shape => self.probe_shape(shape, input, copied, groups))
    }

    fn probe_shape<K: KeyShape>(
        &mut self,
        shape: K,
        input: &Input<'_>,
        copied: &[(usize, usize)],
        groups: &mut Groups,
    ) -> Result<()> {
        let rows = input.selection().rows();
        if self.len() <= FEW_GROUPS {
            return self.probe_few(shape, input.batch(), rows, copied, groups);
        }
        groups.hashes.clear();
        // SAFETY: rows of an input are rows of its batch.
        groups.hashes.extend(rows.iter().map(|&row| unsafe { shape.hash(row as usize) }));
        let hashes = std::mem::take(&mut groups.hashes);
        groups.places.resize(rows.len(), 0);
        // A small table lies in the cache already: loading ahead would only be work.
        let far = self.index.bytes() > NEAR_BYTES;
        if far {
            self.index.view().prefetch(&hashes[..BLOCK_ROWS.min(hashes.len())]);
        }
        for start in (0..rows.len()).step_by(BLOCK_ROWS) {
            let end = (start + BLOCK_ROWS).min(rows.len());
            let (rows, known) = (&rows[start..end], &hashes[start..end]);
            let mut likely = [0; BLOCK_ROWS];
            let view = self.index.view();
            view.candidates(known, self.base, &mut likely);
            if far {
                view.prefetch(&hashes[end..hashes.len().min(end + BLOCK_ROWS)]);
            }
            let mut missed = [0u8; BLOCK_ROWS];
            // SAFETY: rows of an input are rows of its batch; candidates are places of rows of this table.
            let misses =
                unsafe { verify(shape, rows, &likely, self.base, &mut groups.places[start..end], &mut missed) };
            for &offset in &missed[..misses] {
                let (offset, base) = (usize::from(offset), self.base);
                let (row, hash) = (rows[offset] as usize, known[offset]);
                // Another key of the same tag, a new key, or one that a row just before has opened.
                // SAFETY: as above.
                let place = match self.index.find(hash, |place| unsafe { shape.same(row, base.add(place)) }) {
                    Some(place) => place,
                    None => {
                        groups.fresh.push((start + offset) as u32);
                        self.open(input.batch(), row, hash, copied)?
                    }
                };
                groups.places[start + offset] = place;
            }
        }
        groups.hashes = hashes;
        Ok(())
    }

    /// Few groups: rows find theirs through a small cache by a number that is cheap to make, mostly without a hash or a look at
    /// the group's row.
    fn probe_few<K: KeyShape>(
        &mut self,
        shape: K,
        batch: &Batch<'_>,
        rows: &[u32],
        copied: &[(usize, usize)],
        groups: &mut Groups,
    ) -> Result<()> {
        let base = self.base;
        // Codes with the place of their group, which is never 0 and a multiple of eight; its lowest bit says that the code is exact.
        let mut recent = [(0u64, 0usize); RECENT];
        groups.hashes.clear();
        for (position, &row) in rows.iter().enumerate() {
            let row = row as usize;
            // SAFETY: rows of an input are rows of its batch; places in the index and in `recent` are rows of this table.
            let same = |place: usize| unsafe { shape.same(row, base.add(place)) };
            // SAFETY: rows of an input are rows of its batch.
            let code = unsafe { shape.code(row) };
            let slot = (code.number.wrapping_mul(CODE_FACTOR) >> (u64::BITS - RECENT.trailing_zeros())) as usize;
            let (known, entry) = recent[slot];
            let exact = usize::from(code.exact);
            let mut place = entry & !1;
            let found = place != 0 && known == code.number && (entry & exact == 1 || same(place));
            if !found {
                // SAFETY: as above.
                let hash = unsafe { shape.hash(row) };
                place = match self.index.find(hash, same) {
                    Some(place) => place,
                    None => {
                        groups.fresh.push(position as u32);
                        self.open(batch, row, hash, copied)?
                    }
                };
                recent[slot] = (code.number, place | exact);
            }
            groups.places.push(place);
        }
        Ok(())
    }

    /// A new group's row.
    fn open(&mut self, batch: &Batch<'_>, row: usize, hash: u64, copied: &[(usize, usize)]) -> Result<usize> {
        let slot_leaves: SmallVec<[LeafPtr; 4]> = copied
            .iter()
            .map(|&(_, from)| batch.leaf(from))
            .filter(|leaf| leaf.ty.physical() == Physical::Slot)
            .collect();
        // SAFETY: `row` is a row of the batch.
        let heap = unsafe { super::copy::heap_bytes(&slot_leaves, row) };
        let Some(place) = self.rows.claim(heap) else {
            self.rows.check()?;
            return Err(Error::Internal("a page was refused without a reason".to_owned()));
        };
        if self.rows.has_sealed() {
            self.pages.extend(self.rows.take_sealed());
        }
        // SAFETY: the row was claimed just now: `width` bytes at `place` belong to it; `row` is a row of the batch, and the
        // heap room that its slots need was claimed.
        unsafe {
            std::ptr::write_bytes(self.base.add(place), 0, self.layout.width());
            self.rows.copy_row(batch, row, copied, place);
        }
        self.index.insert(hash, place);
        Ok(place)
    }

    fn stored_key(&self) -> SmallVec<[KeyLeaf; 4]> {
        self.key.iter().map(|&leaf| KeyLeaf { asked: self.stored_leaf(leaf), stored_offset: 0 }).collect()
    }

    /// A leaf of stored rows, whose "row number" is the place.
    fn stored_leaf(&self, leaf: usize) -> LeafPtr {
        LeafPtr::stored(&self.layout, self.base, leaf)
    }

    /// All groups as pages; the table is empty then.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn drain(&mut self) -> Result<Vec<Page>> {
        self.rows.seal();
        self.pages.extend(self.rows.take_sealed());
        let pages =
            if self.dead > 0 || !self.free.is_empty() { self.live_pages()? } else { std::mem::take(&mut self.pages) };
        self.pages.clear();
        self.index.clear();
        self.dead = 0;
        self.free.clear();
        self.id = next_id();
        Ok(pages)
    }

    /// Drops replaced rows, where they are more than the live ones.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn compact(&mut self) -> Result<()> {
        if self.dead + self.free.len() <= self.len() + 4096 {
            return Ok(());
        }
        let live = self.drain()?;
        let all: Vec<(usize, usize)> = (0..self.layout.types().len()).map(|leaf| (leaf, leaf)).collect();
        let (key, mut groups) = (self.key.clone(), Groups::default());
        for page in live {
            windows(&page.batch(), |input| self.probe(input, &key, &all, &mut groups))?;
        }
        Ok(())
    }

    fn live_pages(&mut self) -> Result<Vec<Page>> {
        // In the order of their places, not of the index, which is that of their hashes: another table that is filled in the order of
        // hashes, and grows meanwhile, has all its rows in one end.
        let mut places: Vec<usize> = self.index.places().collect();
        places.sort_unstable();
        let leaves: SmallVec<[LeafPtr; 8]> =
            (0..self.layout.types().len()).map(|leaf| self.stored_leaf(leaf)).collect();
        // SAFETY: read only at the places of this table's rows, below.
        let batch = unsafe { Batch::from_leaves(usize::MAX, leaves) };
        // SAFETY: the index holds places of this table's rows, whose pages are held until this function's end.
        unsafe { self.rows.append_rows(&batch, None, &places, |_, _| ())? };
        self.rows.seal();
        Ok(self.rows.take_sealed().collect())
    }
}

/// Compares rows with their candidates: a tight loop without calls. Sets the places of those that are right, and lists the others;
/// how many.
///
/// # Safety
/// `rows` are rows of the shape's batch; each candidate is 0 or the place of a row of the shape's table.
#[inline(always)]
unsafe fn verify<K: KeyShape>(
    shape: K,
    rows: &[u32],
    likely: &[usize; BLOCK_ROWS],
    base: *const u8,
    places: &mut [usize],
    missed: &mut [u8; BLOCK_ROWS],
) -> usize {
    let mut misses = 0;
    for (offset, ((&row, &candidate), place)) in rows.iter().zip(likely).zip(places).enumerate() {
        // SAFETY: the caller's promise.
        if candidate != 0 && unsafe { shape.same(row as usize, base.add(candidate)) } {
            *place = candidate;
        } else {
            missed[misses] = offset as u8;
            misses += 1;
        }
    }
    misses
}
