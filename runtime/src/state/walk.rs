//! Going through a table, with and without taking rows out.

use crate::error::Result;
use crate::group::Groups;
use crate::kernel::Predicate;
use crate::page::{Input, Selection};
use crate::state::StateTable;
use crate::strategy::Progress;

/// How far a walk has come. While it goes on, nothing else is asked of the table: a row that was put, updated or deleted meanwhile may be met twice, or not.
#[derive(Default)]
pub struct Walk {
    part: usize,
    page: usize,
    /// The next row of the page.
    row: usize,
    standing: Selection,
    groups: Groups,
}

impl StateTable {
    /// Shows the next rows, at most [`WINDOW_ROWS`](crate::page::WINDOW_ROWS): then `OutputFull`, and `Done` where there are no more. Their leaves are the spec's.
    ///
    /// # Errors
    /// What `show` gives.
    pub fn walk(&mut self, walk: &mut Walk, show: &mut dyn FnMut(&Input<'_>) -> Result<()>) -> Result<Progress> {
        self.step(walk, None, show)
    }

    /// As [`StateTable::walk`], of the rows that `leaves` keeps: they are shown, and deleted.
    ///
    /// # Errors
    /// What `leaves` or `show` gives, and rows that [cannot be deleted](crate::state::StateSpec::deletable).
    pub fn take(
        &mut self,
        walk: &mut Walk,
        leaves: &mut dyn Predicate,
        show: &mut dyn FnMut(&Input<'_>) -> Result<()>,
    ) -> Result<Progress> {
        self.step(walk, Some(leaves), show)
    }

    fn step(
        &mut self,
        walk: &mut Walk,
        mut leaves: Option<&mut dyn Predicate>,
        show: &mut dyn FnMut(&Input<'_>) -> Result<()>,
    ) -> Result<Progress> {
        while walk.part < self.table.parts() {
            let Some(page) = self.table.page(walk.part, walk.page) else {
                (walk.part, walk.page, walk.row) = (walk.part + 1, 0, 0);
                continue;
            };
            if walk.row >= page.batch().rows() {
                (walk.page, walk.row) = (walk.page + 1, 0);
                if leaves.is_some() {
                    // A page of which nothing leaves is a time slice, too.
                    return Ok(Progress::OutputFull);
                }
                continue;
            }
            walk.row = self.table.standing_from(&page, walk.row, &mut walk.standing);
            if let Some(leaves) = &mut leaves {
                leaves.select(page.batch(), &mut walk.standing)?;
            }
            if walk.standing.is_empty() {
                continue;
            }
            if leaves.is_none() {
                show(&Input::new(page.batch(), &walk.standing))?;
                return Ok(Progress::OutputFull);
            }
            self.table.groups_of(&page, &walk.standing, &mut walk.groups);
            self.protect(&walk.groups)?;
            if let Some(page) = self.table.page(walk.part, walk.page) {
                show(&Input::new(page.batch(), &walk.standing))?;
            }
            self.table.delete(&walk.groups)?;
            return Ok(Progress::OutputFull);
        }
        if leaves.is_some() {
            self.table.compact(false)?;
        }
        *walk = Walk::default();
        Ok(Progress::Done)
    }

    /// Makes sure that rows may be written.
    fn protect(&mut self, groups: &Groups) -> Result<()> {
        if self.table.is_marked() {
            self.table.set_must_grow(true);
            let copied = self.table.protect(groups, &mut self.refused);
            self.table.set_must_grow(false);
            copied?;
        }
        Ok(())
    }
}
