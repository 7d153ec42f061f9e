//! The first records of each group in an order: rows are kept, and sorted by key and order now and then to drop what cannot be among them. What memory
//! does not hold goes to disk in sorted runs, which are merged.
//!
//! The sending side does the same before it ships, so a group of which everybody has much is not one task's work alone; it ships what memory
//! does not hold. Whichever sees the rows first drops most of them before they are kept: see [`Cutoff`].

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::memory::limits::{GROUPS_BYTES, SORT_BYTES};
use crate::page::{Input, NextRow, Selection};
use crate::row::RowLayout;
use crate::sort::{GroupSorter, LargeGroup, OrderKey, SortBuffer};
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Revocable, Round, ready};

use super::cutoff::{self, Cutoff};
use crate::operators::common::combiner_bytes;

/// Rows that a combiner keeps at least before some are dropped.
const LEAST_ROWS: usize = 16 << 10;

/// The `count` first rows of each group: of those that agree in the first `leading` leaves of the order.
pub(super) struct TopOfGroups {
    pub(super) layout: Arc<RowLayout>,
    pub(super) count: usize,
    pub(super) leading: usize,
    pub(super) order: Vec<OrderKey>,
}

impl TopOfGroups {
    /// Keeps the first rows of the groups that come to a task; `drops` says whether they come for the first time, and most can be dropped before
    /// they are kept.
    pub(super) fn driver(&self, drops: bool) -> DriverFactory {
        let &TopOfGroups { count, leading, .. } = self;
        let (layout, order) = (self.layout.clone(), self.order.clone());
        let create = move |context: &TaskContext| {
            Ok(TopDriver {
                cutoff: match drops {
                    true => Cutoff::new(layout.types(), &order, leading, count, context)?,
                    false => None,
                },
                rows: GroupSorter::first_of_groups(layout.clone(), order.clone(), leading, count, context)?,
                count,
                large: None,
                is_shown: false,
                is_given: false,
            })
        };
        self.factory(create).spilling_beyond(GROUPS_BYTES)
    }

    /// Drops rows on the sending side.
    pub(super) fn combiner(&self) -> DriverFactory {
        let &TopOfGroups { count, leading, .. } = self;
        let (layout, order) = (self.layout.clone(), self.order.clone());
        let create = move |context: &TaskContext| {
            Ok(CombineDriver {
                cutoff: Cutoff::new(layout.types(), &order, leading, count, context)?,
                kept: SortBuffer::new(layout.clone(), order.clone(), &context.memory)?,
                count,
                leading,
                most_rows: LEAST_ROWS,
                most_bytes: combiner_bytes(context),
                memory: context.memory.clone(),
                is_emitting: false,
                is_revoked: false,
            })
        };
        self.factory(create).spilling_beyond(SORT_BYTES)
    }

    fn factory<D: Driver + 'static>(
        &self,
        create: impl Fn(&TaskContext) -> Result<D> + Send + Sync + 'static,
    ) -> DriverFactory {
        let factory = DriverFactory::new(format!("top {} of groups", self.count), create).waiting_for_end();
        factory.emitting(self.layout.clone())
    }
}

struct TopDriver {
    cutoff: Option<Cutoff>,
    rows: GroupSorter,
    count: usize,
    /// A group that memory does not hold, and how many of its rows are still to be given.
    large: Option<(LargeGroup, usize)>,
    /// Whether all rows are there, and groups are gone over.
    is_shown: bool,
    /// Whether the window is given.
    is_given: bool,
}

impl TopDriver {
    /// Gives the groups, all of whose rows are there.
    fn emit(&mut self, out: &mut Outputs) -> Result<Progress> {
        loop {
            if let Some((group, left)) = &mut self.large {
                while *left > 0 && !out.is_full() {
                    let Some(row) = group.next() else { break };
                    out.pages().append_row(row)?;
                    *left -= 1;
                }
                group.check()?;
                if *left > 0 && group.left() > 0 {
                    return Ok(Progress::Yield);
                }
                self.large = None;
            } else if !self.rows.is_ready() || (self.is_given && !self.rows.is_last()) {
                ready!(self.rows.advance()?);
                self.is_given = false;
            } else if let Some(group) = self.rows.take_large() {
                (self.large, self.is_given) = (Some((group, self.count)), true);
            } else if self.is_given {
                self.rows.clear();
                return Ok(Progress::Done);
            } else if self.rows.emit(out.pages())? {
                return Ok(Progress::Yield);
            } else {
                self.is_given = true;
            }
        }
    }
}

