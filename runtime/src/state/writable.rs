//! Runs requests on rows whose pages may be written.

use crate::error::Result;
use crate::group::{FoundRows, KeyCursor, UnplacedRows};
use crate::kernel::Outputs;
use crate::page::{Input, Selection};
use crate::state::requests::StateRequest;
use crate::state::residency::Residency;

/// Rows that a request will write, while pages are marked.
#[derive(Default)]
pub(super) struct WritableRows {
    found: FoundRows,
    /// Positions whose pages found no memory for a copy.
    pub(super) refused: Vec<u32>,
    allowed: Selection,
}

impl WritableRows {
    /// Runs a request. Rows whose marked pages found no memory for a copy are put into `left`.
    pub(super) fn run(
        &mut self,
        rows: &mut Residency,
        request: &mut dyn StateRequest,
        input: &Input<'_>,
        out: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()> {
        if !rows.marking.pages.are_pending() || !request.writes() {
            return request.run(&mut rows.table, input, out, left);
        }
        let mut refused = self.protect(rows, request.key(), input)?;
        if refused.is_empty() {
            return request.run(&mut rows.table, input, out, left);
        }
        refused.sort_unstable();
        let asked = input.selection().rows().iter().copied();
        self.allowed.set(asked.clone().filter(|row| refused.binary_search(row).is_err()));
        request.run(&mut rows.table, &Input::new(input.batch(), &self.allowed), out, left)?;
        left.leave(asked.filter(|row| refused.binary_search(row).is_ok()));
        left.refused = true;
        Ok(())
    }

    /// Copies the marked pages of the rows that a request with this key may write. Returns the rows
    /// of the input whose pages found no memory.
    fn protect(&mut self, rows: &mut Residency, key: &[usize], input: &Input<'_>) -> Result<Vec<u32>> {
        let (mut cursor, mut refused) = (KeyCursor::default(), Vec::new());
        let is_of_all = rows.table.is_without_sub_key(key);
        loop {
            let is_left = match is_of_all {
                true => rows.table.find_rows(input, key, &mut cursor, &mut self.found)?,
                false => rows.table.find(input, key, &mut self.found).map(|()| false)?,
            };
            rows.protect(self.found.groups(), &mut self.refused)?;
            refused.extend(self.refused.iter().filter_map(|&position| self.found.row_of(position as usize)));
            if !is_left {
                return Ok(refused);
            }
        }
    }
}
