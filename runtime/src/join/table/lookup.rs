//! The lookups of a join table: find its rows by their keys.
//!
//! * By hash. A Bloom filter (8 bits per row, one cache line per key) rejects most probe rows
//!   without a partner.
//! * By an array, for dense numbers. One bit per number is its filter.
//!
//! A filter is not used for a while if it rejects too few rows.

use std::sync::atomic::Ordering;

use smallvec::SmallVec;

use crate::error::Result;
use crate::hash::{BloomFilter, HashIndex, KeyLeaf, KeyShape, compared, hash_rows, prefetch, with_shape};
use crate::join::table::JoinTable;
use crate::join::table::dense::{DenseIndex, Entry, Span, has_numbers};
use crate::join::table::pairs::Pairs;
use crate::memory::Memory;
use crate::page::{Batch, Input, Page, PageMut, PlaceWriter, Selection};

const BLOCK_ROWS: usize = 64;

/// The least number of rows for which a table has a filter. It takes a page.
const MIN_FILTERED_ROWS: usize = 256;

pub(crate) enum Lookup {
    /// By the hash of the key. The filter, if there is one, rejects most absent keys without the
    /// index. It helps even if the index is in a cache, because it saves a branch that is
    /// mispredicted.
    Hashed(HashIndex, Option<BloomFilter>),
    /// By the key itself. All places are near the start of the region.
    Dense(DenseIndex<u32>),
    /// As `Dense`, for any places.
    DenseFar(DenseIndex<u64>),
}

impl Lookup {
    /// The lookup of a table that is not built.
    pub(crate) fn none(memory: &Memory) -> Self {
        Lookup::Hashed(HashIndex::new(memory.clone()), None)
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Lookup::Hashed(index, None) if index.len() == 0)
    }

    /// The maximum bytes of a lookup of `rows` rows.
    pub(crate) fn bytes_for(rows: usize) -> usize {
        HashIndex::bytes_for(rows) + if rows >= MIN_FILTERED_ROWS { BloomFilter::bytes_for(rows) } else { 0 }
    }

    /// A hash lookup without rows, with room for `rows` of them. It never grows, so it hashes no
    /// stored row again.
    fn hashed(rows: usize, memory: &Memory) -> Result<Self> {
        let mut index = HashIndex::new(memory.clone());
        index.reserve(rows, |_| 0)?;
        let presence = if rows >= MIN_FILTERED_ROWS { Some(BloomFilter::new(rows, memory)?) } else { None };
        Ok(Lookup::Hashed(index, presence))
    }
}

/// The span of the keys of rows that will be looked up. Keys that are single numbers and close
/// together need a smaller lookup.
#[derive(Clone, Debug)]
pub struct KeySpan {
    /// The leaf of the key, if it is a single one whose values can be read as numbers.
    leaf: Option<usize>,
    span: Option<Span>,
}

impl KeySpan {
    /// An empty span, for keys of these leaves.
    #[must_use]
    pub fn new(key: &[usize]) -> Self {
        let &[leaf] = key else { return KeySpan { leaf: None, span: None } };
        KeySpan { leaf: Some(leaf), span: None }
    }

    /// Extends the span by the keys of rows.
    pub fn note(&mut self, input: &Input<'_>) {
        let Some(leaf) = self.leaf.map(|leaf| input.batch().leaf(leaf)) else { return };
        if has_numbers(leaf.ty.physical()) {
            // SAFETY: rows of an input are rows of its batch.
            self.span = unsafe { Span::of(leaf, input.selection().rows(), self.span) };
        } else {
            *self = KeySpan { leaf: None, span: None };
        }
    }

    /// Extends the span by the keys of all rows of a batch.
    pub fn note_rows(&mut self, batch: &Batch<'_>) {
        let mut all = Selection::default();
        all.set(0..batch.rows() as u32);
        self.note(&Input::new(batch, &all));
    }

    /// The smallest and the greatest key, as signed numbers. `None` if keys are not single numbers.
    pub(crate) fn limits(&self) -> Option<(i64, i64)> {
        self.span.map(Span::limits)
    }

