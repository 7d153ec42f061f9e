//! Going through a table, with and without taking rows out.

use crate::error::Result;
use crate::group::{Groups, Room};
use crate::kernel::Predicate;
use crate::memory::limits::SPILL_PARTS;
use crate::page::{Input, Selection};
use crate::state::StateTable;
use crate::state::key_groups::KeyGroupSet;
use crate::strategy::{Progress, ready};

/// How far a walk has come. While it goes on, nothing else is asked of the table but images of a mark: a row that was put, updated or deleted meanwhile may be
/// met twice, or not.
#[derive(Default)]
pub struct Walk {
    part: usize,
    /// Key groups that are done.
    walked: KeyGroupSet,
    page: usize,
    /// The next row of the page.
    row: usize,
    standing: Selection,
    groups: Groups,
}

impl StateTable {
    /// Shows the next rows, at most [`WINDOW_ROWS`](crate::page::WINDOW_ROWS): then `Yield`, and `Done` where there are no more. Their leaves are the spec's. What is on
    /// disk is read back part by part; `Pending` while it is on its way. Rows of requests that wait are not done yet.
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
        if self.loading.is_some() {
            match self.load(None)? {
                Progress::Pending => return Ok(Progress::Pending),
                _ => return Ok(Progress::Yield),
            }
        }
        while walk.part < SPILL_PARTS {
            self.walking = Some(walk.part);
            let Some(page) = self.table.page(walk.part, walk.page) else {
                ready!(self.next_of_part(walk)?);
                continue;
            };
            if walk.row >= page.batch().rows() {
                (walk.page, walk.row) = (walk.page + 1, 0);
                if leaves.is_some() {
                    // A page of which nothing leaves is a time slice, too.
                    return Ok(Progress::Yield);
                }
                continue;
            }
            let from = walk.row;
            walk.row = self.table.standing_from(&page, from, &mut walk.standing);
            if let Some(leaves) = &mut leaves {
                leaves.select(page.batch(), &mut walk.standing)?;
            }
            if walk.standing.is_empty() {
                continue;
            }
            if leaves.is_none() {
                show(&Input::new(page.batch(), &walk.standing))?;
                return Ok(Progress::Yield);
            }
            self.table.groups_of(&page, &walk.standing, &mut walk.groups);
            let progress = self.protect(&walk.groups)?;
            if progress != Progress::Done {
                walk.row = from;
                return Ok(progress);
            }
            self.soil(walk.part);
            if let Some(page) = self.table.page(walk.part, walk.page) {
                show(&Input::new(page.batch(), &walk.standing))?;
            }
            self.table.delete(&walk.groups)?;
            return Ok(Progress::Yield);
        }
        self.walking = None;
        if leaves.is_some() {
            self.table.compact(false)?;
        }
        *walk = Walk::default();
        Ok(Progress::Done)
    }

    /// What a part has in memory is done: begins to read back what it has on disk, or goes on to the next part.
    fn next_of_part(&mut self, walk: &mut Walk) -> Result<Progress> {
        let part = walk.part;
        if self.table.is_split() {
            walk.walked = walk.walked.or(&self.resident_groups(part));
            let left = self.groups_of_part(part).and(&self.away).without(&walk.walked);
            if !left.is_empty() {
                if self.table.page(part, 0).is_some() {
                    // It makes room for its own: what comes back begins in an empty part.
                    self.send_away(part);
                }
                (walk.page, walk.row) = (0, 0);
                ready!(self.begin_loading(part, &left, None)?);
                return Ok(Progress::Yield);
            }
        }
        (walk.part, walk.page, walk.row) = (part + 1, 0, 0);
        Ok(Progress::Done)
    }

    /// Makes sure that rows may be written.
    fn protect(&mut self, groups: &Groups) -> Result<Progress> {
        while self.marks.are_pending() {
            let copied = self.marks.protect(&mut self.table, groups, &mut self.refused, &self.memory);
            self.table.set_must_grow(false);
            copied?;
            if self.refused.is_empty() {
                break;
            }
            match self.make_room(None, &[])? {
                Room::Made => return Ok(Progress::Yield),
                Room::Awaited => return Ok(Progress::Pending),
                Room::None => self.table.set_must_grow(true),
            }
        }
        Ok(Progress::Done)
    }
}