impl Driver for TopDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        let mut passing = Selection::default();
        let input = cutoff::pass(&mut self.cutoff, input, &mut passing)?;
        let progress = self.rows.add(&input, cursor)?;
        cutoff::answered(&mut self.cutoff, passing, progress);
        Ok(progress)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if !self.is_shown {
            self.cutoff = None;
            ready!(self.rows.finish()?);
            self.is_shown = true;
        }
        self.emit(out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for TopDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        cutoff::forget(&mut self.cutoff);
        if !self.is_shown {
            self.rows.revoke();
        }
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.rows.continue_revoking()
    }
}

/// Drops rows before they are shipped.
struct CombineDriver {
    cutoff: Option<Cutoff>,
    kept: SortBuffer,
    count: usize,
    /// Leaves of the key, which the order begins with.
    leading: usize,
    /// Beyond so many rows it is time to drop some.
    most_rows: usize,
    /// Rows are shipped beyond this.
    most_bytes: usize,
    memory: Memory,
    /// Rows are being shipped.
    is_emitting: bool,
    /// Another operator needs the memory.
    is_revoked: bool,
}

impl CombineDriver {
    fn has_room_for(&self, input: &Input<'_>) -> bool {
        let more = self.kept.bytes_for(input);
        self.kept.bytes() + more <= self.most_bytes && self.memory.try_reserve(more)
    }

    /// Drops what cannot be among the first of its group, where there is memory to copy the others.
    fn drop_rest(&mut self) -> Result<()> {
        if self.memory.try_reserve(self.kept.bytes()) {
            // Sorting whenever the rows have doubled costs a constant per row.
            self.kept.keep_first_of_groups(self.count, self.leading)?;
        }
        self.most_rows = self.kept.len().saturating_mul(2).max(LEAST_ROWS);
        Ok(())
    }

    fn emit(&mut self, out: &mut Outputs) -> Result<Progress> {
        if !self.is_emitting {
            self.kept.sort();
            self.kept.truncate_groups(self.count, self.leading);
            self.is_emitting = true;
        }
        if self.kept.emit(out.pages())? {
            return Ok(Progress::Yield);
        }
        self.kept.clear();
        self.memory.shrink();
        (self.is_emitting, self.is_revoked, self.most_rows) = (false, false, LEAST_ROWS);
        Ok(Progress::Done)
    }
}

impl Driver for CombineDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let mut passing = Selection::default();
        let input = cutoff::pass(&mut self.cutoff, input, &mut passing)?;
        let progress = self.add(&input, cursor, out)?;
        cutoff::answered(&mut self.cutoff, passing, progress);
        Ok(progress)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.cutoff = None;
        self.emit(out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for CombineDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        cutoff::forget(&mut self.cutoff);
        self.is_revoked = true;
        Ok(())
    }
}

impl CombineDriver {
    /// Adds rows; the cursor is how many are taken.
    fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        while *cursor < input.len() {
            if self.is_emitting || self.is_revoked {
                ready!(self.emit(out)?);
            }
            let (some, fits) = input.fitting(*cursor, |some| self.has_room_for(some));
            if !fits && !self.kept.is_empty() {
                // Fewer rows may be enough to go on with.
                let rows = self.kept.len();
                self.drop_rest()?;
                self.is_revoked = self.kept.len() > rows / 2;
                continue;
            }
            // A row by itself may take more than is kept for a task; it may still be had.
            self.kept.add(&Input::new(input.batch(), &some))?;
            *cursor += some.len();
            if self.kept.len() > self.most_rows {
                self.drop_rest()?;
            }
        }
        Ok(Progress::Done)
    }
}