    /// Extends the span by another one of the same leaf.
    pub(crate) fn join(&mut self, other: &KeySpan) {
        self.leaf = self.leaf.filter(|_| other.leaf.is_some());
        let both = self.span.into_iter().chain(other.span).reduce(Span::cover);
        self.span = both.filter(|_| self.leaf.is_some());
    }

    /// The maximum bytes of a lookup of `rows` rows with these keys. `are_near` is whether all
    /// their pages are [near](JoinTable::is_near) the start of the region.
    #[must_use]
    pub fn lookup_bytes(&self, rows: usize, are_near: bool) -> usize {
        let dense = |span: Span| if are_near { span.index_bytes::<u32>() } else { span.index_bytes::<u64>() };
        self.span.map_or(usize::MAX, dense).min(Lookup::bytes_for(rows))
    }
}

/// Returns `true` if the places of a page of `bytes` bytes, whose first row has the place `first`,
/// fit in a narrow index.
pub(crate) fn is_near(first: usize, bytes: usize) -> bool {
    first + bytes < <u32 as Entry>::END
}

/// A hash index with its filter, to which rows are added.
trait HashedRows {
    fn prefetch(&self, hash: u64);

    /// Adds a row to the front of the rows of its key: `same` returns whether the key of a place is
    /// the same. Returns the place that it replaced, or 0.
    fn put(&mut self, hash: u64, place: usize, same: impl Fn(usize) -> bool) -> usize;
}

/// Used by one thread.
struct Exclusive<'l>(&'l mut HashIndex, Option<&'l mut BloomFilter>);

/// Used by several threads at the same time.
struct Shared<'l>(&'l HashIndex, Option<&'l BloomFilter>);

impl HashedRows for Exclusive<'_> {
    #[inline(always)]
    fn prefetch(&self, hash: u64) {
        self.0.prefetch(hash);
        self.1.iter().for_each(|filter| filter.prefetch(hash));
    }

    #[inline(always)]
    fn put(&mut self, hash: u64, place: usize, same: impl Fn(usize) -> bool) -> usize {
        let head = self.0.find(hash, same);
        match head {
            Some(head) => self.0.replace(hash, head, place),
            None => self.0.insert(hash, place),
        }
        self.1.iter_mut().for_each(|filter| filter.insert(hash));
        head.unwrap_or(0)
    }
}

impl HashedRows for Shared<'_> {
    #[inline(always)]
    fn prefetch(&self, hash: u64) {
        self.0.prefetch(hash);
        self.1.iter().for_each(|filter| filter.prefetch(hash));
    }

    #[inline(always)]
    fn put(&mut self, hash: u64, place: usize, same: impl Fn(usize) -> bool) -> usize {
        self.1.iter().for_each(|filter| filter.insert_shared(hash));
        self.0.put_shared(hash, place, same)
    }
}

impl JoinTable {
    /// Returns `true` if the places of a page fit in a narrow index.
    #[must_use]
    pub fn is_near(&self, page: &Page) -> bool {
        is_near(page.first_row(), page.bytes())
    }

    /// Indexes the rows of all pages, in an [empty lookup](JoinTable::empty_lookup).
    pub(crate) fn index(&mut self, mut lookup: Lookup) {
        let mut chained = false;
        for page in self.rows.pages() {
            // SAFETY: `&mut self` has the rows and the lookup for itself.
            chained |= unsafe {
                match &mut lookup {
                    Lookup::Hashed(index, filter) => self.index_hashed(page, Exclusive(index, filter.as_mut())),
                    Lookup::Dense(dense) => self.index_dense(page, dense),
                    Lookup::DenseFar(dense) => self.index_dense(page, dense),
                }
            };
        }
        (self.lookup, *self.chained.get_mut()) = (lookup, chained);
    }

    /// An empty lookup with room for all rows. It is dense if that takes no more memory than a hash
    /// index.
    pub(crate) fn empty_lookup(&self) -> Result<Lookup> {
        let dense = if self.are_near {
            self.dense_span::<u32>().map(|span| DenseIndex::new(span, &self.memory).map(Lookup::Dense))
        } else {
            self.dense_span::<u64>().map(|span| DenseIndex::new(span, &self.memory).map(Lookup::DenseFar))
        };
        dense.unwrap_or_else(|| Lookup::hashed(self.count, &self.memory))
    }

