//! All rows of a key, in a table by key and sub-key: lists and maps of keyed state.
//!
//! ```text
//! firsts: hash of a key ─► first row ◄─► row ◄─► row     rows of one key, in no order
//! ```
//!
//! The rows of a key are a doubly linked list. Two hidden leaves of a row are the places of its
//! neighbours; 0 is none. Places are those of rows in memory, so files have no use for these leaves:
//! a row is linked when it is opened, and again after it was loaded from disk.
//!
//! All rows of a key are in one part, as the part follows from the key's hash alone
//! ([`WithSubKey`](crate::hash)). So lists leave the table as a whole.

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::group::table::index::GroupIndex;
use crate::group::table::parting::PartSet;
use crate::group::table::{FoundRows, GroupTable};
use crate::hash::{KeyLeaf, KeyShape, compared, with_shape};
use crate::page::{Batch, Input, WINDOW_ROWS};

/// Finds the rows of each key.
pub(super) struct Chains {
    /// The first row of each key.
    firsts: GroupIndex,
    /// Number of leaves of the key without its sub-key.
    key_leaves: usize,
    /// Offset of the place of the row before.
    before: usize,
    /// Offset of the place of the row after.
    after: usize,
}

impl Chains {
    pub(super) fn bytes(&self) -> usize {
        self.firsts.bytes()
    }

    pub(super) fn part_bytes(&self, part: usize) -> usize {
        self.firsts.part_bytes(part)
    }

    pub(super) fn clear(&mut self) {
        self.firsts.clear();
    }

    /// The first row with the key of a row, or 0. The region of the table's rows begins at `base`.
    ///
    /// # Safety
    /// `row` is a row of the shape's batch.
    unsafe fn first<K: KeyShape>(&self, shape: K, row: usize, base: *const u8) -> usize {
        // SAFETY: the caller's promise, and the index holds places of the table's rows.
        let same = |place: usize| unsafe { shape.same(row, base.add(place)) };
        // SAFETY: the caller's promise.
        self.firsts.find(unsafe { shape.hash(row) }, same).unwrap_or_default()
    }
}

/// The position of [`GroupTable::find_rows`].
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyCursor {
    /// The position of a row in the input.
    position: usize,
    /// The next row of its key. `None` before its first one.
    next: Option<usize>,
}

impl KeyCursor {
    /// Whether the last pairs end within the rows of a key.
    #[must_use]
    pub fn is_in_row(&self) -> bool {
        self.next.is_some()
    }
}

impl GroupTable {
    /// The same table, empty, for rows by key and sub-key: the key is the first `key_leaves` leaves of
    /// its key. The last two leaves that kernels see, eight bytes each, are hidden from them.
    ///
    /// # Errors
    /// Fails if these leaves have another width.
    pub fn with_sub_key(mut self, key_leaves: usize) -> Result<Self> {
        let Some([before, after]) = self.store.hide_leaves() else {
            return Err(Error::Internal("rows without room for the places of their neighbours".to_owned()));
        };
        self.written = self.written.min(self.store.leaves);
        let firsts = GroupIndex::new(self.index.parting, self.store.growth.memory.clone());
        self.chains = Some(Chains { firsts, key_leaves, before, after });
        Ok(self)
    }

    /// Whether a leaf of the key, by its number in it, belongs to the sub-key.
    pub(super) fn is_sub_key(&self, number: usize) -> bool {
        self.chains.as_ref().is_some_and(|chains| number >= chains.key_leaves)
    }

    /// The leaves of a batch's key, compared with those of the table.
    pub(super) fn compared(&self, batch: &Batch<'_>, key: &[usize]) -> SmallVec<[KeyLeaf; 4]> {
        let mut leaves = compared(batch, key, &self.store.layout, &self.key);
        if self.chains.is_some() {
            leaves.iter_mut().enumerate().for_each(|(number, leaf)| leaf.is_sub_key = self.is_sub_key(number));
        }
        leaves
    }

    /// Whether a request by these leaves is for all rows of each key, as they lack the sub-key.
    #[must_use]
    pub fn is_without_sub_key(&self, key: &[usize]) -> bool {
        key.len() < self.key.len()
    }

    /// Pairs the rows of an input with the rows of their keys, from the cursor on, at most
    /// [`WINDOW_ROWS`] pairs. `key` has no sub-key. Returns `false` after the last pair. The table may
    /// not change between calls with one cursor.
    ///
    /// # Errors
    /// Fails if the table's rows have no sub-key.
    pub fn find_rows(
        &self,
        input: &Input<'_>,
        key: &[usize],
        cursor: &mut KeyCursor,
        found: &mut FoundRows,
    ) -> Result<bool> {
        let Some(chains) = &self.chains else {
            return Err(Error::Internal("all rows of a key are asked for, and rows have no sub-key".to_owned()));
        };
        found.begin_pairs(self.id, input.batch().rows());
        let (leaves, mut absent) = (self.compared(input.batch(), key), Vec::new());
        let rows = input.selection().rows();
        let mut is_left = false;
        while let Some(&row) = rows.get(cursor.position) {
            let first = || {
                with_shape!(&leaves, shape => {
                    // SAFETY: rows of an input are rows of its batch.
                    unsafe { chains.first(shape, row as usize, self.store.base) }
                })
            };
            let mut place = cursor.next.take().unwrap_or_else(first);
            if place == 0 {
                absent.push(row);
            }
            while place != 0 && found.len() < WINDOW_ROWS {
                found.add_pair(row, place);
                // SAFETY: `place` is a row of this table.
                place = unsafe { read(self.store.base, place, chains.after) };
            }
            if place != 0 {
                (cursor.next, is_left) = (Some(place), true);
                break;
            }
            cursor.position += 1;
        }
        found.set_absent(absent);
        Ok(is_left)
    }

