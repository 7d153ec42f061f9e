//! New groups.

use crate::error::Result;
use crate::group::table::groups::Groups;
use crate::group::table::store::Opening;
use crate::group::table::{GroupTable, NewGroups};
use crate::hash::{KeyShape, hash_rows, with_shape};
use crate::page::Input;

impl GroupTable {
    /// Opens a group for each row, which no other row finds.
    pub(super) fn open_each(
        &mut self,
        input: &Input<'_>,
        key: &[usize],
        opening: &Opening,
        groups: &mut Groups,
    ) -> Result<()> {
        groups.hashes.clear();
        if self.store.is_split() {
            hash_rows(input, key, &mut groups.hashes);
        }
        for (position, &row) in input.selection().rows().iter().enumerate() {
            let part = groups.hashes.get(position).map_or(0, |&hash| self.part_of(hash));
            // SAFETY: rows of an input are rows of its batch, which the opening was made for.
            let place = unsafe { self.store.open_row(opening, row as usize, part)? };
            let Some(place) = place else {
                // Where one was refused, others would be.
                groups.missed.extend(position as u32..input.len() as u32);
                break;
            };
            groups.places.push(place);
        }
        self.unindexed += groups.places.len();
        groups.fresh.extend(0..groups.places.len() as u32);
        Ok(())
    }

    /// A new group's row, in the index; `None` where memory is refused.
    ///
    /// # Safety
    /// `row` is a row of the batch that the opening was made for.
    #[inline]
    pub(super) unsafe fn open(&mut self, opening: &Opening, row: usize, hash: u64) -> Result<Option<usize>> {
        if self.new_groups == NewGroups::Refused || self.index.is_full(hash) && !self.grow_index(hash)? {
            return Ok(None);
        }
        if self.chains.is_some() {
            // SAFETY: the caller's promise.
            return unsafe { self.open_linked(opening, row, hash) };
        }
        // SAFETY: the caller's promise.
        let place = unsafe { self.store.open_row(opening, row, self.part_of(hash))? };
        place.iter().for_each(|&place| self.index.insert(hash, place));
        Ok(place)
    }

    /// Opens a group in a table by key and sub-key, whose index has room for it.
    ///
    /// # Safety
    /// As [`GroupTable::open`].
    #[cold]
    unsafe fn open_linked(&mut self, opening: &Opening, row: usize, hash: u64) -> Result<Option<usize>> {
        if !self.reserve_chain(hash)? {
            return Ok(None);
        }
        // SAFETY: the caller's promise.
        let place = unsafe { self.store.open_row(opening, row, self.part_of(hash))? };
        if let Some(place) = place {
            self.index.insert(hash, place);
            // SAFETY: `place` is a row of the table that is in no list yet, and there is room.
            unsafe { self.link(place) };
        }
        Ok(place)
    }

    /// Makes room in the index for a row with this hash; whether there is memory for it.
    #[cold]
    fn grow_index(&mut self, hash: u64) -> Result<bool> {
        let (is_split, stored) = (self.store.is_split(), self.stored_key());
        let hash_of = |place| {
            // SAFETY: the index holds places of this table's rows.
            with_shape!(&stored, shape => unsafe { shape.hash(place) })
        };
        if !self.store.may_take(self.index.growth_bytes(hash, is_split, hash_of)) {
            return Ok(false);
        }
        self.index.grow(hash, is_split, hash_of)?;
        Ok(true)
    }
}