    /// Indexes the rows of one page by their hashes, while other threads index other pages.
    ///
    /// # Safety
    /// The page is one of this table's. No other thread indexes it, and no thread looks rows up
    /// until all pages are indexed.
    pub(crate) unsafe fn index_shared(&self, page: &PageMut) {
        let Lookup::Hashed(index, filter) = &self.lookup else { return };
        // SAFETY: by the caller's promise, only this thread uses the page's rows. The lookup is
        // written only by operations that several threads may call at the same time.
        let chained = unsafe { self.index_hashed(page, Shared(index, filter.as_ref())) };
        self.chained.fetch_or(chained, Ordering::Relaxed);
    }

    /// The span of the keys, if a dense index takes no more memory than a hash index.
    fn dense_span<E: Entry>(&self) -> Option<Span> {
        self.keys.span.filter(|span| span.index_bytes::<E>() <= Lookup::bytes_for(self.count))
    }

    /// Adds the rows of a page to a hash index, each in front of the rows of its key. Returns
    /// whether any row has the key of another.
    ///
    /// # Safety
    /// The page is one of this table's, and no one else writes or reads hidden leaves of its rows.
    unsafe fn index_hashed(&self, page: &PageMut, mut index: impl HashedRows) -> bool {
        let leaves: SmallVec<[KeyLeaf; 4]> = self
            .key
            .iter()
            .map(|&leaf| KeyLeaf {
                probe: self.stored_leaf(leaf),
                stored_offset: self.layout.offset(leaf).unwrap_or_default(),
                is_sub_key: false,
            })
            .collect();
        let (first, rows, width) = (page.first_row(), page.rows(), self.layout.width());
        let (mut hashes, mut chained) = (Vec::with_capacity(rows), false);
        // SAFETY: `first + row * width` are places of this table's own rows, and so are all places
        // in the index. The caller has the hidden leaves of the page's rows for itself.
        with_shape!(&leaves, shape => unsafe {
            let mut in_place = PlaceWriter::new(self.in_place.start());
            hashes.extend((0..rows).map(|row| shape.hash(first + row * width)));
            for row in 0..rows {
                if let Some(&ahead) = hashes.get(row + BLOCK_ROWS) {
                    index.prefetch(ahead);
                }
                let place = first + row * width;
                let head = index.put(hashes[row], place, |other| shape.same(place, self.in_place.start().add(other)));
                chained |= head != 0;
                in_place.write(place + self.hidden_leaf, head as u64);
            }
        });
        chained
    }

    /// As [`JoinTable::index_hashed`], for a dense index.
    ///
    /// # Safety
    /// As [`JoinTable::index_hashed`].
    unsafe fn index_dense<E: Entry>(&self, page: &PageMut, dense: &mut DenseIndex<E>) -> bool {
        let Some(leaf) = self.key.first().map(|&key| self.stored_leaf(key)) else { return false };
        let (first, rows, width) = (page.first_row(), page.rows(), self.layout.width());
        // SAFETY: the places of this table's own rows.
        let slot_of = |dense: &DenseIndex<E>, row: usize| unsafe { dense.slot_of(leaf, first + row * width) };
        // SAFETY: the caller has the hidden leaves of the page's rows.
        let (mut in_place, mut chained) = (unsafe { PlaceWriter::new(self.in_place.start()) }, false);
        for row in 0..rows {
            if row + BLOCK_ROWS < rows {
                dense.prefetch(slot_of(dense, row + BLOCK_ROWS) as u64);
            }
            let (place, slot) = (first + row * width, slot_of(dense, row));
            let head = dense.replace(slot, place);
            chained |= head != 0;
            // SAFETY: as above.
            unsafe { in_place.write(place + self.hidden_leaf, head as u64) };
        }
        chained
    }

