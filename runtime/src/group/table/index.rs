//! From the hash of a key to the place of its row: one index, or in a large table one for each
//! part.
//!
//! An index that doubles needs three times its memory meanwhile. The index of a part has a
//! sixteenth of the rows, so it needs that much less. The index of a part leaves with the part.

use std::array;

use crate::error::Result;
use crate::group::table::parting::{PartSet, Parting};
use crate::group::table::store::RowStore;
use crate::hash::{HashIndex, HashIndexView, KeyLeaf, KeyShape, prefetch_row, with_shape};
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};

pub(crate) struct GroupIndex {
    indexes: Indexes,
    pub(super) parting: Parting,
    memory: Memory,
}

enum Indexes {
    One(HashIndex),
    OfParts(Box<[HashIndex; SPILL_PARTS]>),
}

impl GroupIndex {
    pub(crate) fn new(parting: Parting, memory: Memory) -> Self {
        GroupIndex { indexes: Indexes::One(HashIndex::new(memory.clone())), parting, memory }
    }

    fn all(&self) -> &[HashIndex] {
        match &self.indexes {
            Indexes::One(index) => array::from_ref(index),
            Indexes::OfParts(indexes) => &**indexes,
        }
    }

    fn all_mut(&mut self) -> &mut [HashIndex] {
        match &mut self.indexes {
            Indexes::One(index) => array::from_mut(index),
            Indexes::OfParts(indexes) => &mut **indexes,
        }
    }

    /// The index that has rows with this hash.
    #[inline(always)]
    fn of(&self, hash: u64) -> &HashIndex {
        match &self.indexes {
            Indexes::One(index) => index,
            Indexes::OfParts(indexes) => &indexes[self.parting.part(hash)],
        }
    }

    #[inline(always)]
    fn of_mut(&mut self, hash: u64) -> &mut HashIndex {
        match &mut self.indexes {
            Indexes::One(index) => index,
            Indexes::OfParts(indexes) => &mut indexes[self.parting.part(hash)],
        }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.all().iter().map(HashIndex::len).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.all().iter().map(HashIndex::bytes).sum()
    }

    /// Bytes of a part's own index.
    pub(crate) fn part_bytes(&self, part: usize) -> usize {
        match &self.indexes {
            Indexes::One(_) => 0,
            Indexes::OfParts(indexes) => indexes[part].bytes(),
        }
    }

    /// Removes all rows, and frees the memory.
    pub(crate) fn clear(&mut self) {
        self.indexes = Indexes::One(HashIndex::new(self.memory.clone()));
    }

    /// Removes all rows, and keeps the memory for others.
    pub(crate) fn empty(&mut self) {
        self.all_mut().iter_mut().for_each(HashIndex::clear_entries);
    }

    /// Whether there is no room for a row with this hash.
    #[inline(always)]
    pub(crate) fn is_full(&self, hash: u64) -> bool {
        self.of(hash).is_full()
    }

    /// The single index, if it is to be divided into one for each part when it grows: if the table
    /// is split, and each of them takes a page at least.
    fn before_parts(&self, is_split: bool) -> Option<&HashIndex> {
        match &self.indexes {
            Indexes::One(index) if is_split && index.growth_bytes(1) >= SPILL_PARTS * PAGE_BYTES => Some(index),
            _ => None,
        }
    }

    /// Makes room for a row with this hash. Returns `false` if memory is refused. The rows of the
    /// index are those of `store`, with the key `key`.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), in a store whose growth is required.
    #[cold]
    pub(super) fn make_room(&mut self, hash: u64, store: &RowStore, key: &[KeyLeaf]) -> Result<bool> {
        let hash_of = |place| {
            // SAFETY: the index holds places of the store's rows.
            with_shape!(key, shape => unsafe { shape.hash(place) })
        };
        let parts_from = self.before_parts(store.is_split());
        let growth_bytes = match parts_from {
            Some(index) => self.growing(index, hash, hash_of).map(|(_, rows)| HashIndex::bytes_for(rows)).sum(),
            None => self.of(hash).growth_bytes(1),
        };
        if !store.may_take(growth_bytes) {
            return Ok(false);
        }
        let Some(index) = parts_from else {
            self.of_mut(hash).reserve(1, hash_of)?;
            return Ok(true);
        };
        let mut parts: Box<[HashIndex; SPILL_PARTS]> =
            Box::new(array::from_fn(|_| HashIndex::new(self.memory.clone())));
        for (part, rows) in self.growing(index, hash, hash_of) {
            parts[part].reserve(rows, hash_of)?;
        }
        index.occupied().for_each(|entry| parts[self.parting.part_of_entry(entry, hash_of)].reinsert(entry, hash_of));
        self.indexes = Indexes::OfParts(parts);
        Ok(true)
    }

