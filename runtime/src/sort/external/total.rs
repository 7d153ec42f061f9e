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
use crate::sort::external::runs::{DiskPart, Part, RowOrder, TaskRuns};
use crate::sort::external::shares::{ShareOutcome, Shares, SharesRendezvous};
use crate::sort::external::sorter::Sorter;
use crate::sort::external::streams::{MergeProgress, Streams};
use crate::sort::in_memory::InMemorySort;
use crate::sort::order::OrderKey;
use crate::sort::ranges::{KeyPrefix, range_bounds};
use crate::sort::small_rows::SharedSplitters;
use crate::strategy::{Cursor, Progress, ready};

/// State that the tasks of a total order share.
pub struct TotalOrderRendezvous {
    splitters: Arc<SharedSplitters>,
    shares: SharesRendezvous,
    /// Samples of keys of each task's runs.
    samples: LocalRendezvous<Vec<(KeyPrefix, u64)>>,
    /// The parts that each task has for each task.
    parts: LocalRendezvous<TaskParts>,
}

/// Parts by range. Each range is taken once.
type TaskParts = Arc<Mutex<Vec<Vec<Part>>>>;

impl TotalOrderRendezvous {
    /// The rendezvous of `tasks` tasks.
    #[must_use]
    pub fn of(tasks: usize) -> Self {
        Self::with_splitters(tasks, SharedSplitters::default())
    }

    /// As [`TotalOrderRendezvous::of`], with splitters for rows that are spread while they are
    /// added.
    pub(crate) fn with_splitters(tasks: usize, splitters: SharedSplitters) -> Self {
        TotalOrderRendezvous {
            splitters: Arc::new(splitters),
            shares: SharesRendezvous::of(tasks),
            samples: LocalRendezvous::of(tasks),
            parts: LocalRendezvous::of(tasks),
        }
    }
}

/// The part of one task in a total order.
pub struct TotalOrderSorter {
    sorter: Sorter,
    row_order: RowOrder,
    rendezvous: Arc<TotalOrderRendezvous>,
    context: TaskContext,
    stage: Stage,
}

#[expect(clippy::large_enum_variant, reason = "one for each task")]
enum Stage {
    Sorting,
    /// The tasks agree on whether they share buckets.
    Sharing(Shares),
    /// This task's buckets are emitted. The handles are of the tasks that hold their memory.
    EmittingBuckets(Box<[RevokeHandle]>),
    /// Memory was revoked. The rest of the buckets is emitted from disk.
    EmittingFromDisk,
    /// Buckets are not shared. This task's rows are sorted, for a merge of this size.
    FinishingRuns(MergeSize),
    /// The sample of this task is sent. The bounds follow from the samples of all tasks.
    SampleSent(TaskRuns),
    /// The parts of this task are sent. It waits for its range from all tasks.
    PartsSent,
    /// Parts on disk are merged until one merge can take all of them.
    Merging(Parts),
    Emitting(Streams, InMemorySort),
    Emitted,
}

/// One task's range of the runs of all tasks.
#[derive(Default)]
struct Parts {
    in_memory: Vec<VecDeque<Page>>,
    on_disk: VecDeque<DiskPart>,
}

impl TotalOrderSorter {
    /// Creates the sorter of one task. All tasks share the `rendezvous`.
    ///
    /// # Errors
    /// As [`Sorter::new`].
    pub fn new(
        layout: Arc<RowLayout>,
        order: &[OrderKey],
        rendezvous: Arc<TotalOrderRendezvous>,
        context: &TaskContext,
    ) -> Result<Self> {
        let row_order = RowOrder { layout: layout.clone(), order: order.into() };
        let mut sorter = Sorter::over(rendezvous.splitters.clone(), layout, order, context)?;
        sorter.index_runs()?;
        Ok(TotalOrderSorter { sorter, row_order, rendezvous, context: context.clone(), stage: Stage::Sorting })
    }

