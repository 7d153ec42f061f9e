//! Rows that are looked up and open nothing, beside the rows that they find.

use crate::error::Result;
use crate::group::table::groups::Groups;
use crate::group::table::{GroupTable, NewGroups};
use crate::page::{Batch, Input, LeafPtr, RowPairs, Selection};
use crate::row::LeafType;

/// Which rows of an input have a row in a table, and which.
#[derive(Default)]
pub struct FoundRows {
    groups: Groups,
    found: Selection,
    absent: Selection,
    /// How many rows the input's batch had.
    batch_rows: usize,
    /// The pairs at hand: rows of the input, and places; no places where the rows are those that found nothing.
    probed: Vec<usize>,
    stored: Vec<usize>,
    are_alone: bool,
    /// Whether a kernel sees the table's record as an `Option`.
    optional: bool,
}

impl FoundRows {
    /// None yet. Where the stored side is `optional`, kernels see an `Option` of its record, so that rows may come without one.
    #[must_use]
    pub fn new(optional: bool) -> Self {
        FoundRows { optional, ..FoundRows::default() }
    }

    /// The rows of the input that have a row in the table.
    #[must_use]
    pub fn found(&self) -> &Selection {
        &self.found
    }

    /// Where these are, for [`GroupTable::visit`] and all that takes groups, with [found](FoundRows::found) as the input's rows.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The rows of the input that have none.
    #[must_use]
    pub fn absent(&self) -> &Selection {
        &self.absent
    }

    /// Begins new pairs of an input of a batch with `rows` rows and a table.
    pub(super) fn begin_pairs(&mut self, table: u64, rows: usize) {
        (self.groups.table, self.batch_rows, self.are_alone) = (table, rows, false);
        self.groups.places.clear();
        self.groups.fresh.clear();
        self.groups.missed.clear();
        self.probed.clear();
        self.stored.clear();
    }

    pub(super) fn add_pair(&mut self, row: u32, place: usize) {
        self.probed.push(row as usize);
        self.stored.push(place);
        self.groups.places.push(place);
    }

    /// Sets the rows of the input that have no pair.
    pub(super) fn set_absent(&mut self, absent: impl IntoIterator<Item = u32>) {
        self.absent.set(absent);
    }

    /// Whether a pair is the first of its row among these.
    #[must_use]
    pub fn begins_row(&self, pair: usize) -> bool {
        pair == 0 || self.probed.get(pair) != self.probed.get(pair - 1)
    }

    /// How many pairs are ready.
    #[must_use]
    pub fn len(&self) -> usize {
        self.probed.len()
    }

    /// Whether no pair is ready.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.probed.is_empty()
    }

    /// The row of the input in a pair.
    pub(crate) fn row_of(&self, pair: usize) -> Option<u32> {
        self.probed.get(pair).map(|&row| row as u32)
    }

    /// The rows of the input that the pairs from a position on are of.
    pub fn rows_from(&self, position: usize) -> impl Iterator<Item = u32> + '_ {
        self.probed[position.min(self.probed.len())..].iter().map(|&row| row as u32)
    }

    /// Whether rows come that have found nothing.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// From now on the pairs at hand are the rows that have found nothing, each with a record that is not there.
    pub fn list_absent(&mut self) {
        self.probed.clear();
        self.probed.extend(self.absent.rows().iter().map(|&row| row as usize));
        self.stored.clear();
        self.stored.resize(self.probed.len(), 0);
        self.are_alone = true;
    }
}

impl GroupTable {
    /// Looks each row up by the batch's leaves `key`, as quickly as [`GroupTable::probe`] does, and opens nothing.
    ///
    /// # Errors
    /// None that a table in memory has.
    pub fn find(&mut self, input: &Input<'_>, key: &[usize], found: &mut FoundRows) -> Result<()> {
        let opens = std::mem::replace(&mut self.new_groups, NewGroups::Refused);
        let probed = self.probe(input, key, &[], &mut found.groups);
        self.new_groups = opens;
        probed?;
        let rows = input.selection().rows();
        let missed = found.groups.missed();
        found.absent.set(missed.iter().map(|&position| rows[position as usize]));
        let mut missed = missed.iter().peekable();
        let positions = 0..rows.len() as u32;
        let stays = positions.filter(|position| missed.next_if_eq(&position).is_none());
        found.found.set(stays.map(|position| rows[position as usize]));
        found.probed.clear();
        found.probed.extend(found.found.rows().iter().map(|&row| row as usize));
        found.stored.clone_from(&found.groups.places);
        (found.batch_rows, found.are_alone) = (input.batch().rows(), false);
        Ok(())
    }

    /// The pairs at hand: rows of the input that was looked up, and rows of the table. `stored_left` says which side of a join this table is.
    #[must_use]
    pub fn row_pairs<'b>(&'b self, input: &Input<'b>, found: &'b FoundRows, stored_left: bool) -> RowPairs<'b> {
        // Rows that were looked up in another table, or in this one before places lost their meaning, are none; nor are those of another batch.
        let own = self.has(&found.groups) && found.batch_rows == input.batch().rows();
        let rows = if own { [&found.probed[..], &found.stored[..]] } else { [&[][..], &[][..]] };
        // SAFETY: what was found in this table are rows of the probed batch and places of this table's rows.
        unsafe { RowPairs::new(self.found_sides(input.batch(), found), rows, stored_left) }
    }

    /// The probed and the stored side of pairs, as a kernel sees them: a record that is not there reads as nulls.
    fn found_sides<'b>(&'b self, probed: &'b Batch<'b>, found: &FoundRows) -> [Batch<'b>; 2] {
        let asked = (0..probed.leaf_count()).map(|leaf| probed.leaf(leaf));
        let is_there = !found.are_alone;
        let validity = if is_there { LeafPtr::valid() } else { LeafPtr::dead(LeafType::Valid) };
        let stored = (0..self.store.leaves).map(|leaf| self.store.stored_leaf(leaf));
        let stored = stored.map(|leaf| if is_there { leaf } else { LeafPtr::dead(leaf.ty) });
        // SAFETY: read only at the pairs' rows: rows of the probed batch (`row_pairs` compares the number of its rows), and places of this table's
        // rows, which is borrowed meanwhile. Leaves that are not there are dead, and may be read anywhere.
        unsafe {
            [
                Batch::from_leaves(probed.rows(), asked),
                Batch::from_leaves(usize::MAX, found.optional.then_some(validity).into_iter().chain(stored)),
            ]
        }
    }
}
