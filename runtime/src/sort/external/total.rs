//! Total order: each task sorts its rows, then merges one range of the order from all tasks.
//!
//! 1. Each task sorts its rows into runs, in memory or on disk. Nothing is shipped before.
//! 2. The tasks exchange samples of their runs. The samples cut the order into as many ranges as
//!    there are tasks. Rows with equal keys are in one range.
//! 3. Each task merges one range of all runs, also of runs that other tasks wrote. A reader of the
//!    whole order reads the tasks in sequence.
//!
//! The samples are of sorted rows, so the ranges have equal shares for any input, skewed or not.
//! Rows cross between tasks once, and no row is written to disk twice unless runs are too many for
//! one merge. The last pass is as parallel as the first.
//!
//! If all rows are in memory, small and plain, nothing is merged. The tasks spread their rows over
//! the same [buckets](crate::sort::external::shares), and each sorts some buckets with the rows of
//! all.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::RevokeHandle;
use crate::page::{Input, Page, RowWriter};
use crate::rendezvous::LocalRendezvous;
use crate::row::RowLayout;
use crate::sort::buffer::SortBuffer;
use crate::sort::external::merging::MergeSize;
use crate::sort::external::runs::{DiskPart, Ordered, Part, TaskRuns};
use crate::sort::external::shares::{Shared, Shares, SharesMeeting};
use crate::sort::external::sorter::Sorter;
use crate::sort::external::streams::{Next, Streams};
use crate::sort::in_memory::InMemorySort;
use crate::sort::order::OrderKey;
use crate::sort::ranges::{KeyPrefix, cut};
use crate::sort::small_rows::SharedSplitters;
use crate::strategy::{Cursor, Progress, ready};

/// Where the tasks of a total order meet.
pub struct TotalOrderRendezvous {
    splitters: Arc<SharedSplitters>,
    shares: SharesMeeting,
    /// Keys of what each task has sorted.
    samples: LocalRendezvous<Vec<(KeyPrefix, u64)>>,
    /// What each task gives to each.
    parts: LocalRendezvous<Given>,
}

/// By range; taken once.
type Given = Arc<Mutex<Vec<Vec<Part>>>>;

impl TotalOrderRendezvous {
    /// A meeting of so many tasks.
    #[must_use]
    pub fn of(tasks: usize) -> Self {
        Self::spreading(tasks, SharedSplitters::default())
    }

    /// As [`TotalOrderRendezvous::of`], with the splitters of rows that are spread as they come.
    pub(crate) fn spreading(tasks: usize, splitters: SharedSplitters) -> Self {
        TotalOrderRendezvous {
            splitters: Arc::new(splitters),
            shares: SharesMeeting::of(tasks),
            samples: LocalRendezvous::of(tasks),
            parts: LocalRendezvous::of(tasks),
        }
    }
}

/// Rows of one task on their way to an order of all.
pub struct TotalOrderSorter {
    sorter: Sorter,
    of: Ordered,
    meeting: Arc<TotalOrderRendezvous>,
    context: TaskContext,
    stage: Stage,
}

#[expect(clippy::large_enum_variant, reason = "one for each task")]
enum Stage {
    Sorting,
    /// The tasks find out whether they share buckets.
    Sharing(Shares),
    /// This task's buckets are given, from memory that these hold together.
    Shared(Box<[RevokeHandle]>),
    /// What is left of them is given from disk.
    Left,
    /// They do not: what this task has is put in order, for a merge of this size.
    Ordering(MergeSize),
    /// The keys are said; the bounds follow from all tasks'.
    Sampled(TaskRuns),
    /// The parts are given; this task's come from all.
    Parted,
    /// Those on disk become fewer, until one merge can give all rows.
    Merging(Parts),
    Giving(Streams, InMemorySort),
    Given,
}

/// What is one task's of all tasks' rows, in runs.
#[derive(Default)]
struct Parts {
    in_memory: Vec<VecDeque<Page>>,
    on_disk: VecDeque<DiskPart>,
}

impl TotalOrderSorter {
    /// A sorter of one task, which meets the others.
    ///
    /// # Errors
    /// As [`Sorter::new`].
    pub fn new(
        layout: Arc<RowLayout>,
        order: &[OrderKey],
        meeting: Arc<TotalOrderRendezvous>,
        context: &TaskContext,
    ) -> Result<Self> {
        let of = Ordered { layout: layout.clone(), order: order.into() };
        let mut sorter = Sorter::over(meeting.splitters.clone(), layout, order, context)?;
        sorter.index_runs()?;
        Ok(TotalOrderSorter { sorter, of, meeting, context: context.clone(), stage: Stage::Sorting })
    }