    /// As [`Sorter::add`].
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        self.sorter.add(input, cursor)
    }

    /// Called after all rows were added. Emits the rows of this task's range until a page of `out`
    /// is sealed. Returns `Yield` if rows are left.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<Progress> {
        loop {
            match &mut self.stage {
                Stage::Sorting => {
                    self.stage = Stage::Sharing(Shares::offer(&mut self.sorter, &self.rendezvous.shares, &self.context))
                }
                Stage::Sharing(shares) => {
                    let Some(shared) = shares.poll(&mut self.sorter, &self.rendezvous.shares, &self.context)? else {
                        return Ok(Progress::Pending);
                    };
                    self.stage = match shared {
                        ShareOutcome::Yes(holders) => Stage::EmittingBuckets(holders),
                        ShareOutcome::No(size) => Stage::FinishingRuns(size),
                    };
                }
                Stage::EmittingBuckets(_) | Stage::EmittingFromDisk => {
                    ready!(self.sorter.finish()?);
                    ready!(self.sorter.emit(out)?);
                    self.stage = Stage::Emitted;
                }
                Stage::FinishingRuns(size) => {
                    ready!(self.sorter.finish_runs(*size, self.context.subtasks)?);
                    self.send_sample();
                }
                Stage::SampleSent(_) => {
                    let Some(bounds) = self.bounds() else { return Ok(Progress::Pending) };
                    self.send_parts(&bounds)?;
                }
                Stage::PartsSent => {
                    let Some(parts) = self.own_parts() else { return Ok(Progress::Pending) };
                    self.stage = Stage::Merging(parts);
                }
                Stage::Merging(_) => ready!(self.merge_parts()?),
                Stage::Emitting(streams, empty) => match streams.next(empty, out)? {
                    MergeProgress::Full => return Ok(Progress::Yield),
                    MergeProgress::Pending => return Ok(Progress::Pending),
                    MergeProgress::End => self.stage = Stage::Emitted,
                },
                Stage::Emitted => {
                    self.context.memory.set_revocable(false);
                    self.context.memory.shrink();
                    return Ok(Progress::Done);
                }
            }
        }
    }

    /// Sends the other tasks a sample of its keys.
    fn send_sample(&mut self) {
        let runs = self.sorter.take_runs();
        self.rendezvous.samples.send(&self.context, runs.sample());
        // From here on no rows are written to disk on request.
        self.context.memory.set_revocable(false);
        self.stage = Stage::SampleSent(runs);
    }

    /// Cuts its runs into ranges, and offers each range to its task.
    fn send_parts(&mut self, bounds: &[KeyPrefix]) -> Result<()> {
        if let Stage::SampleSent(runs) = std::mem::replace(&mut self.stage, Stage::PartsSent) {
            let parts = runs.parts(bounds, &self.context.memory)?;
            self.sorter.end_index();
            self.rendezvous.parts.send(&self.context, Arc::new(Mutex::new(parts)));
        }
        Ok(())
    }

    /// Merges some parts on disk if one merge cannot take all of them. Then begins the last merge.
    fn merge_parts(&mut self) -> Result<Progress> {
        let Stage::Merging(parts) = &mut self.stage else { return Ok(Progress::Done) };
        ready!(self.sorter.merge_some()?);
        // The pages are read next, so all writes must have ended.
        self.sorter.spiller.check()?;
        if self.sorter.spiller.unwritten_bytes() > 0 {
            return self.sorter.await_writes();
        }
        parts.on_disk.extend(self.sorter.take_merged());
        if self.sorter.begin_partial_merge(&mut parts.on_disk, &self.context)? {
            return Ok(Progress::Done);
        }
        let Parts { in_memory, on_disk } = std::mem::take(parts);
        let streams = self.sorter.merge_of_parts(on_disk.into(), in_memory, &self.context)?;
        let empty = SortBuffer::new(self.row_order.layout.clone(), self.row_order.order.clone(), &self.context.memory)?;
        self.stage = Stage::Emitting(streams, InMemorySort::ByIndex(empty));
        Ok(Progress::Done)
    }

    /// The bounds between the tasks' ranges. Some ranges may be empty. `None` until all samples
    /// have arrived.
    fn bounds(&self) -> Option<Vec<KeyPrefix>> {
        let (types, order, ranges) = (self.row_order.layout.types(), &self.row_order.order, self.context.subtasks);
        self.rendezvous.samples.poll(&self.context, |sent| {
            let samples = sent.iter().map(Option::as_ref).collect::<Option<Vec<_>>>()?;
            let keys = samples.into_iter().flatten().map(|(key, weight)| (key, *weight)).collect();
            Some(range_bounds(keys, types, order, ranges))
        })
    }

    /// This task's range of all runs. `None` until all tasks have sent their parts.
    fn own_parts(&self) -> Option<Parts> {
        let all = |sent: &[Option<TaskParts>]| sent.iter().cloned().collect::<Option<Vec<TaskParts>>>();
        let all_parts = self.rendezvous.parts.poll(&self.context, all)?;
        let mut parts = Parts::default();
        for task in all_parts {
            let mut task = task.lock().unwrap_or_else(PoisonError::into_inner);
            // With fewer distinct keys than tasks, the last ranges are empty.
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
            Stage::Sorting | Stage::EmittingFromDisk => self.sorter.revoke(),
            // Other tasks may still add rows. Without rows of its own, a task frees nothing and
            // needs the memory that it has reserved.
            Stage::Sharing(Shares::Offered) | Stage::FinishingRuns(_) if self.sorter.bytes() > 0 => {
                self.sorter.revoke()
            }
            Stage::EmittingBuckets(holders) => {
                // The memory is freed after all tasks have stopped using it.
                holders.iter().for_each(|holder| holder.ask(self.sorter.bytes()));
                self.stage = Stage::EmittingFromDisk;
                self.sorter.revoke();
            }
            _ => {}
        }
    }

    /// As [`Sorter::continue_revoking`].
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn continue_revoking(&mut self) -> Result<Progress> {
        self.sorter.continue_revoking()
    }
}
