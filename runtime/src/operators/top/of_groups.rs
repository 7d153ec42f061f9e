//! The first records of each group in an order. Rows are kept, and sorted by key and order from
//! time to time, so that those after the first ones can be dropped. Rows that do not fit into
//! memory are written to disk in sorted runs, which are merged.
//!
//! A combiner does the same on the sending side, so the work of a large group is spread over the
//! tasks. Rows that do not fit into memory are sent. The first driver that receives the rows drops
//! most of them before it keeps any: see [`Cutoff`].

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::memory::limits::{SORT_BYTES, SORTED_GROUPS_BYTES};
use crate::page::{Input, NextRow, Selection};
use crate::row::RowLayout;
use crate::sort::{GroupSorter, LargeGroup, OrderKey, SortBuffer};
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Revocable, Round, ready};

use super::cutoff::{self, Cutoff};
use crate::operators::common::combiner_bytes;

/// Least rows that a combiner keeps before it drops some.
const MIN_ROWS: usize = 16 << 10;

/// The `count` first rows of each group. Rows of a group agree in the first `key_leaves` leaves of
/// the order.
pub(super) struct TopOfGroups {
    pub(super) layout: Arc<RowLayout>,
    pub(super) count: usize,
    pub(super) key_leaves: usize,
    pub(super) order: Vec<OrderKey>,
}

impl TopOfGroups {
    /// Keeps the first rows of each group of a task. `drops` is whether a [`Cutoff`] drops rows
    /// first: no combiner has seen them.
    pub(super) fn driver(&self, drops: bool) -> DriverFactory {
        let &TopOfGroups { count, key_leaves, .. } = self;
        let (layout, order) = (self.layout.clone(), self.order.clone());
        let create = move |context: &TaskContext| {
            Ok(TopDriver {
                cutoff: match drops {
                    true => Cutoff::new(layout.types(), &order, key_leaves, count, context)?,
                    false => None,
                },
                rows: GroupSorter::first_of_groups(layout.clone(), order.clone(), key_leaves, count, context)?,
                count,
                large: None,
                is_finished: false,
                is_window_emitted: false,
            })
        };
        self.factory(create).spilling_beyond(SORTED_GROUPS_BYTES)
    }

    /// Drops rows on the sending side.
    pub(super) fn combiner(&self) -> DriverFactory {
        let &TopOfGroups { count, key_leaves, .. } = self;
        let (layout, order) = (self.layout.clone(), self.order.clone());
        let create = move |context: &TaskContext| {
            Ok(CombineDriver {
                cutoff: Cutoff::new(layout.types(), &order, key_leaves, count, context)?,
                kept: SortBuffer::new(layout.clone(), order.clone(), &context.memory)?,
                count,
                key_leaves,
                max_rows: MIN_ROWS,
                max_bytes: combiner_bytes(context),
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
    /// A group that does not fit into memory, and the number of its rows that are still to be
    /// emitted.
    large: Option<(LargeGroup, usize)>,
    /// Whether all rows have arrived, so that groups are emitted.
    is_finished: bool,
    /// Whether the window has been emitted.
    is_window_emitted: bool,
}

impl TopDriver {
    /// Emits the groups, whose rows have all arrived.
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
            } else if !self.rows.is_ready() || (self.is_window_emitted && !self.rows.is_last()) {
                ready!(self.rows.advance()?);
                self.is_window_emitted = false;
            } else if let Some(group) = self.rows.take_large() {
                (self.large, self.is_window_emitted) = (Some((group, self.count)), true);
            } else if self.is_window_emitted {
                self.rows.clear();
                return Ok(Progress::Done);
            } else if self.rows.emit(out.pages())? {
                return Ok(Progress::Yield);
            } else {
                self.is_window_emitted = true;
            }
        }
    }
}

impl Driver for TopDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        let mut passing = Selection::default();
        let input = cutoff::select(&mut self.cutoff, input, &mut passing)?;
        let progress = self.rows.add(&input, cursor)?;
        cutoff::record_progress(&mut self.cutoff, passing, progress);
        Ok(progress)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if !self.is_finished {
            self.cutoff = None;
            ready!(self.rows.finish()?);
            self.is_finished = true;
        }
        self.emit(out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for TopDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        cutoff::release(&mut self.cutoff);
        if !self.is_finished {
            self.rows.revoke();
        }
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.rows.continue_revoking()
    }
}

/// Drops rows before they are sent.
struct CombineDriver {
    cutoff: Option<Cutoff>,
    kept: SortBuffer,
    count: usize,
    /// The number of the key's leaves, which the order begins with.
    key_leaves: usize,
    /// The most rows before some are dropped.
    max_rows: usize,
    /// The most bytes of rows before they are sent.
    max_bytes: usize,
    memory: Memory,
    /// Whether rows are being sent.
    is_emitting: bool,
    /// Whether another operator needs the memory.
    is_revoked: bool,
}

impl CombineDriver {
    fn has_room_for(&self, input: &Input<'_>) -> bool {
        let more = self.kept.bytes_for(input);
        self.kept.bytes() + more <= self.max_bytes && self.memory.try_reserve(more)
    }

    /// Drops rows that are not among the first of their group, if there is memory to copy the
    /// others.
    fn drop_rest(&mut self) -> Result<()> {
        if self.memory.try_reserve(self.kept.bytes()) {
            // Rows are sorted when their number has doubled, which costs a constant per row.
            self.kept.keep_first_of_groups(self.count, self.key_leaves)?;
        }
        self.max_rows = self.kept.len().saturating_mul(2).max(MIN_ROWS);
        Ok(())
    }

    fn emit(&mut self, out: &mut Outputs) -> Result<Progress> {
        if !self.is_emitting {
            self.kept.sort();
            self.kept.truncate_groups(self.count, self.key_leaves);
            self.is_emitting = true;
        }
        if self.kept.emit(out.pages())? {
            return Ok(Progress::Yield);
        }
        self.kept.clear();
        self.memory.shrink();
        (self.is_emitting, self.is_revoked, self.max_rows) = (false, false, MIN_ROWS);
        Ok(Progress::Done)
    }
}

impl Driver for CombineDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let mut passing = Selection::default();
        let input = cutoff::select(&mut self.cutoff, input, &mut passing)?;
        let progress = self.add(&input, cursor, out)?;
        cutoff::record_progress(&mut self.cutoff, passing, progress);
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
        cutoff::release(&mut self.cutoff);
        self.is_revoked = true;
        Ok(())
    }
}

impl CombineDriver {
    /// Adds rows. The cursor is the number of rows added.
    fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        while *cursor < input.len() {
            if self.is_emitting || self.is_revoked {
                ready!(self.emit(out)?);
            }
            let (some, fits) = input.fitting(*cursor, |some| self.has_room_for(some));
            if !fits && !self.kept.is_empty() {
                // If at least half of the rows are dropped, the combiner continues with the others.
                // Else it sends them.
                let rows = self.kept.len();
                self.drop_rest()?;
                self.is_revoked = self.kept.len() > rows / 2;
                continue;
            }
            // A single row may exceed `max_bytes`.
            self.kept.add(&Input::new(input.batch(), &some))?;
            *cursor += some.len();
            if self.kept.len() > self.max_rows {
                self.drop_rest()?;
            }
        }
        Ok(Progress::Done)
    }
}