    /// As [`Sorter::add`].
    ///
    /// # Errors
    /// As there.
    pub fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        self.sorter.add(input, cursor)
    }

    /// Says that all rows have come, and writes those of this task's range in order until a page of `out` is closed; `Yield` where rows are left.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<Progress> {
        loop {
            match &mut self.stage {
                Stage::Sorting => {
                    self.stage = Stage::Sharing(Shares::offer(&mut self.sorter, &self.meeting.shares, &self.context))
                }
                Stage::Sharing(shares) => {
                    let Some(shared) = shares.go_on(&mut self.sorter, &self.meeting.shares, &self.context)? else {
                        return Ok(Progress::Pending);
                    };
                    self.stage = match shared {
                        Shared::Yes(holders) => Stage::Shared(holders),
                        Shared::No(size) => Stage::Ordering(size),
                    };
                }
                Stage::Shared(_) | Stage::Left => {
                    ready!(self.sorter.finish()?);
                    ready!(self.sorter.emit(out)?);
                    self.stage = Stage::Given;
                }
                Stage::Ordering(size) => {
                    ready!(self.sorter.finish_runs(*size, self.context.subtasks)?);
                    self.offer_sample();
                }
                Stage::Sampled(_) => {
                    let Some(bounds) = self.bounds() else { return Ok(Progress::Pending) };
                    self.offer_parts(&bounds)?;
                }
                Stage::Parted => {
                    let Some(parts) = self.own_parts() else { return Ok(Progress::Pending) };
                    self.stage = Stage::Merging(parts);
                }
                Stage::Merging(_) => ready!(self.merge_parts()?),
                Stage::Giving(streams, none) => match streams.next(none, out)? {
                    Next::Full => return Ok(Progress::Yield),
                    Next::Pending => return Ok(Progress::Pending),
                    Next::End => self.stage = Stage::Given,
                },
                Stage::Given => {
                    self.context.memory.set_revocable(false);
                    self.context.memory.shrink();
                    return Ok(Progress::Done);
                }
            }
        }
    }

    /// Tells the others some keys of its runs, which lie on disk or in memory.
    fn offer_sample(&mut self) {
        let runs = self.sorter.take_runs();
        self.meeting.samples.send(&self.context, runs.sample());
        // From here on nothing goes to disk any more.
        self.context.memory.set_revocable(false);
        self.stage = Stage::Sampled(runs);
    }

    /// Gives each task its range of the runs.
    fn offer_parts(&mut self, bounds: &[KeyPrefix]) -> Result<()> {
        if let Stage::Sampled(runs) = std::mem::replace(&mut self.stage, Stage::Parted) {
            let parts = runs.parts(bounds, &self.context.memory)?;
            self.sorter.end_index();
            self.meeting.parts.send(&self.context, Arc::new(Mutex::new(parts)));
        }
        Ok(())
    }

    /// Merges parts on disk while there are more than are read at once; then begins to give all of them.
    fn merge_parts(&mut self) -> Result<Progress> {
        let Stage::Merging(parts) = &mut self.stage else { return Ok(Progress::Done) };
        ready!(self.sorter.merge_some()?);
        // What was written is read next.
        self.sorter.spiller.check()?;
        if self.sorter.spiller.unwritten_bytes() > 0 {
            return self.sorter.await_writes();
        }
        parts.on_disk.extend(self.sorter.take_merged());
        if self.sorter.begin_fewer(&mut parts.on_disk, &self.context)? {
            return Ok(Progress::Done);
        }
        let Parts { in_memory, on_disk } = std::mem::take(parts);
        let streams = self.sorter.merge_of_parts(on_disk.into(), in_memory, &self.context)?;
        let none = SortBuffer::new(self.of.layout.clone(), self.of.order.clone(), &self.context.memory)?;
        self.stage = Stage::Giving(streams, InMemorySort::ByIndex(none));
        Ok(Progress::Done)
    }

    /// Where ranges begin: as many as there are tasks, some of which may be empty.
    fn bounds(&self) -> Option<Vec<KeyPrefix>> {
        let (types, order, ranges) = (self.of.layout.types(), &self.of.order, self.context.subtasks);
        self.meeting.samples.poll(&self.context, |said| {
            let samples = said.iter().map(Option::as_ref).collect::<Option<Vec<_>>>()?;
            let keys = samples.into_iter().flatten().map(|(key, weight)| (key, *weight)).collect();
            Some(cut(keys, types, order, ranges))
        })
    }

    /// This task's range of all that is given, once all tasks have given theirs.
    fn own_parts(&self) -> Option<Parts> {
        let all = |said: &[Option<Given>]| said.iter().cloned().collect::<Option<Vec<Given>>>();
        let given = self.meeting.parts.poll(&self.context, all)?;
        let mut parts = Parts::default();
        for task in given {
            let mut task = task.lock().unwrap_or_else(PoisonError::into_inner);
            // Where there are fewer different keys than tasks, the last ranges are empty.
            for part in task.get_mut(self.context.subtask).map(std::mem::take).into_iter().flatten() {
                match part {
                    Part::Pages(pages) => parts.in_memory.push(pages),
                    Part::Disk(part) if part.pages.is_empty() => {}
                    Part::Disk(part) => parts.on_disk.push_back(part),
                }
            }
        }
        Some(parts)
    }

    /// As [`Sorter::revoke`].
    pub fn revoke(&mut self) {
        match &self.stage {
            Stage::Sorting | Stage::Left => self.sorter.revoke(),
            // Others may still have rows to come. Without rows of its own it goes on needing what it has taken ahead.
            Stage::Sharing(Shares::Offered) | Stage::Ordering(_) if self.sorter.bytes() > 0 => self.sorter.revoke(),
            Stage::Shared(holders) => {
                // The memory is free once all tasks have left it.
                holders.iter().for_each(|holder| holder.ask(self.sorter.bytes()));
                self.stage = Stage::Left;
                self.sorter.revoke();
            }
            _ => {}
        }
    }

    /// As [`Sorter::continue_revoking`].
    ///
    /// # Errors
    /// As there.
    pub fn continue_revoking(&mut self) -> Result<Progress> {
        self.sorter.continue_revoking()
    }
}
