//! The head of a stage that reads a source.
//!
//! The tasks of a source that ends take splits from one queue, each to its end. For an endless source
//! each task follows some splits ([`Followed`]), reads a part of each in turn, and keeps a position
//! for each. A task that has caught up with all of them returns its thread, and an alarm wakes it to
//! look again.
//!
//! Reading never blocks a thread of the pool: a reader returns `Pending` and wakes the task.

mod followed;
mod limits;
mod listing;
mod watermarks;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::checkpoints::Barriers;
use super::inline::Watch;
use super::timers::Alarm;
use crate::error::Result;
use crate::page::Batch;
use crate::source::{CheckedReader, Position, ReadProgress, RowFilters, Split, SplitPosition};
use crate::stream::Control;

pub(super) use followed::Followed;
use followed::Next;
pub(super) use limits::LateLimits;
pub(super) use listing::Listing;
pub(super) use watermarks::WatermarkGenerator;

/// Longest time that a split is read while others have records, or until it has to wait for some.
const TURN: Duration = Duration::from_millis(10);

/// Splits that any task of the stage may take.
pub(super) type SplitQueue = Mutex<VecDeque<Split>>;

/// Where a head's splits come from.
pub(super) enum HeadSplits {
    /// From a queue that the tasks share.
    Shared(Arc<SplitQueue>),
    /// They belong to this task.
    Followed(FollowedSource),
}

/// An endless source in one task.
pub(super) struct FollowedSource {
    pub(super) listing: Arc<Listing>,
    pub(super) splits: Followed,
    /// Wakes the task to look for more records.
    pub(super) alarm: Alarm,
}

pub(super) struct SourceHead {
    pub(super) operator: usize,
    reader: CheckedReader,
    splits: HeadSplits,
    /// The open split, and its number among the followed ones.
    current: Option<(usize, Split)>,
    /// The current split has returned records since it was opened.
    has_returned: bool,
    /// When the current split was opened, or found to be the only one with records.
    turn_began: Instant,
    /// The reader waits for records.
    is_pending: bool,
    /// Rows of the last batch that the reader left out. `None` if it did not ask the filters.
    left_out: Option<usize>,
    /// It ends only after its last split, since bad records of all splits are written.
    reads_all: bool,
    stopped: bool,
    /// Excludes splits by the keys of joins.
    limits: Option<LateLimits>,
    /// Makes watermarks, if event time is used.
    time: Option<WatermarkGenerator>,
    /// The leaf that holds event time, if the source's rows have it.
    time_leaf: Option<usize>,
    /// The number of the last batch's split.
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
    pub(super) fn new(operator: usize, reader: CheckedReader, reads_all: bool, splits: HeadSplits) -> Self {
        SourceHead {
            operator,
            reader,
            splits,
            current: None,
            has_returned: false,
            turn_began: Instant::now(),
            is_pending: false,
            left_out: None,
            reads_all,
            stopped: false,
            limits: None,
            time: None,
            time_leaf: None,
            batch_split: 0,
            barriers: None,
            ending: Control::END_OF_INPUT.into_iter(),
        }
    }

    /// The same head, which skips splits without records that joins need.
    pub(super) fn skipping(self, limits: Option<LateLimits>) -> Self {
        SourceHead { limits, ..self }
    }

    /// The same head, which makes watermarks. The rows have event time in this leaf, or the stage
    /// [notes](SourceHead::note_time) it.
    pub(super) fn with_time(self, time: Option<WatermarkGenerator>, leaf: Option<usize>) -> Self {
        SourceHead { time, time_leaf: leaf, ..self }
    }

    /// The same head, which injects barriers.
    pub(super) fn with_barriers(self, barriers: Option<Barriers>) -> Self {
        SourceHead { barriers, ..self }
    }

    /// Notes the greatest event time of the rows that the stage made of the last batch.
    pub(super) fn note_time(&mut self, greatest: i64) {
        if let Some(time) = &mut self.time {
            time.note_time(self.batch_split, greatest);
        }
    }

