//! Rows that found no room in a table.

use crate::error::Result;
use crate::group::table::{GroupTable, Groups};
use crate::page::{Input, Selection};

/// Rows of a window that are still to be added.
#[derive(Debug, Default)]
pub struct UnplacedRows {
    /// Rows whose groups are not in the table.
    pub(crate) missed: Vec<u32>,
    /// Rows whose groups are, but have no room for what comes of them.
    uncombined: Vec<u32>,
    positions: Vec<usize>,
    /// Whether more memory is needed to add them.
    pub refused: bool,
}

impl UnplacedRows {
    /// Forgets them.
    pub fn clear(&mut self) {
        self.missed.clear();
        self.uncombined.clear();
        self.refused = false;
    }

    /// Leaves rows for later, though there is memory for them.
    pub fn leave(&mut self, rows: impl IntoIterator<Item = u32>) {
        self.missed.extend(rows);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missed.is_empty() && self.uncombined.is_empty()
    }

    /// All of them.
    pub fn rows(&self) -> impl Iterator<Item = u32> {
        self.missed.iter().chain(&self.uncombined).copied()
    }

    /// Leaves the rows that the table has not combined with their groups.
    pub fn uncombined(&mut self, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) {
        self.refused |= table.uncombined(groups, &mut self.positions);
        let rows = input.selection().rows();
        self.uncombined.extend(self.positions.iter().map(|&position| rows[position]));
    }

    /// As [`UnplacedRows::uncombined`]; the other rows are put into `combined`, where there are any that are left.
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

/// Finds the rows' groups, as [`GroupTable::probe`]; the rows that have one are those asked for, or else are put into `found`.
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
