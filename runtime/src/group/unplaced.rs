//! Rows that found no room in a table.

use crate::error::Result;
use crate::group::table::{GroupTable, Groups};
use crate::page::{Input, Selection};

/// Rows of a window that are not added yet.
#[derive(Debug, Default)]
pub struct UnplacedRows {
    /// Rows whose groups are not in the table.
    pub(crate) missed: Vec<u32>,
    /// Rows whose groups are in the table, but have no room for the combined record.
    uncombined: Vec<u32>,
    positions: Vec<usize>,
    /// Whether memory was refused for any of them.
    pub refused: bool,
}

impl UnplacedRows {
    /// Removes all rows.
    pub fn clear(&mut self) {
        self.missed.clear();
        self.uncombined.clear();
        self.refused = false;
    }

    /// Leaves rows for later, although memory was not refused.
    pub fn leave(&mut self, rows: impl IntoIterator<Item = u32>) {
        self.missed.extend(rows);
    }

    /// Returns `true` if there are no such rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missed.is_empty() && self.uncombined.is_empty()
    }

    /// All of the rows.
    pub fn rows(&self) -> impl Iterator<Item = u32> {
        self.missed.iter().chain(&self.uncombined).copied()
    }

    /// Adds the rows that the table has not combined with their groups.
    pub fn uncombined(&mut self, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) {
        self.refused |= table.uncombined(groups, &mut self.positions);
        let rows = input.selection().rows();
        self.uncombined.extend(self.positions.iter().map(|&position| rows[position]));
    }

    /// As [`UnplacedRows::uncombined`]. If there are such rows, puts the other rows into `combined`
    /// and returns `true`.
    pub(crate) fn leave_uncombined(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        groups: &Groups,
        combined: &mut Selection,
    ) -> bool {
        self.uncombined(table, input, groups);
        if self.positions.is_empty() {
            return false;
        }
        let mut left = self.positions.iter().peekable();
        let rows = input.selection().rows().iter().enumerate();
        let stays = rows.filter(|(position, _)| left.next_if_eq(&position).is_none());
        combined.set(stays.map(|(_, &row)| row));
        true
    }
}

/// Finds the groups of rows, as [`GroupTable::probe`]. Returns the rows that have a group: the
/// input itself, or the rows in `found` if some have none. The others are added to `left`.
pub(crate) fn probe<'i>(
    table: &mut GroupTable,
    input: &Input<'i>,
    (key, copied): (&[usize], &[(usize, usize)]),
    groups: &mut Groups,
    found: &'i mut Selection,
    left: &mut UnplacedRows,
) -> Result<Input<'i>> {
    table.probe(input, key, copied, groups)?;
    let missed = groups.missed();
    if missed.is_empty() {
        return Ok(*input);
    }
    left.refused = true;
    let rows = input.selection().rows();
    left.missed.extend(missed.iter().map(|&position| rows[position as usize]));
    let mut missed = missed.iter().peekable();
    let positions = 0..rows.len() as u32;
    let stays = positions.filter(|position| missed.next_if_eq(&position).is_none());
    found.set(stays.map(|position| rows[position as usize]));
    Ok(Input::new(input.batch(), found))
}