    /// Returns `true` if it may end before its splits do.
    pub(super) fn may_stop(&self) -> bool {
        !self.reads_all
    }

    /// Reads no more. The last batch remains.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.ending = Control::END_OF_INPUT.into_iter();
    }

    pub(super) fn batch(&self) -> Result<Batch<'_>> {
        self.reader.batch()
    }

    /// Returns `true` if the rows of the last batch have passed the filters.
    pub(super) fn has_filtered(&self) -> bool {
        self.left_out.is_some()
    }

    /// Continues to the next item. `None` if the task is woken when there is one. The reader may use
    /// the filters that rows reach first.
    pub(super) fn advance(&mut self, filters: &mut dyn RowFilters, watch: &Watch) -> Result<Option<SourceItem>> {
        let metrics = watch.enter(self.operator);
        let is_at_end = self.is_at_end();
        loop {
            if self.stopped {
                return Ok(self.end());
            }
            if let Some(watermark) = self.watermark() {
                return Ok(Some(SourceItem::Control(Control::Watermark(watermark))));
            }
            // Alignment does not wait for inputs that have ended.
            if let Some(epoch) = self.next_barrier(is_at_end)? {
                return Ok(Some(SourceItem::Control(Control::Barrier(epoch))));
            }
            if self.current.is_none() {
                match self.next_split(watch)? {
                    Next::Read { split, .. } if self.limits.as_ref().is_some_and(|limits| limits.exclude(&split)) => {
                        metrics.skipped_splits.add(1);
                        self.count_bytes(split.bytes, watch);
                        continue;
                    }
                    Next::Read { number, split, from } => self.open(number, split, from.as_ref())?,
                    Next::Idle => return Ok(Some(SourceItem::Control(Control::Idle))),
                    Next::Wait(until) => return self.wait(until),
                    Next::End => return Ok(self.end()),
                }
            }
            if std::mem::take(&mut self.is_pending) {
                self.turn_began = Instant::now();
            } else if self.has_returned && self.turn_began.elapsed() >= TURN {
                self.yield_turn(watch)?;
            }
            match self.reader.advance(filters)? {
                ReadProgress::Batch { left_out } => {
                    self.left_out = left_out;
                    let rows = (self.reader.rows() + left_out.unwrap_or(0)) as u64;
                    watch.job.metrics.source_rows.add(rows);
                    metrics.rows_out.add(rows);
                    return self.returned();
                }
                ReadProgress::Pending => {
                    // The time of a read is not part of the turn: its bytes are decoded first.
                    self.is_pending = true;
                    return Ok(None);
                }
                progress @ (ReadProgress::CaughtUp | ReadProgress::End) => self.close(progress, watch),
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

    /// The next watermark. The splits of a source that ends come in no order, so all of its time passes
    /// at the end.
    fn watermark(&mut self) -> Option<i64> {
        match (&mut self.time, &self.splits) {
            (Some(time), HeadSplits::Followed(followed)) => time.advance(followed.splits.waited_for(Instant::now())),
            _ => None,
        }
    }

    /// The split to read next, or why there is none.
    fn next_split(&mut self, watch: &Watch) -> Result<Next> {
        match &mut self.splits {
            HeadSplits::Shared(queue) => {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                Ok(next.map_or(Next::End, |split| Next::Read { number: 0, split, from: None }))
            }
            HeadSplits::Followed(FollowedSource { listing, splits, .. }) => {
                splits.assign(&*listing.splits()?);
                let next = splits.next(&mut *self.reader, Instant::now())?;
                watch.job.metrics.source_total_bytes.add(splits.take_found_bytes());
                Ok(next)
            }
        }
    }

    fn open(&mut self, number: usize, split: Split, from: Option<&Position>) -> Result<()> {
        self.reader.open(&split, from)?;
        if let HeadSplits::Followed(followed) = &mut self.splits {
            followed.splits.opened(number);
        }
        (self.current, self.has_returned, self.turn_began) = (Some((number, split)), false, Instant::now());
        Ok(())
    }

    /// Has the task woken to look again.
    fn wait(&mut self, until: Instant) -> Result<Option<SourceItem>> {
        if let HeadSplits::Followed(followed) = &mut self.splits {
            followed.alarm.set(until)?;
        }
        Ok(None)
    }

    /// Returns the batch of the reader.
    fn returned(&mut self) -> Result<Option<SourceItem>> {
        self.has_returned = true;
        self.batch_split = self.current.as_ref().map_or(0, |(number, _)| *number);
        if let HeadSplits::Followed(followed) = &mut self.splits {
            followed.splits.returned();
            if let Some(leaf) = self.time_leaf
                && let Some(greatest) = self.reader.batch()?.greatest_of(leaf)
            {
                self.note_time(greatest);
            }
        }
        Ok(Some(SourceItem::Batch(self.batch_split)))
    }

    /// Continues with another split that has records, after the turn of this one. Returns `false` if
    /// there is none.
    fn yield_turn(&mut self, watch: &Watch) -> Result<bool> {
        let Some(number) = self.leave(watch) else { return Ok(false) };
        self.turn_began = Instant::now();
        if let HeadSplits::Followed(followed) = &mut self.splits {
            followed.splits.pass_turn(number);
        }
        match self.next_split(watch)? {
            Next::Read { number: next, split, from } if next != number => {
                self.open(next, split, from.as_ref()).map(|()| true)
            }
            _ => {
                if let HeadSplits::Followed(followed) = &mut self.splits {
                    followed.splits.returned();
                }
                Ok(false)
            }
        }
    }

    /// Notes the position of the current split, if it is followed, and the bytes that were read of it.
    /// Returns its number. `None` if splits are not followed.
    fn leave(&mut self, watch: &Watch) -> Option<usize> {
        let (HeadSplits::Followed(followed), Some((number, _))) = (&mut self.splits, &self.current) else {
            return None;
        };
        let (number, bytes) = (*number, self.reader.take_read_bytes());
        followed.splits.is_at(number, self.reader.position(), bytes);
        self.count_bytes(bytes, watch);
        Some(number)
    }

    fn count_bytes(&self, bytes: u64, watch: &Watch) {
        watch.job.metrics.source_bytes.add(bytes);
        watch.metrics(self.operator).bytes.add(bytes);
    }

    /// Closes a split that has no more records, for now or for good.
    fn close(&mut self, progress: ReadProgress, watch: &Watch) {
        self.leave(watch);
        let Some((number, split)) = self.current.take() else { return };
        let HeadSplits::Followed(followed) = &mut self.splits else {
            self.count_bytes(split.bytes, watch);
            return;
        };
        match progress {
            ReadProgress::End => followed.splits.sealed(number),
            _ => followed.splits.caught_up(number),
        }
    }

    /// For each followed split, where the records start that were not returned.
    pub(super) fn positions(&self) -> Vec<SplitPosition> {
        let HeadSplits::Followed(followed) = &self.splits else { return Vec::new() };
        let current = self.current.as_ref().map(|(number, _)| (*number, self.reader.position()));
        followed.splits.positions(current, |number| self.time.as_ref().and_then(|time| time.greatest(number)))
    }

    /// Returns `true` if its last row and the end were returned.
    pub(super) fn is_at_end(&self) -> bool {
        self.ending.len() < Control::END_OF_INPUT.len()
    }

    /// The next item at the end: first the last watermark, then the end.
    fn end(&mut self) -> Option<SourceItem> {
        if self.time.take().is_some() {
            return Some(SourceItem::Control(Control::Watermark(i64::MAX)));
        }
        self.ending.next().map(SourceItem::Control)
    }
}

#[cfg(test)]
mod tests;
