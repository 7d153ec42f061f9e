//! All rows of a key, in a table by key and sub-key: lists and maps of keyed state.
//!
//! ```text
//! firsts: hash of a key ─► first row ◄─► row ◄─► row     rows of one key, in no order
//! ```
//!
//! The rows of a key are a doubly linked list. Two hidden leaves of a row are the places of its
//! neighbours; 0 is none. Places are those of rows in memory, so files have no use for these
//! leaves: a row is linked when it is opened, and again after it was loaded from disk.
//!
//! All rows of a key are in one part, as the part follows from the key's hash alone
//! ([`WithSubKey`](crate::hash)). So lists leave the table as a whole.

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::group::table::index::GroupIndex;
use crate::group::table::parting::PartSet;
use crate::group::table::store::RowStore;
use crate::group::table::{FoundRows, GroupTable};
use crate::hash::{KeyLeaf, KeyShape, compared, with_shape};
use crate::page::{Batch, Input, WINDOW_ROWS};

/// The number of hidden leaves that link the rows of a key, if the sub-key has `sub_key` leaves.
/// Their values in files have no meaning.
pub(crate) fn link_leaves(sub_key: usize) -> usize {
    if sub_key > 0 { 2 } else { 0 }
}

/// Finds the rows of each key.
pub(super) struct Chains {
    /// The first row of each key.
    pub(super) firsts: GroupIndex,
    /// Number of leaves of the key without its sub-key.
    pub(super) key_leaves: usize,
    /// Offset of the place of the row before.
    pub(super) before: usize,
    /// Offset of the place of the row after.
    pub(super) after: usize,
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

    /// The leaves of a key without its sub-key.
    fn key<'k>(&self, whole: &'k [KeyLeaf]) -> &'k [KeyLeaf] {
        &whole[..self.key_leaves]
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

    /// Makes room for a row with this hash as the first of its key. Returns `false` if memory is
    /// refused. `key` is the whole key of the store's rows.
    pub(super) fn make_room(&mut self, hash: u64, store: &RowStore, key: &[KeyLeaf]) -> Result<bool> {
        if !self.firsts.is_full(hash) {
            return Ok(true);
        }
        let key = self.key(key);
        self.firsts.make_room(hash, store, key)
    }

    /// Adds a row to the list of its key, as the first.
    ///
    /// # Safety
    /// `place` is a row of the store that is in no list, for which there is
    /// [room](Chains::make_room). `key` is the whole key of the store's rows.
    #[cold]
    pub(super) unsafe fn link(&mut self, place: usize, store: &mut RowStore, key: &[KeyLeaf]) {
        let next = with_shape!(self.key(key), shape => {
            // SAFETY: the caller's promise.
            let (hash, next) = unsafe { (shape.hash(place), self.first(shape, place, store.base)) };
            match next {
                0 => self.firsts.insert(hash, place),
                first => self.firsts.replace(hash, first, place),
            }
            next
        });
        // SAFETY: both are rows of the store.
        unsafe { self.join(store, 0, place, next) };
    }

    /// Removes a row from the list of its key.
    ///
    /// # Safety
    /// `place` is a row of the store in a list. `key` is the whole key of the store's rows.
    pub(super) unsafe fn unlink(&mut self, place: usize, store: &mut RowStore, key: &[KeyLeaf]) {
        // SAFETY: the caller's promise.
        let [before, after] = unsafe { self.neighbours(place, store) };
        if before == 0 {
            with_shape!(self.key(key), shape => {
                // SAFETY: the caller's promise.
                let hash = unsafe { shape.hash(place) };
                match after {
                    // SAFETY: the index holds places of the store's rows.
                    0 => _ = self.firsts.take(hash, place, |place| unsafe { shape.hash(place) }),
                    _ => self.firsts.replace(hash, place, after),
                }
            });
        }
        // SAFETY: neighbours of a row of the store are such rows.
        unsafe {
            self.write(store, before, self.after, after);
            self.write(store, after, self.before, before);
        }
    }

    /// Points the list of a key to the new place of a row that has moved.
    ///
    /// # Safety
    /// `old` was a row of the store in a list, and its bytes are still there. `new` is a row of the
    /// store with the same key. `key` is the whole key of the store's rows.
    pub(super) unsafe fn moved(&mut self, old: usize, new: usize, store: &mut RowStore, key: &[KeyLeaf]) {
        // SAFETY: the caller's promise.
        let [before, after] = unsafe { self.neighbours(old, store) };
        if before == 0 {
            with_shape!(self.key(key), shape => {
                // SAFETY: the caller's promise.
                self.firsts.replace(unsafe { shape.hash(new) }, old, new);
            });
        }
        // SAFETY: the caller's promise; neighbours are rows of the store.
        unsafe {
            self.write(store, before, self.after, new);
            self.join(store, before, new, after);
        }
    }

    /// Removes the lists of some parts. `key` is the whole key of the table's rows.
    pub(super) fn remove(&mut self, parts: &PartSet, key: &[KeyLeaf]) {
        let key = self.key(key);
        self.firsts.remove(parts, key);
    }

    /// The places of a row's neighbours: the row before, and the row after.
    ///
    /// # Safety
    /// `place` is a row of the store.
    unsafe fn neighbours(&self, place: usize, store: &RowStore) -> [usize; 2] {
        // SAFETY: the caller's promise.
        unsafe { [read(store.base, place, self.before), read(store.base, place, self.after)] }
    }

    /// Writes the neighbours of a row, and the row as the neighbour before of the row after it.
    ///
    /// # Safety
    /// `place` is a row of the store. `after` is 0 or such a row.
    unsafe fn join(&self, store: &mut RowStore, before: usize, place: usize, after: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            self.write(store, place, self.before, before);
            self.write(store, place, self.after, after);
            self.write(store, after, self.before, place);
        }
    }

    /// # Safety
    /// `place` is 0, which stands for no row, or a row of the store with eight bytes at `offset`.
    unsafe fn write(&self, store: &mut RowStore, place: usize, offset: usize, neighbour: usize) {
        if place != 0 {
            // SAFETY: the caller's promise.
            unsafe { store.in_place.write::<u64>(place + offset, neighbour as u64) };
        }
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
    /// The leaves of a batch's key, compared with those of the table.
    pub(super) fn compared(&self, batch: &Batch<'_>, key: &[usize]) -> SmallVec<[KeyLeaf; 4]> {
        let mut leaves = compared(batch, key, &self.store.layout, &self.key);
        if let Some(chains) = &self.chains {
            leaves.iter_mut().skip(chains.key_leaves).for_each(|leaf| leaf.is_sub_key = true);
        }
        leaves
    }

    /// Whether a request by these leaves is for all rows of each key, as they lack the sub-key.
    #[must_use]
    pub fn is_without_sub_key(&self, key: &[usize]) -> bool {
        key.len() < self.key.len()
    }

    /// Pairs the rows of an input with the rows of their keys, from the cursor on, at most
    /// [`WINDOW_ROWS`] pairs. `key` has no sub-key. Returns `false` after the last pair. The table
    /// may not change between calls with one cursor.
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
}

/// # Safety
/// `place` is a row of the region at `base`, with eight bytes at `offset`.
unsafe fn read(base: *const u8, place: usize, offset: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { base.add(place + offset).cast::<u64>().read_unaligned() as usize }
}