    /// The parts of an index's rows and of one more row with this hash, and the number of rows that
    /// each needs room for. Other parts may have been evicted, and get no memory.
    fn growing<H: Fn(usize) -> u64>(
        &self,
        index: &HashIndex,
        hash: u64,
        hash_of: H,
    ) -> impl Iterator<Item = (usize, usize)> + use<H> {
        let (mut lengths, own) = ([0; SPILL_PARTS], self.parting.part(hash));
        index.occupied().for_each(|entry| lengths[self.parting.part_of_entry(entry, &hash_of)] += 1);
        let grows = move |&(part, rows): &(usize, usize)| rows > 0 || part == own;
        lengths.into_iter().enumerate().filter(grows).map(|(part, rows)| (part, rows + 1))
    }

    /// A view for loops that look up and do not insert.
    #[inline(always)]
    pub(crate) fn view(&self) -> GroupIndexView<'_> {
        match &self.indexes {
            Indexes::One(index) => GroupIndexView::One(index.view()),
            Indexes::OfParts(indexes) => {
                GroupIndexView::OfParts(array::from_fn(|part| indexes[part].view()), self.parting)
            }
        }
    }

    /// The row with this hash for which `same` holds.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, same: impl Fn(usize) -> bool) -> Option<usize> {
        self.of(hash).find(hash, same)
    }

    /// Adds a row, for which there is [room](GroupIndex::is_full).
    #[inline(always)]
    pub(crate) fn insert(&mut self, hash: u64, place: usize) {
        self.of_mut(hash).insert(hash, place);
    }

    /// Points the entry of `old`, if there is one, to `new`.
    pub(crate) fn replace(&mut self, hash: u64, old: usize, new: usize) {
        self.of_mut(hash).replace(hash, old, new);
    }

    /// Removes a row. Returns `false` if it was not there. `hash_of` is as for
    /// [`HashIndex::reserve`].
    pub(crate) fn take(&mut self, hash: u64, place: usize, hash_of: impl Fn(usize) -> u64) -> bool {
        self.of_mut(hash).remove_row(hash, place, hash_of)
    }

    /// Removes the rows of some parts. `key` is as for [`GroupIndex::make_room`].
    pub(super) fn remove(&mut self, parts: &PartSet, key: &[KeyLeaf]) {
        let parting = self.parting;
        let hash_of = |place| {
            // SAFETY: the index holds places of the store's rows.
            with_shape!(key, shape => unsafe { shape.hash(place) })
        };
        match &mut self.indexes {
            Indexes::One(index) => index.remove_if(|entry| parts[parting.part_of_entry(entry, hash_of)], hash_of),
            Indexes::OfParts(indexes) => {
                let leaving = indexes.iter_mut().zip(parts).filter(|&(_, &leaves)| leaves);
                leaving.for_each(|(index, _)| index.clear());
            }
        }
    }
}

/// A view of an index, which does not change meanwhile.
#[expect(clippy::large_enum_variant, reason = "one for each block of rows, on the stack")]
pub(crate) enum GroupIndexView<'i> {
    One(HashIndexView<'i>),
    OfParts([HashIndexView<'i>; SPILL_PARTS], Parting),
}

impl GroupIndexView<'_> {
    /// Prefetches the index lines of hashes.
    #[inline(always)]
    pub(crate) fn prefetch(&self, hashes: &[u64]) {
        match self {
            Self::One(view) => view.prefetch_all(hashes),
            Self::OfParts(views, parting) => {
                hashes.iter().for_each(|&hash| views[parting.part(hash)].prefetch(hash));
            }
        }
    }

    /// Writes the [candidate](HashIndexView::candidate) of each hash, and prefetches its row up to
    /// the byte `last`.
    #[inline(always)]
    pub(crate) fn candidates(&self, hashes: &[u64], base: *const u8, last: usize, places: &mut [usize]) {
        match self {
            Self::One(view) => view.candidates(hashes, base, last, places),
            Self::OfParts(views, parting) => {
                for (place, &hash) in places.iter_mut().zip(hashes) {
                    *place = views[parting.part(hash)].candidate(hash);
                    prefetch_row(base.wrapping_add(*place), last);
                }
            }
        }
    }
}
