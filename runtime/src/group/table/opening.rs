//! New groups.

use crate::error::Result;
use crate::group::table::groups::Groups;
use crate::group::table::store::Opening;
use crate::group::table::{GroupTable, NewGroups};
use crate::hash::hash_rows;
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
                // After one row was refused, others would be refused too.
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
        let may_be_full = self.index.is_full(hash) || self.chains.is_some();
        if self.new_groups == NewGroups::Refused || may_be_full && !self.make_room(hash)? {
            return Ok(None);
        }
        // SAFETY: the caller's promise.
        let Some(place) = (unsafe { self.store.open_row(opening, row, self.part_of(hash))? }) else { return Ok(None) };
        self.index.insert(hash, place);
        if self.chains.is_some() {
            let key = self.stored_key();
            if let Some(chains) = &mut self.chains {
                // SAFETY: the row is in no list yet, and there is room for it.
                unsafe { chains.link(place, &mut self.store, &key) };
            }
        }
        Ok(Some(place))
    }

    /// Makes room for a row with this hash. Returns `false` if memory is refused.
    #[cold]
    fn make_room(&mut self, hash: u64) -> Result<bool> {
        let key = self.stored_key();
        if self.index.is_full(hash) && !self.index.make_room(hash, &self.store, &key)? {
            return Ok(false);
        }
        match &mut self.chains {
            Some(chains) => chains.make_room(hash, &self.store, &key),
            None => Ok(true),
        }
    }
}
