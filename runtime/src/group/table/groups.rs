//! Where the groups of rows are.

use crate::page::Input;

/// For each row of an input, the place of its group's row in one table.
#[derive(Default, Debug)]
pub struct Groups {
    /// The table, at the time, that the places belong to.
    pub(crate) table: u64,
    pub(crate) places: Vec<usize>,
    pub(crate) fresh: Vec<u32>,
    pub(crate) missed: Vec<u32>,
    pub(crate) hashes: Vec<u64>,
}

impl Groups {
    /// Positions in the input whose row opened its group.
    #[must_use]
    pub fn fresh(&self) -> &[u32] {
        &self.fresh
    }

    /// Positions in the input whose group found no room, in a table that [spills](crate::group::GrowthPolicy::Spilling). The others alone, in their order,
    /// are the input that these groups belong to.
    #[must_use]
    pub fn missed(&self) -> &[u32] {
        &self.missed
    }

    /// For each row of the input's batch, at the row's own number, a number that is its group's alone as long as the table is not
    /// drained; zero for rows that the input does not ask for.
    pub fn numbers(&self, input: &Input<'_>, numbers: &mut Vec<u64>) {
        numbers.clear();
        numbers.resize(input.batch().rows(), 0);
        for (&row, &place) in input.selection().rows().iter().zip(&self.places) {
            numbers[row as usize] = place as u64;
        }
    }
}
