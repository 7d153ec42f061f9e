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

/// A table of fewer rows has no filter: it would take a page for them.
const LEAST_FILTERED: usize = 256;

pub(crate) enum Lookup {
    /// By the key's hash; and what tells of most keys that are not there, without the index: even where that lies in a cache, it is a branch to guess.
    Hashed(HashIndex, Option<BloomFilter>),
    /// By the key itself: places near the region's start.
    Dense(DenseIndex<u32>),
    /// The same, wherever they are.
    DenseFar(DenseIndex<u64>),
}

impl Lookup {
    /// Of a table that is not built.
    pub(crate) fn none(memory: &Memory) -> Self {
        Lookup::Hashed(HashIndex::new(memory.clone()), None)
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Lookup::Hashed(index, None) if index.len() == 0)
    }

    /// The most that a lookup of so many rows takes.
    pub(crate) fn bytes_for(rows: usize) -> usize {
        HashIndex::bytes_for(rows) + if rows >= LEAST_FILTERED { BloomFilter::bytes_for(rows) } else { 0 }
    }

    /// By hashes, without rows, with room for so many: it never grows and needs no hash of a stored row again.
    fn hashed(rows: usize, memory: &Memory) -> Result<Self> {
        let mut index = HashIndex::new(memory.clone());
        index.reserve(rows, |_| 0)?;
        let presence = if rows >= LEAST_FILTERED { Some(BloomFilter::new(rows, memory)?) } else { None };
        Ok(Lookup::Hashed(index, presence))
    }
}

/// What is known of the keys of rows that are to be looked up: those that are numbers and lie close together take less.
#[derive(Clone, Debug)]
pub struct KeySpan {
    /// The leaf, where a key is one number.
    leaf: Option<usize>,
    span: Option<Span>,
}

impl KeySpan {
    /// Nothing yet, of keys that are these leaves.
    #[must_use]
    pub fn new(key: &[usize]) -> Self {
        let &[leaf] = key else { return KeySpan { leaf: None, span: None } };
        KeySpan { leaf: Some(leaf), span: None }
    }

    /// Notes the keys of rows.
    pub fn note(&mut self, input: &Input<'_>) {
        let Some(leaf) = self.leaf.map(|leaf| input.batch().leaf(leaf)) else { return };
        if has_numbers(leaf.ty.physical()) {
            // SAFETY: rows of an input are rows of its batch.
            self.span = unsafe { Span::of(leaf, input.selection().rows(), self.span) };
        } else {
            *self = KeySpan { leaf: None, span: None };
        }
    }

    /// Notes the keys of all rows of a batch.
    pub fn note_rows(&mut self, batch: &Batch<'_>) {
        let mut all = Selection::default();
        all.set(0..batch.rows() as u32);
        self.note(&Input::new(batch, &all));
    }

    /// The least and the greatest key, where each is one number, taken for one with a sign.
    pub(crate) fn limits(&self) -> Option<(i64, i64)> {
        self.span.map(Span::limits)
    }

    /// Notes what another has noted of the same leaf.
    pub(crate) fn join(&mut self, other: &KeySpan) {
        self.leaf = self.leaf.filter(|_| other.leaf.is_some());
        let both = self.span.into_iter().chain(other.span).reduce(Span::cover);
        self.span = both.filter(|_| self.leaf.is_some());
    }

    /// The most that a lookup of so many rows takes that were noted, in pages that are all [near](JoinTable::is_near) the region's start, or not.
    #[must_use]
    pub fn lookup_bytes(&self, rows: usize, are_near: bool) -> usize {
        let dense = |span: Span| if are_near { span.index_bytes::<u32>() } else { span.index_bytes::<u64>() };
        self.span.map_or(usize::MAX, dense).min(Lookup::bytes_for(rows))
    }
}

/// Whether places in a page of so many bytes whose rows begin at a place fit a narrow index.
pub(crate) fn is_near(first: usize, bytes: usize) -> bool {
    first + bytes < <u32 as Entry>::END
}

/// An index by hashes, and its filter, that rows are put into.
trait HashedRows {
    fn prefetch(&self, hash: u64);

