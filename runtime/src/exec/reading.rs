//! The head of a stage that reads a source.
//!
//! The tasks of a source that ends take splits from one queue, and read each to its end. For an
//! endless source each task has some splits ([`AssignedSplits`]), and a position in each. It reads
//! them in turns. A task that has caught up with all of them yields its thread, and an alarm wakes
//! it to look for more records.
//!
//! Reading never blocks a thread of the pool: a reader returns `Pending` and wakes the task.

mod assigned_splits;
mod split_pruning;
mod listing;
mod watermarks;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::checkpoints::Barriers;
use super::inline::OperatorScope;
use super::timers::Alarm;
use crate::error::{Error, Result};
use crate::page::Batch;
use crate::source::{CheckedReader, Position, ReadProgress, RowFilters, Split, SplitPosition};
use crate::stream::Control;

pub(super) use assigned_splits::AssignedSplits;
use assigned_splits::NextRead;
pub(super) use listing::{Listing, check_names};
pub(super) use split_pruning::SplitPruning;
pub(super) use watermarks::WatermarkGenerator;

/// Longest time that a split is read while other splits have records.
const TURN: Duration = Duration::from_millis(10);

/// Splits that any task of the stage may take.
pub(super) type SplitQueue = Mutex<VecDeque<Split>>;

/// The splits of a head.
pub(super) enum HeadSplits {
    /// A queue that the tasks share, for a source that ends.
    Shared(Arc<SplitQueue>),
    /// Splits that are assigned to this task, for an endless source.
    Assigned(AssignedSource),
}

/// An endless source in one task.
pub(super) struct AssignedSource {
    pub(super) listing: Arc<Listing>,
    pub(super) splits: AssignedSplits,
    /// Wakes the task to look for more records.
    pub(super) alarm: Alarm,
}

pub(super) struct SourceHead {
    pub(super) operator: usize,
    reader: CheckedReader,
    splits: HeadSplits,
    /// The open split, and its number.
    current: Option<(usize, Split)>,
    /// The current split has returned records since it was opened.
    has_returned: bool,
    /// The start of the current split's turn.
    turn_began: Instant,
    /// The reader waits for records.
    is_pending: bool,
    /// Rows of the last batch that the reader left out. `None` if it did not apply the filters.
    left_out: Option<usize>,
    /// The head may not stop early, since bad records of all splits are written.
    must_read_all: bool,
    stopped: bool,
    /// Excludes splits by the runtime filters of joins.
    pruning: Option<SplitPruning>,
    /// Makes watermarks, if event time is used.
    time: Option<WatermarkGenerator>,
    /// The leaf that holds event time, if the source's rows have it.
    time_leaf: Option<usize>,
    /// The split number of the last batch.
    batch_split: usize,
    /// Injects barriers, if snapshots are taken.
    barriers: Option<Barriers>,
    /// The control items at the end that were not returned yet.
    ending: std::array::IntoIter<Control, 2>,
}

/// An item of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceItem {
    /// Records of the split with this number.
    Batch(usize),
    /// A control item between records.
    Control(Control),
}

impl SourceHead {
    pub(super) fn new(operator: usize, reader: CheckedReader, must_read_all: bool, splits: HeadSplits) -> Self {
        SourceHead {
            operator,
            reader,
            splits,
            current: None,
            has_returned: false,
            turn_began: Instant::now(),
            is_pending: false,
            left_out: None,
            must_read_all,
            stopped: false,
            pruning: None,
            time: None,
            time_leaf: None,
            batch_split: 0,
            barriers: None,
            ending: Control::END_OF_INPUT.into_iter(),
        }
    }

    /// The head, which skips splits whose records have no partner in a join.
    pub(super) fn with_split_pruning(self, pruning: Option<SplitPruning>) -> Self {
        SourceHead { pruning, ..self }
    }

    /// The head, which makes watermarks. The rows have event time in `leaf`, or the stage
    /// [notes](SourceHead::note_time) it.
    pub(super) fn with_time(self, time: Option<WatermarkGenerator>, leaf: Option<usize>) -> Self {
        SourceHead { time, time_leaf: leaf, ..self }
    }

    /// The head, which injects barriers.
    pub(super) fn with_barriers(self, barriers: Option<Barriers>) -> Self {
        SourceHead { barriers, ..self }
    }

    /// Notes the greatest event time of the rows that the stage made of the last batch.
    pub(super) fn note_time(&mut self, greatest: i64) {
        if let Some(time) = &mut self.time {
            time.note_time(self.batch_split, greatest);
        }
    }

