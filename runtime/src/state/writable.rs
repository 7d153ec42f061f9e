//! Runs requests on rows whose pages may be written.

use crate::error::Result;
use crate::group::{FoundRows, UnplacedRows};
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
    /// Runs a request. Rows whose marked pages found no memory for a copy are left.
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
        rows.table.find(input, request.key(), &mut self.found)?;
        rows.protect(self.found.groups(), &mut self.refused)?;
        if self.refused.is_empty() {
            return request.run(&mut rows.table, input, out, left);
        }
        let found = self.found.found().rows();
        let mut refused: Vec<u32> = self.refused.iter().map(|&position| found[position as usize]).collect();
        refused.sort_unstable();
        let asked = input.selection().rows().iter().copied();
        self.allowed.set(asked.clone().filter(|row| refused.binary_search(row).is_err()));
        request.run(&mut rows.table, &Input::new(input.batch(), &self.allowed), out, left)?;
        left.leave(asked.filter(|row| refused.binary_search(row).is_ok()));
        left.refused = true;
        Ok(())
    }
}