    /// Adds a row, or puts it in the place of the row for which `same` holds; the place of that, or 0.
    fn put(&mut self, hash: u64, place: usize, same: impl Fn(usize) -> bool) -> usize;
}

/// By one thread.
struct Exclusive<'l>(&'l mut HashIndex, Option<&'l mut BloomFilter>);

/// By several at the same time.
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
    /// Whether places in a page fit a narrow index.
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

    /// A lookup with room for all rows and without any: by their keys, where that takes no more than by their hashes.
    pub(crate) fn empty_lookup(&self) -> Result<Lookup> {
        let dense = if self.are_near {
            self.dense_span::<u32>().map(|span| DenseIndex::new(span, &self.memory).map(Lookup::Dense))
        } else {
            self.dense_span::<u64>().map(|span| DenseIndex::new(span, &self.memory).map(Lookup::DenseFar))
        };
        dense.unwrap_or_else(|| Lookup::hashed(self.count, &self.memory))
    }

    /// Indexes the rows of one page by their hashes, while other threads do so with other pages.
    ///
    /// # Safety
    /// The page is one of this table's. No other thread indexes it, and nobody looks rows up until all are indexed.
    pub(crate) unsafe fn index_shared(&self, page: &PageMut) {
        let Lookup::Hashed(index, filter) = &self.lookup else { return };
        // SAFETY: the caller's promise: the page's rows are for this thread alone, and the lookup is only written by what is made for several.
        let chained = unsafe { self.index_hashed(page, Shared(index, filter.as_ref())) };
        self.chained.fetch_or(chained, Ordering::Relaxed);
    }

    /// The span of the keys, where it takes no more to index them by themselves.
    fn dense_span<E: Entry>(&self) -> Option<Span> {
        self.keys.span.filter(|span| span.index_bytes::<E>() <= Lookup::bytes_for(self.count))
    }

    /// Puts the rows of a page into an index by hashes, each in front of those with its key; whether any has the key of another.
    ///
    /// # Safety
    /// The page is one of this table's, and nobody else writes or reads hidden leaves of its rows.
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
        // SAFETY: `first + row * width` are the places of this table's own rows, and all places in the index are such. The caller has the hidden leaves of the page's.
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

    /// As [`JoinTable::index_hashed`], by the key itself.
    ///
    /// # Safety
    /// As there.
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

    /// Looks each row's key up, by the batch's leaves `key`.
    pub fn probe(&self, input: &Input<'_>, key: &[usize], pairs: &mut Pairs) {
        (pairs.table, pairs.batch_rows) = (self.id, input.batch().rows());
        pairs.chains.clear();
        pairs.heads.clear();
        pairs.heads.resize(input.len(), 0);
        match &self.lookup {
            Lookup::Hashed(index, presence) => {
                hash_rows(input, key, &mut pairs.hashes);
                pairs.keep_present(presence.as_ref().map(|presence| |hash| presence.contains(hash)));
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
                // SAFETY: rows of an input are rows of its batch; places in the index are rows of this table.
                let same =
                    |place: usize| unsafe { shape.same(rows[position] as usize, self.in_place.start().add(place)) };
                heads[position] = match place {
                    0 => 0,
                    place if same(place) => place,
                    // Another key of the same tag: the right one may stand behind it.
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
        pairs.keep_present(Some(|slot| dense.contains(slot)));
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
                // Not read yet, but soon. A row may lie in two cache lines.
                prefetch(self.in_place.start().wrapping_add(place));
                prefetch(self.in_place.start().wrapping_add(place + last));
            }
        }
    }

    /// Where the last leaf of a row lies that is read for a pair: its link, where rows have some, or what it has beside the key; `None` where there is
    /// neither, so that rows are only asked for being there.
    fn last_read(&self) -> Option<usize> {
        let chained = self.is_chained();
        let leaves = self.layout.types().len() - usize::from(!chained);
        let stored = || (0..leaves).filter_map(|leaf| self.layout.offset(leaf));
        if chained || stored().count() > 1 { stored().max() } else { None }
    }
}
