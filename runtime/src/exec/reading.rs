//! The head of a stage that reads a source: splits from a shared queue, bytes from the page cache at once, others by a thread that
//! may block.
//!
//! **A source that ends, and one that does not, are read by one head.** Of the first, tasks take splits from one queue, each to its end. Of the second each task
//! follows splits of its own ([`Followed`]), reads some of each in turn, and knows how far it is with each. Where it has caught up with
//! all of them it holds no thread: an alarm wakes the task to look again.
//!
//! **Reading never blocks the pool.** `preadv2(RWF_NOWAIT)` takes what the page cache has, of inputs and of spilled pages; the rest is read by
//! blocking threads, which wake the task.

mod followed;
mod limits;
mod watermarks;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::inline::Watch;
use super::snapshots::Barriers;
use super::timers::Alarm;
use crate::error::{Error, Result};
use crate::kernel::Blocking;
use crate::memory::Memory;
use crate::page::Batch;
use crate::snapshot::SplitPosition;
use crate::source::{Position, Ready, RejectSink, RowFilters, Source, Split, SplitReader};
use crate::storage::PendingRead;
use crate::stream::Control;

pub(super) use followed::Followed;
use followed::Next;
pub(super) use limits::LateLimits;
pub(super) use watermarks::WatermarkGenerator;

/// So long a split is read while others have something, or until its next bytes are to be read.
const TURN: Duration = Duration::from_millis(10);

/// Splits that any task of the stage may take.
pub(super) type SplitQueue = Mutex<VecDeque<Split>>;

/// The result of a write by a blocking thread, once there is one.
type PendingWrite = Arc<Mutex<Option<Result<()>>>>;

/// Where a head's splits come from.
pub(super) enum HeadSplits {
    /// From a queue that the tasks share.
    Shared(Arc<SplitQueue>),
    /// They are its own.
    Followed(FollowedSource),
}

/// An endless source as one task reads it.
pub(super) struct FollowedSource {
    pub(super) source: Arc<dyn Source>,
    pub(super) splits: Followed,
    /// Wakes the task when it is time to look for more.
    pub(super) alarm: Alarm,
}

pub(super) struct SourceHead {
    pub(super) operator: usize,
    reader: Box<dyn SplitReader>,
    splits: HeadSplits,
    current: Option<Split>,
    /// It has given records of the current split since it was opened.
    has_given: bool,
    /// When the current split was opened, or found to be the only one that has something.
    turn_began: Instant,
    /// So far the current split is in the counters.
    counted_to: u64,
    pending_read: Option<PendingRead>,
    /// Where bad records go.
    rejects: Option<Arc<dyn RejectSink>>,
    /// Bad records that a blocking thread writes.
    rejecting: Option<PendingWrite>,
    blocking: Arc<dyn Blocking>,
    /// Pays for what is read.
    memory: Memory,
    stopped: bool,
    /// What joins say of its records while it is read.
    limits: Option<LateLimits>,
    /// Where event time is asked for: how far it is.
    time: Option<WatermarkGenerator>,
    /// The leaf that holds event time, if the source's rows have it.
    time_leaf: Option<usize>,
    /// The split of the last batch.
    given_split: usize,
    /// Where snapshots are taken: the barriers that it says.
    barriers: Option<Barriers>,
    /// What is said behind the last row, from when that was given.
    ending: std::array::IntoIter<Control, 2>,
}

/// An item of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceItem {
    /// Records of one split, which has this number.
    Batch(usize),
    /// A control item between records.
    Control(Control),
}

impl SourceHead {
    pub(super) fn new(
        operator: usize,
        reader: Box<dyn SplitReader>,
        rejects: Option<Arc<dyn RejectSink>>,
        splits: HeadSplits,
        blocking: Arc<dyn Blocking>,
        memory: Memory,
    ) -> Self {
        SourceHead {
            operator,
            reader,
            splits,
            current: None,
            has_given: false,
            turn_began: Instant::now(),
            counted_to: 0,
            pending_read: None,
            rejects,
            rejecting: None,
            blocking,
            memory,
            stopped: false,
            limits: None,
            time: None,
            time_leaf: None,
            given_split: 0,
            barriers: None,
            ending: Control::END_OF_INPUT.into_iter(),
        }
    }

    /// The same head, which leaves splits out that no record is wanted of.
    pub(super) fn skipping(self, limits: Option<LateLimits>) -> Self {
        SourceHead { limits, ..self }
    }

    /// The same head, which says how far event time is. Its rows have that in this leaf, or the stage
    /// [notes](SourceHead::note_time) it.
    pub(super) fn telling_time(self, time: Option<WatermarkGenerator>, leaf: Option<usize>) -> Self {
        SourceHead { time, time_leaf: leaf, ..self }
    }