    /// Returns `true` if the head may stop before the end of its splits.
    pub(super) fn may_stop(&self) -> bool {
        !self.must_read_all
    }

    /// Stops reading. The last batch stays valid.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.ending = Control::END_OF_INPUT.into_iter();
    }

    pub(super) fn batch(&self) -> Result<Batch<'_>> {
        self.reader.batch()
    }

    /// Returns `true` if the reader has applied the filters to the last batch.
    pub(super) fn has_filtered(&self) -> bool {
        self.left_out.is_some()
    }

    /// Advances to the next item. After `None` the task is woken when there may be one. The reader
    /// may apply the first filters.
    pub(super) fn advance(
        &mut self,
        filters: &mut dyn RowFilters,
        scope: &OperatorScope,
    ) -> Result<Option<SourceItem>> {
        let metrics = scope.enter(self.operator);
        let is_at_end = self.is_at_end();
        loop {
            if self.stopped {
                return Ok(self.end());
            }
            if let Some(watermark) = self.watermark() {
                return Ok(Some(SourceItem::Control(Control::Watermark(watermark))));
            }
            // After its round end the source injects no barriers. Alignment does not wait for it.
            if let Some(epoch) = self.next_barrier(is_at_end)? {
                return Ok(Some(SourceItem::Control(Control::Barrier(epoch))));
            }
            if self.current.is_none() {
                match self.next_split(scope)? {
                    NextRead::Read { split, .. }
                        if self.pruning.as_ref().is_some_and(|pruning| pruning.excludes(&split)) =>
                    {
                        metrics.skipped_splits.add(1);
                        self.count_bytes(split.bytes, scope);
                        continue;
                    }
                    NextRead::Read { number, split, from } => self.open(number, split, from.as_ref())?,
                    NextRead::Idle => return Ok(Some(SourceItem::Control(Control::Idle))),
                    NextRead::Wait(until) => return self.wait(until),
                    NextRead::End => return Ok(self.end()),
                }
            }
            if std::mem::take(&mut self.is_pending) {
                self.turn_began = Instant::now();
            } else if self.has_returned && self.turn_began.elapsed() >= TURN {
                self.yield_turn(scope)?;
            }
            match self.reader.advance(filters)? {
                ReadProgress::Batch { left_out } => return self.take_batch(left_out, scope),
                // The turn starts after the read, so that the read bytes are decoded in this turn.
                ReadProgress::Pending => {
                    self.is_pending = true;
                    return Ok(None);
                }
                progress @ (ReadProgress::CaughtUp | ReadProgress::End) => self.close(progress, scope)?,
            }
        }
    }

    /// The epoch of the next barrier. Reports complete epochs to the reader.
    fn next_barrier(&mut self, is_at_end: bool) -> Result<Option<u64>> {
        let Some(mut barriers) = self.barriers.take() else { return Ok(None) };
        let barrier = if is_at_end { None } else { barriers.next(|| self.positions()) };
        let completed = barriers.take_completed();
        self.barriers = Some(barriers);
        if let Some((epoch, positions)) = completed {
            self.reader.completed(epoch, &positions)?;
        }
        Ok(barrier)
    }

    /// The next watermark, if it has advanced. The splits of a source that ends are in no order of
    /// time, so its only watermark follows its last record.
    fn watermark(&mut self) -> Option<i64> {
        match (&mut self.time, &self.splits) {
            (Some(time), HeadSplits::Assigned(assigned)) => time.advance(assigned.splits.active(Instant::now())),
            _ => None,
        }
    }

    /// The split to read next, or why there is none.
    fn next_split(&mut self, scope: &OperatorScope) -> Result<NextRead> {
        match &mut self.splits {
            HeadSplits::Shared(queue) => {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                Ok(next.map_or(NextRead::End, |split| NextRead::Read { number: 0, split, from: None }))
            }
            HeadSplits::Assigned(AssignedSource { listing, splits, .. }) => {
                splits.assign(&*listing.splits()?);
                let next = splits.next(&mut *self.reader, Instant::now())?;
                scope.job.metrics.source_total_bytes.add(splits.take_found_bytes());
                Ok(next)
            }
        }
    }

    fn open(&mut self, number: usize, split: Split, from: Option<&Position>) -> Result<()> {
        self.reader.open(&split, from)?;
        if let HeadSplits::Assigned(assigned) = &mut self.splits {
            assigned.splits.note_opened(number);
        }
        (self.current, self.has_returned, self.turn_began) = (Some((number, split)), false, Instant::now());
        Ok(())
    }

    /// Sets the alarm that wakes the task.
    fn wait(&mut self, until: Instant) -> Result<Option<SourceItem>> {
        if let HeadSplits::Assigned(assigned) = &mut self.splits {
            assigned.alarm.set(until)?;
        }
        Ok(None)
    }

    /// Returns the reader's batch as an item, and notes its greatest event time.
    fn take_batch(&mut self, left_out: Option<usize>, scope: &OperatorScope) -> Result<Option<SourceItem>> {
        self.left_out = left_out;
        let rows = (self.reader.rows() + left_out.unwrap_or(0)) as u64;
        scope.job.metrics.source_rows.add(rows);
        scope.metrics(self.operator).rows_out.add(rows);
        self.has_returned = true;
        self.batch_split = self.current.as_ref().map_or(0, |(number, _)| *number);
        if let HeadSplits::Assigned(assigned) = &mut self.splits {
            assigned.splits.note_returned();
            if let Some(leaf) = self.time_leaf
                && let Some(greatest) = self.reader.batch()?.greatest_of(leaf)
            {
                self.note_time(greatest);
            }
        }
        Ok(Some(SourceItem::Batch(self.batch_split)))
    }

    /// Ends the turn of the current split, and opens another one that has records. Returns `false`
    /// if there is none: the current split continues.
    fn yield_turn(&mut self, scope: &OperatorScope) -> Result<bool> {
        let Some(number) = self.leave(scope) else { return Ok(false) };
        self.turn_began = Instant::now();
        if let HeadSplits::Assigned(assigned) = &mut self.splits {
            assigned.splits.pass_turn(number);
        }
        match self.next_split(scope)? {
            NextRead::Read { number: next, split, from } if next != number => {
                self.open(next, split, from.as_ref()).map(|()| true)
            }
            _ => {
                if let HeadSplits::Assigned(assigned) = &mut self.splits {
                    assigned.splits.note_returned();
                }
                Ok(false)
            }
        }
    }

    /// Notes the position of the current split and the bytes that were read of it. Returns its
    /// number, or `None` for a source that ends.
    fn leave(&mut self, scope: &OperatorScope) -> Option<usize> {
        let (HeadSplits::Assigned(assigned), Some((number, _))) = (&mut self.splits, &self.current) else {
            return None;
        };
        let (number, bytes) = (*number, self.reader.take_read_bytes());
        assigned.splits.set_position(number, self.reader.position(), bytes);
        self.count_bytes(bytes, scope);
        Some(number)
    }

    fn count_bytes(&self, bytes: u64, scope: &OperatorScope) {
        scope.job.metrics.source_bytes.add(bytes);
        scope.metrics(self.operator).bytes.add(bytes);
    }

    /// Closes a split that has no more records, for now or for good.
    ///
    /// # Errors
    /// Fails if a reader of a source that ends has no more records only for now.
    fn close(&mut self, progress: ReadProgress, scope: &OperatorScope) -> Result<()> {
        self.leave(scope);
        let Some((number, split)) = self.current.take() else { return Ok(()) };
        match (&mut self.splits, progress) {
            (HeadSplits::Assigned(assigned), ReadProgress::End) => assigned.splits.note_sealed(number),
            (HeadSplits::Assigned(assigned), _) => assigned.splits.note_caught_up(number),
            (HeadSplits::Shared(_), ReadProgress::End) => self.count_bytes(split.bytes, scope),
            (HeadSplits::Shared(_), _) => {
                return Err(Error::Connector(format!(
                    "the reader returned `CaughtUp` for the split `{}` of a source that ends; return `Pending` to wait for \
                     records, `End` after the last one, or make the source endless",
                    split.name
                )));
            }
        }
        Ok(())
    }

    /// The positions of the assigned splits, after the records that were returned.
    pub(super) fn positions(&self) -> Vec<SplitPosition> {
        let HeadSplits::Assigned(assigned) = &self.splits else { return Vec::new() };
        let current = self.current.as_ref().map(|(number, _)| (*number, self.reader.position()));
        assigned.splits.positions(current, |number| self.time.as_ref().and_then(|time| time.greatest(number)))
    }

    /// Returns `true` if the round end was returned: no rows follow.
    pub(super) fn is_at_end(&self) -> bool {
        self.ending.len() < Control::END_OF_INPUT.len()
    }

    /// The next item at the end: the last watermark, the round end, then the end. `None` after
    /// these.
    fn end(&mut self) -> Option<SourceItem> {
        if self.time.take().is_some() {
            return Some(SourceItem::Control(Control::Watermark(i64::MAX)));
        }
        self.ending.next().map(SourceItem::Control)
    }
}

#[cfg(test)]
mod tests;