    /// Makes room for the first row of a key, by the hash of a row of it. Returns `false` if memory is
    /// refused.
    pub(super) fn reserve_chain(&mut self, hash: u64) -> Result<bool> {
        let (is_split, stored) = (self.store.is_split(), self.stored_key());
        let Some(chains) = &mut self.chains else { return Ok(true) };
        if !chains.firsts.is_full(hash) {
            return Ok(true);
        }
        let key = &stored[..chains.key_leaves];
        let hash_of = |place| {
            // SAFETY: the index holds places of this table's rows.
            with_shape!(key, shape => unsafe { shape.hash(place) })
        };
        if !self.store.may_take(chains.firsts.growth_bytes(hash, is_split, hash_of)) {
            return Ok(false);
        }
        chains.firsts.grow(hash, is_split, hash_of)?;
        Ok(true)
    }

    /// Adds a row to the list of its key, as the first.
    ///
    /// # Safety
    /// `place` is a row of this table that is in no list, and for which there is
    /// [room](GroupTable::reserve_chain).
    pub(super) unsafe fn link(&mut self, place: usize) {
        let stored = self.stored_key();
        let Some(chains) = &mut self.chains else { return };
        let (before, after, base) = (chains.before, chains.after, self.store.base);
        let next = with_shape!(&stored[..chains.key_leaves], shape => {
            // SAFETY: the caller's promise.
            let (hash, next) = unsafe { (shape.hash(place), chains.first(shape, place, base)) };
            match next {
                0 => chains.firsts.insert(hash, place),
                first => chains.firsts.replace(hash, first, place),
            }
            next
        });
        // SAFETY: both are rows of this table.
        unsafe {
            self.set_word(place, before, 0);
            self.set_word(place, after, next);
            self.set_word(next, before, place);
        }
    }

    /// Takes a row out of the list of its key.
    ///
    /// # Safety
    /// `place` is a row of this table in a list.
    pub(super) unsafe fn unlink(&mut self, place: usize) {
        if self.chains.is_none() {
            return;
        }
        let stored = self.stored_key();
        let Some(chains) = &mut self.chains else { return };
        let (to_before, to_after) = (chains.before, chains.after);
        // SAFETY: the caller's promise.
        let (before, after) =
            unsafe { (read(self.store.base, place, to_before), read(self.store.base, place, to_after)) };
        if before == 0 {
            with_shape!(&stored[..chains.key_leaves], shape => {
                // SAFETY: the caller's promise.
                let hash = unsafe { shape.hash(place) };
                match after {
                    // SAFETY: the index holds places of this table's rows.
                    0 => _ = chains.firsts.take(hash, place, |place| unsafe { shape.hash(place) }),
                    _ => chains.firsts.replace(hash, place, after),
                }
            });
        }
        // SAFETY: neighbours of a row of this table are such rows.
        unsafe {
            self.set_word(before, to_after, after);
            self.set_word(after, to_before, before);
        }
    }

    /// Points the index, and the list of the key, to the new place of a row that has moved.
    ///
    /// # Safety
    /// `old` was a row of this table, and its bytes are still there; `new` is a row with the same key,
    /// which has this hash.
    pub(super) unsafe fn move_row(&mut self, hash: u64, old: usize, new: usize) {
        self.index.replace(hash, old, new);
        if self.chains.is_none() {
            return;
        }
        let stored = self.stored_key();
        let Some(chains) = &mut self.chains else { return };
        let (to_before, to_after) = (chains.before, chains.after);
        // SAFETY: the caller's promise.
        let (before, after) = unsafe { (read(self.store.base, old, to_before), read(self.store.base, old, to_after)) };
        if before == 0 {
            with_shape!(&stored[..chains.key_leaves], shape => {
                // SAFETY: the caller's promise.
                chains.firsts.replace(unsafe { shape.hash(new) }, old, new);
            });
        }
        // SAFETY: the caller's promise; neighbours are rows of this table.
        unsafe {
            self.set_word(new, to_before, before);
            self.set_word(new, to_after, after);
            self.set_word(before, to_after, new);
            self.set_word(after, to_before, new);
        }
    }

    /// Removes the lists of some parts.
    pub(super) fn remove_chains(&mut self, parts: &PartSet) {
        let stored = self.stored_key();
        let Some(chains) = &mut self.chains else { return };
        let key = &stored[..chains.key_leaves];
        chains.firsts.remove(parts, |place| {
            // SAFETY: the index holds places of this table's rows.
            with_shape!(key, shape => unsafe { shape.hash(place) })
        });
    }

    /// # Safety
    /// `place` is 0, which stands for no row, or a row of this table with eight bytes at `offset`.
    unsafe fn set_word(&mut self, place: usize, offset: usize, word: usize) {
        if place != 0 {
            // SAFETY: the caller's promise.
            unsafe { self.store.in_place.write::<u64>(place + offset, word as u64) };
        }
    }
}

/// # Safety
/// `place` is a row of the region at `base`, with eight bytes at `offset`.
unsafe fn read(base: *const u8, place: usize, offset: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { base.add(place + offset).cast::<u64>().read_unaligned() as usize }
}