    /// The greatest event time of what the stage made of the last batch.
    pub(super) fn note_time(&mut self, greatest: i64) {
        if let Some(time) = &mut self.time {
            time.note_time(self.given_split, greatest);
        }
    }

    /// The same head, which says barriers.
    pub(super) fn saying_barriers(self, barriers: Option<Barriers>) -> Self {
        SourceHead { barriers, ..self }
    }

    /// Whether it may end before its splits do: what is wrong with its records is written down for all of them.
    pub(super) fn may_stop(&self) -> bool {
        self.rejects.is_none()
    }

    /// Reads no more. The last batch stays.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.ending = Control::END_OF_INPUT.into_iter();
    }

    pub(super) fn batch(&self) -> Result<Batch<'_>> {
        self.reader.batch()
    }

    /// Whether the rows of the last batch have been through the filters.
    pub(super) fn has_filtered(&self) -> bool {
        self.reader.left_out().is_some()
    }

    /// Goes on to the next batch, whose rows the reader may take through the filters that they come to first.
    pub(super) fn advance(&mut self, filters: &mut dyn RowFilters, watch: &Watch) -> Result<Option<SourceItem>> {
        let metrics = watch.enter(self.operator);
        let totals = &watch.job.metrics;
        let is_at_end = self.is_at_end();
        loop {
            if self.stopped {
                return Ok(self.end());
            }
            if let Some(watermark) = self.watermark() {
                return Ok(Some(SourceItem::Control(Control::Watermark(watermark))));
            }
            // Behind the end of its rows none follows: who brings it together with others does not wait for one.
            if let Some(epoch) = self.barriers.as_mut().filter(|_| !is_at_end).and_then(Barriers::next) {
                return Ok(Some(SourceItem::Control(Control::Barrier(epoch))));
            }
            if let Some(rejecting) = &self.rejecting {
                let written = rejecting.lock().unwrap_or_else(PoisonError::into_inner).take();
                let Some(written) = written else { return Ok(None) };
                self.rejecting = None;
                written?;
            }
            if let Some(read) = &self.pending_read {
                let Some(bytes) = read.take() else { return Ok(None) };
                self.pending_read = None;
                // The time of the read is not part of the turn: the bytes are decoded before the next split's turn.
                self.turn_began = Instant::now();
                self.reader.supply(bytes?)?;
            }
            if self.current.is_none() {
                match self.next_split(watch)? {
                    Next::Read(split) if self.limits.as_ref().is_some_and(|limits| limits.exclude(&split)) => {
                        metrics.skipped_splits.add(1);
                        self.count_bytes(split.bytes, watch);
                        continue;
                    }
                    Next::Read(split) => self.open(split)?,
                    Next::Idle => return Ok(Some(SourceItem::Control(Control::Idle))),
                    Next::Wait(until) => return self.wait(until),
                    Next::End => return Ok(self.end()),
                }
            }
            if self.has_given && self.turn_began.elapsed() >= TURN {
                self.gives_turn(watch)?;
            }
            let ready =
                if filters.count() > 0 { self.reader.advance_where(filters)? } else { self.reader.advance()? };
            self.reject();
            match ready {
                Ready::Batch => {
                    let rows = (self.reader.batch()?.rows() + self.reader.left_out().unwrap_or(0)) as u64;
                    totals.source_rows.add(rows);
                    metrics.rows_out.add(rows);
                    return self.given();
                }
                Ready::Starved if self.has_given && self.gives_turn(watch)? => {}
                Ready::Starved => self.read()?,
                Ready::CaughtUp | Ready::End => {
                    let bytes = self.close(ready);
                    self.count_bytes(bytes, watch);
                }
            }
        }
    }

    /// How far event time is, where that is asked for and is news. Of a source that ends the splits come in no order: there all time passes at the end.
    fn watermark(&mut self) -> Option<i64> {
        match (&mut self.time, &self.splits) {
            (Some(time), HeadSplits::Followed(followed)) => time.news(followed.splits.waited_for(Instant::now())),
            _ => None,
        }
    }

    /// The split to read next, or why there is none.
    fn next_split(&mut self, watch: &Watch) -> Result<Next> {
        match &mut self.splits {
            HeadSplits::Shared(queue) => {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                Ok(next.map_or(Next::End, Next::Read))
            }
            HeadSplits::Followed(FollowedSource { source, splits, .. }) => {
                let Some(endless) = source.endless() else { return Ok(Next::End) };
                let next = splits.next(endless, Instant::now())?;
                watch.job.metrics.source_total_bytes.add(splits.take_found_bytes());
                Ok(next)
            }
        }
    }

    fn open(&mut self, split: Split) -> Result<()> {
        self.reader.open(&split)?;
        self.counted_to = split.range.start;
        (self.current, self.has_given, self.turn_began) = (Some(split), false, Instant::now());
        Ok(())
    }

    /// Has the task woken to look again.
    fn wait(&mut self, until: Instant) -> Result<Option<SourceItem>> {
        if let HeadSplits::Followed(followed) = &mut self.splits {
            followed.alarm.set(until)?;
        }
        Ok(None)
    }

    /// A batch is there.
    fn given(&mut self) -> Result<Option<SourceItem>> {
        self.has_given = true;
        self.given_split = self.current.as_ref().map_or(0, |split| split.part);
        if let HeadSplits::Followed(followed) = &mut self.splits {
            followed.splits.gave();
            if let Some(leaf) = self.time_leaf
                && let Some(greatest) = self.reader.batch()?.greatest_of(leaf)
            {
                self.note_time(greatest);
            }
        }
        Ok(Some(SourceItem::Batch(self.given_split)))
    }

    /// Goes on to another split where that has something and this one has had its turn; whether there is one.
    fn gives_turn(&mut self, watch: &Watch) -> Result<bool> {
        let (HeadSplits::Followed(followed), Some(position)) = (&mut self.splits, self.reader.position()) else {
            return Ok(false);
        };
        followed.splits.is_at(position);
        followed.splits.pass_behind(position.part);
        self.turn_began = Instant::now();
        // Also where no other split has something: one that is far behind is read for long.
        self.count_bytes(position.offset.saturating_sub(self.counted_to), watch);
        self.counted_to = position.offset.max(self.counted_to);
        match self.next_split(watch)? {
            Next::Read(split) if split.part != position.part => self.open(split).map(|()| true),
            _ => {
                // Nobody else has something, and this one had just now.
                if let HeadSplits::Followed(followed) = &mut self.splits {
                    followed.splits.gave();
                }
                Ok(false)
            }
        }
    }

    fn count_bytes(&self, bytes: u64, watch: &Watch) {
        watch.job.metrics.source_bytes.add(bytes);
        watch.metrics(self.operator).bytes.add(bytes);
    }

    /// Leaves a split that has nothing more, for now or for good; bytes that were read of it, and are in no counter yet.
    fn close(&mut self, ready: Ready) -> u64 {
        let Some(split) = self.current.take() else { return 0 };
        let (HeadSplits::Followed(followed), Some(position)) = (&mut self.splits, self.reader.position()) else {
            return split.bytes;
        };
        followed.splits.is_at(position);
        let read_to = match ready {
            Ready::End => {
                followed.splits.sealed(split.part);
                // What says so holds no records, and is read.
                split.range.end
            }
            _ => {
                followed.splits.caught_up(split.part, split.range.end);
                position.offset
            }
        };
        read_to.saturating_sub(self.counted_to)
    }

    /// For each split that it follows, where the records begin that it has not given.
    pub(super) fn positions(&self) -> Vec<SplitPosition> {
        let HeadSplits::Followed(followed) = &self.splits else { return Vec::new() };
        let mut positions = followed.splits.positions();
        if let Some(current) = self.current.as_ref().and(self.reader.position()) {
            positions
                .iter_mut()
                .filter(|position| position.part == current.part && position.offset < current.offset)
                .for_each(|position| *position = current);
        }
        let greatest = |split| self.time.as_ref().and_then(|time| time.greatest(split));
        let with_time = |position: Position| SplitPosition { position, greatest_time: greatest(position.part) };
        positions.into_iter().map(with_time).collect()
    }

    /// Whether its rows, and their end, are given.
    pub(super) fn is_at_end(&self) -> bool {
        self.ending.len() < Control::END_OF_INPUT.len()
    }

    /// Says what is still to be said at the end: all time has passed, and then that it is the end.
    fn end(&mut self) -> Option<SourceItem> {
        if self.time.take().is_some() {
            return Some(SourceItem::Control(Control::Watermark(i64::MAX)));
        }
        self.ending.next().map(SourceItem::Control)
    }

    /// Has bad records written; the next batch waits for that.
    fn reject(&mut self) {
        let rejected = self.reader.take_rejected();
        let Some(rejects) = self.rejects.clone().filter(|_| !rejected.is_empty()) else { return };
        let rejecting = PendingWrite::default();
        self.rejecting = Some(rejecting.clone());
        self.blocking.submit(Box::new(move || {
            let written = rejects.write(&rejected);
            *rejecting.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
        }));
    }

    fn read(&mut self) -> Result<()> {
        let Some(request) = self.reader.wants() else {
            return Err(Error::Internal("a reader starves and wants nothing".to_owned()));
        };
        let read = PendingRead::start(request, &self.memory, &self.blocking)?;
        match read.take() {
            Some(bytes) => self.reader.supply(bytes?),
            None => {
                self.pending_read = Some(read);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
