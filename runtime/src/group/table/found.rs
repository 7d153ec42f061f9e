//! Looks up rows without opening groups, and pairs them with the rows that they find.

use crate::error::Result;
use crate::group::table::groups::Groups;
use crate::group::table::{GroupTable, NewGroups};
use crate::page::{Batch, Input, LeafPtr, RowPairs, Selection};
use crate::row::LeafType;

/// The rows of an input that have rows in a table, in pairs with these, and those that have none.
#[derive(Default)]
pub struct FoundRows {
    groups: Groups,
    found: Selection,
    absent: Selection,
    /// Number of rows of the input's batch.
    batch_rows: usize,
    /// The rows of the input in the pairs.
    probed: Vec<usize>,
    /// The places of the table's rows in the pairs.
    stored: Vec<usize>,
    /// The pairs are rows of the input that found no row: `stored` has no places.
    are_alone: bool,
    /// Kernels read the table's record as an `Option`.
    optional: bool,
}

impl FoundRows {
    /// No rows yet. If the stored side is `optional`, kernels read its record as an `Option`, which
    /// is `None` for absent rows.
    #[must_use]
    pub fn new(optional: bool) -> Self {
        FoundRows { optional, ..FoundRows::default() }
    }

    /// The rows of the input that have rows in the table.
    #[must_use]
    pub fn found(&self) -> &Selection {
        &self.found
    }

    /// The groups of the [found](FoundRows::found) rows, for [`GroupTable::visit`] and others.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The rows of the input that have no row in the table.
    #[must_use]
    pub fn absent(&self) -> &Selection {
        &self.absent
    }

    /// Clears the pairs, for an input of a batch with `rows` rows and the table with this id.
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

    /// Whether a pair is the first one of its row of the input.
    #[must_use]
    pub fn begins_row(&self, pair: usize) -> bool {
        pair == 0 || self.probed.get(pair) != self.probed.get(pair - 1)
    }

    /// Number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.probed.len()
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.probed.is_empty()
    }

    /// The row of the input in a pair.
    pub(crate) fn row_of(&self, pair: usize) -> Option<u32> {
        self.probed.get(pair).map(|&row| row as u32)
    }

    /// The rows of the input in the pairs from a position on.
    pub fn rows_from(&self, position: usize) -> impl Iterator<Item = u32> + '_ {
        self.probed[position.min(self.probed.len())..].iter().map(|&row| row as u32)
    }

    /// Whether kernels also read absent rows, with `None` as the table's record.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Replaces the pairs by the absent rows, each without a row of the table.
    pub fn list_absent(&mut self) {
        self.probed.clear();
        self.probed.extend(self.absent.rows().iter().map(|&row| row as usize));
        self.stored.clear();
        self.stored.resize(self.probed.len(), 0);
        self.are_alone = true;
    }
}

impl GroupTable {
    /// Looks up each row by the batch's leaves `key`, and opens no group.
    ///
    /// # Errors
    /// As [`GroupTable::probe`]; a table in memory has none.
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

    /// The pairs as a kernel reads them. `stored_left` is set if this table is the left side of a
    /// join.
    #[must_use]
    pub fn row_pairs<'b>(&'b self, input: &Input<'b>, found: &'b FoundRows, stored_left: bool) -> RowPairs<'b> {
        // Empty if the rows were looked up in another table, or before places changed, or are of
        // another batch.
        let own = self.has(&found.groups) && found.batch_rows == input.batch().rows();
        let rows = if own { [&found.probed[..], &found.stored[..]] } else { [&[][..], &[][..]] };
        // SAFETY: `probed` has rows of the probed batch, and `stored` places of this table's rows.
        unsafe { RowPairs::new(self.found_sides(input.batch(), found), rows, stored_left) }
    }

    /// The probed and the stored side of the pairs. An absent record reads as nulls.
    fn found_sides<'b>(&'b self, probed: &'b Batch<'b>, found: &FoundRows) -> [Batch<'b>; 2] {
        let asked = (0..probed.leaf_count()).map(|leaf| probed.leaf(leaf));
        let is_there = !found.are_alone;
        let validity = if is_there { LeafPtr::valid() } else { LeafPtr::dead(LeafType::Valid) };
        let stored = (0..self.store.leaves).map(|leaf| self.store.stored_leaf(leaf));
        let stored = stored.map(|leaf| if is_there { leaf } else { LeafPtr::dead(leaf.ty) });
        // SAFETY: read only at the pairs' rows: rows of the probed batch (`row_pairs` compares the
        // number of its rows), and places of rows of this table, which is borrowed meanwhile.
        // Leaves of absent records are dead, and may be read at any row.
        unsafe {
            [
                Batch::from_leaves(probed.rows(), asked),
                Batch::from_leaves(usize::MAX, found.optional.then_some(validity).into_iter().chain(stored)),
            ]
        }
    }
}
