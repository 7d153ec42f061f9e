//! The places of the groups of rows.

use crate::page::Input;

/// The place of the group's row, in one table, for each row of an input.
#[derive(Default, Debug)]
pub struct Groups {
    /// The id that the table had when the places were found.
    pub(crate) table: u64,
    pub(crate) places: Vec<usize>,
    pub(crate) fresh: Vec<u32>,
    pub(crate) missed: Vec<u32>,
    pub(crate) hashes: Vec<u64>,
}

impl Groups {
    /// Positions in the input of rows that opened their group.
    #[must_use]
    pub fn fresh(&self) -> &[u32] {
        &self.fresh
    }

    /// Positions in the input of rows whose group found no room. These groups belong to the other
    /// rows of the input, in their order.
    #[must_use]
    pub fn missed(&self) -> &[u32] {
        &self.missed
    }

    /// Fills `numbers`, by row of the input's batch, with a number of the group that no other group
    /// has until the table is drained. It is zero for rows that the input does not select.
    pub fn numbers(&self, input: &Input<'_>, numbers: &mut Vec<u64>) {
        numbers.clear();
        numbers.resize(input.batch().rows(), 0);
        for (&row, &place) in input.selection().rows().iter().zip(&self.places) {
            numbers[row as usize] = place as u64;
        }
    }
}
