//! Scans: visit the rows of a table, and may delete them.

use std::task::Poll;

use crate::error::Result;
use crate::group::{Groups, Room};
use crate::kernel::Predicate;
use crate::memory::limits::SPILL_PARTS;
use crate::page::{Input, Selection};
use crate::state::StateTable;
use crate::state::key_groups::KeyGroupSet;
use crate::state::loading::Loading;
use crate::strategy::{Progress, ready};

/// A function that receives rows.
type Visit<'v> = &'v mut dyn FnMut(&Input<'_>) -> Result<()>;

/// The position of a scan. Until it ends, only images of a mark may be requested from the table. A
/// row that is changed during the scan may be visited twice, or not at all.
#[derive(Default)]
pub struct Scan {
    part: usize,
    /// Key groups that were visited.
    visited: KeyGroupSet,
    page: usize,
    /// The next row of the page.
    row: usize,
    live: Selection,
    groups: Groups,
}

impl StateTable {
    /// Visits the next rows, at most [`WINDOW_ROWS`](crate::page::WINDOW_ROWS), and returns
    /// `Yield`. Returns `Done` if none is left, and `Pending` while rows are read from disk, part
    /// by part. The leaves are those of the spec. Queued requests are not served before.
    ///
    /// # Errors
    /// Fails if `visit` fails.
    pub fn scan(&mut self, scan: &mut Scan, visit: Visit<'_>) -> Result<Progress> {
        scan.advance(self, None, visit)
    }

    /// As [`StateTable::scan`], for the rows for which `leaves` holds. They are visited and
    /// deleted.
    ///
    /// # Errors
    /// Fails if `leaves` or `visit` fails, or if rows [cannot be
    /// deleted](crate::state::StateSpec::deletable).
    pub fn drain_if(&mut self, scan: &mut Scan, leaves: &mut dyn Predicate, visit: Visit<'_>) -> Result<Progress> {
        scan.advance(self, Some(leaves), visit)
    }
}

impl Scan {
    fn advance(
        &mut self,
        table: &mut StateTable,
        mut leaves: Option<&mut dyn Predicate>,
        visit: Visit<'_>,
    ) -> Result<Progress> {
        if table.loading.is_some() {
            let progress = table.load(None)?;
            return Ok(if progress == Progress::Pending { progress } else { Progress::Yield });
        }
        while self.part < SPILL_PARTS {
            table.rows.used.scanned = Some(self.part);
            let Some(page) = table.rows.table.page(self.part, self.page) else {
                ready!(self.next_of_part(table)?);
                continue;
            };
            if self.row >= page.batch().rows() {
                (self.page, self.row) = (self.page + 1, 0);
                if leaves.is_some() {
                    // A page without matching rows is a time slice, too.
                    return Ok(Progress::Yield);
                }
                continue;
            }
            let from = self.row;
            self.row = page.live_from(from, &mut self.live);
            if let Some(leaves) = &mut leaves {
                leaves.select(page.batch(), &mut self.live)?;
            }
            if self.live.is_empty() {
                continue;
            }
            if leaves.is_none() {
                visit(&Input::new(page.batch(), &self.live))?;
                return Ok(Progress::Yield);
            }
            page.groups_of(&self.live, &mut self.groups);
            return self.drain_groups(table, from, visit);
        }
        table.rows.used.scanned = None;
        if leaves.is_some() {
            table.rows.table.compact(false)?;
        }
        *self = Scan::default();
        Ok(Progress::Done)
    }

    /// Visits and deletes the groups of live rows. These begin at row `from` of the page.
    fn drain_groups(&mut self, table: &mut StateTable, from: usize, visit: Visit<'_>) -> Result<Progress> {
        let progress = protect(table, &self.groups)?;
        if progress != Progress::Done {
            self.row = from;
            return Ok(progress);
        }
        table.rows.mark_dirty(self.part);
        if let Some(page) = table.rows.table.page(self.part, self.page) {
            visit(&Input::new(page.batch(), &self.live))?;
        }
        table.rows.table.delete(&self.groups)?;
        Ok(Progress::Yield)
    }

    /// Follows the rows of a part in memory: starts to load its rows on disk, or continues with the
    /// next part.
    fn next_of_part(&mut self, table: &mut StateTable) -> Result<Progress> {
        let (part, rows) = (self.part, &mut table.rows);
        if rows.table.store.is_split() {
            self.visited = self.visited.or(&rows.resident_groups(part));
            let left = rows.groups_of_part(part).and(&rows.evicted).without(&self.visited);
            if !left.is_empty() {
                if rows.table.page(part, 0).is_some() {
                    // The groups are loaded into an empty part.
                    rows.evict_part(part);
                }
                (self.page, self.row) = (0, 0);
                match Loading::begin(part, &left, rows, None)? {
                    Poll::Pending => return Ok(Progress::Pending),
                    Poll::Ready(loading) => table.loading = loading,
                }
                return Ok(Progress::Yield);
            }
        }
        (self.part, self.page, self.row) = (part + 1, 0, 0);
        Ok(Progress::Done)
    }
}

/// Copies the marked pages of groups' rows, all of which may then be written.
fn protect(table: &mut StateTable, groups: &Groups) -> Result<Progress> {
    let (rows, refused) = (&mut table.rows, &mut table.writable.refused);
    while rows.marking.pages.are_pending() {
        let copied = rows.protect(groups, refused);
        rows.table.set_must_grow(false);
        copied?;
        if refused.is_empty() {
            break;
        }
        match rows.make_room(None, &[])? {
            Room::Made => return Ok(Progress::Yield),
            Room::Awaited => return Ok(Progress::Pending),
            Room::None => rows.table.set_must_grow(true),
        }
    }
    Ok(Progress::Done)
}