    /// Looks up the key of each row, by the leaves `key` of the batch.
    pub fn probe(&self, input: &Input<'_>, key: &[usize], pairs: &mut Pairs) {
        (pairs.table, pairs.batch_rows) = (self.id, input.batch().rows());
        pairs.chains.clear();
        pairs.heads.clear();
        pairs.heads.resize(input.len(), 0);
        match &self.lookup {
            Lookup::Hashed(index, presence) => {
                hash_rows(input, key, &mut pairs.hashes);
                pairs.drop_absent(presence.as_ref().map(|presence| |hash| presence.contains(hash)));
                let leaves = compared(input.batch(), key, &self.layout, &self.key);
                with_shape!(&leaves, shape => self.probe_hashed(index, shape, input, pairs));
            }
            Lookup::Dense(dense) => self.probe_dense(dense, input, key, pairs),
            Lookup::DenseFar(dense) => self.probe_dense(dense, input, key, pairs),
        }
    }

    fn probe_hashed<K: KeyShape>(&self, index: &HashIndex, shape: K, input: &Input<'_>, pairs: &mut Pairs) {
        let rows = input.selection().rows();
        let (positions, hashes, heads) = (&pairs.positions, &pairs.present, &mut pairs.heads);
        let view = index.view();
        view.prefetch_all(&hashes[..BLOCK_ROWS.min(hashes.len())]);
        for start in (0..hashes.len()).step_by(BLOCK_ROWS) {
            let end = (start + BLOCK_ROWS).min(hashes.len());
            let mut likely = [0; BLOCK_ROWS];
            view.candidates(&hashes[start..end], self.in_place.start(), self.hidden_leaf, &mut likely);
            view.prefetch_all(&hashes[end..hashes.len().min(end + BLOCK_ROWS)]);
            for (found, &place) in (start..end).zip(&likely) {
                let position = positions[found] as usize;
                // SAFETY: rows of an input are rows of its batch; places in the index are rows of
                // this table.
                let same =
                    |place: usize| unsafe { shape.same(rows[position] as usize, self.in_place.start().add(place)) };
                heads[position] = match place {
                    0 => 0,
                    place if same(place) => place,
                    // Another key of the same tag. The right one may follow it.
                    _ => index.find(hashes[found], same).unwrap_or(0),
                };
            }
        }
    }

    fn probe_dense<E: Entry>(&self, dense: &DenseIndex<E>, input: &Input<'_>, key: &[usize], pairs: &mut Pairs) {
        let leaf = key.first().map(|&leaf| input.batch().leaf(leaf));
        let Some(leaf) = leaf.filter(|leaf| has_numbers(leaf.ty.physical())) else { return };
        // SAFETY: rows of an input are rows of its batch.
        unsafe { dense.slots_of(leaf, input.selection().rows(), &mut pairs.hashes) };
        pairs.drop_absent(Some(|slot| dense.contains(slot)));
        let (positions, slots, heads) = (&pairs.positions, &pairs.present, &mut pairs.heads);
        let last = self.last_read();
        slots.iter().take(BLOCK_ROWS).for_each(|&slot| dense.prefetch(slot));
        for (found, (&position, &slot)) in positions.iter().zip(slots).enumerate() {
            if let Some(&ahead) = slots.get(found + BLOCK_ROWS) {
                dense.prefetch(ahead);
            }
            let place = dense.place(slot);
            heads[position as usize] = place;
            if let Some(last) = last.filter(|_| place != 0) {
                // The row is read soon. It may be in two cache lines.
                prefetch(self.in_place.start().wrapping_add(place));
                prefetch(self.in_place.start().wrapping_add(place + last));
            }
        }
    }

    /// The offset of the last leaf of a row that is read for a pair: its link if rows are chained,
    /// or its last leaf besides the key. `None` if there is neither, so that only the presence of
    /// rows matters.
    fn last_read(&self) -> Option<usize> {
        let chained = self.is_chained();
        let leaves = self.layout.types().len() - usize::from(!chained);
        let stored = || (0..leaves).filter_map(|leaf| self.layout.offset(leaf));
        if chained || stored().count() > 1 { stored().max() } else { None }
    }
}
