//! One task's rows, sorted in memory or as runs on disk.

mod first;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::TaskContext;
use crate::memory::limits::{INDEX_BYTES, PAGE_BYTES};
use crate::memory::{Memory, Reservation};
use crate::page::{Input, Page, RowWriter};
use crate::row::RowLayout;
use crate::sort::buffer::SortBuffer;
use crate::sort::external::runs::{DiskRun, RowOrder, bound_index};
use crate::sort::external::sorter::first::FirstRows;
use crate::sort::external::streams::{MergeProgress, Streams};
use crate::sort::external::{PAGES_PER_CALL, UNWRITTEN_PAGES};
use crate::sort::in_memory::InMemorySort;
use crate::sort::order::OrderKey;
use crate::sort::small_rows::{KeyBounds, SharedSplitters, SpreadRows};
use crate::spill::Spiller;
use crate::strategy::{Cursor, Progress, ready};

/// Bytes of the open pages while rows are spread over buckets, and while a bucket is divided.
const OPEN_BUCKETS_BYTES: usize = (4 << 20) + PAGE_BYTES;

/// Sorts rows.
pub struct Sorter {
    pub(crate) row_order: RowOrder,
    pub(crate) memory: Memory,
    pub(crate) spiller: Arc<Spiller>,
    pub(crate) buffer: InMemorySort,
    /// Sorted runs on disk.
    pub(crate) runs: Vec<DiskRun>,
    /// Sorted pages in memory.
    pub(crate) sorted_pages: VecDeque<Page>,
    pub(crate) stage: Stage,
    pub(crate) passes: u64,
    /// Memory for the keys of runs. Only merges of ranges need it.
    index: Option<Reservation>,
    /// If set, only the first rows are needed.
    pub(crate) first: Option<FirstRows>,
}

#[expect(clippy::large_enum_variant, reason = "one for each task")]
pub(crate) enum Stage {
    /// Rows are added.
    Filling,
    /// The sorted rows of the buffer are written to disk.
    Writing(RunWriter),
    /// Some runs are merged into one.
    Merging(Streams, RunWriter),
    /// The sorted rows of the buffer become pages, which stay in memory as far as they fit.
    Paging(RunWriter),
    /// All rows were added. The buffer is sorted, and one merge can take all runs.
    Sorted,
    /// Rows are emitted.
    Emitting(Streams),
    /// All rows were emitted.
    Emitted,
}

/// A run while it is written.
pub(crate) struct RunWriter {
    pub(crate) to: DiskRun,
    pub(crate) writer: RowWriter,
    is_indexed: bool,
}

impl RunWriter {
    /// Writes the pages that are sealed.
    pub(crate) fn write(&mut self, spiller: &Spiller, row_order: &RowOrder) {
        self.to.write(self.writer.take_sealed(), spiller, self.is_indexed.then_some(row_order));
    }
}

impl Sorter {
    /// A sorter of rows of `layout`, with the memory of a task.
    ///
    /// # Errors
    /// Fails if the order names a leaf that the rows do not have, or if the region of pages cannot
    /// be allocated.
    pub fn new(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, context: &TaskContext) -> Result<Self> {
        Self::over(Arc::default(), layout, order, context)
    }

    /// As [`Sorter::new`], for one of several tasks that spread their rows by the same splitters.
    pub(crate) fn over(
        splitters: Arc<SharedSplitters>,
        layout: Arc<RowLayout>,
        order: impl Into<Box<[OrderKey]>>,
        context: &TaskContext,
    ) -> Result<Self> {
        let order = order.into();
        let buffer = InMemorySort::new(splitters, layout.clone(), &order, &context.memory)?;
        Ok(Self::with(buffer, layout, order, context))
    }

    /// As [`Sorter::new`], for rows that the caller reads [in memory](Sorter::in_memory) if they
    /// fit.
    ///
    /// # Errors
    /// As [`Sorter::new`].
    pub fn indexed(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, context: &TaskContext) -> Result<Self> {
        let order = order.into();
        let buffer = SortBuffer::new(layout.clone(), order.clone(), &context.memory)?;
        Ok(Self::with(InMemorySort::ByIndex(buffer), layout, order, context))
    }

    pub(crate) fn with(
        buffer: InMemorySort,
        layout: Arc<RowLayout>,
        order: Box<[OrderKey]>,
        context: &TaskContext,
    ) -> Self {
        Sorter {
            buffer,
            row_order: RowOrder { layout, order },
            memory: context.memory.clone(),
            spiller: Arc::new(context.spiller()),
            runs: Vec::new(),
            sorted_pages: VecDeque::new(),
            stage: Stage::Filling,
            passes: 0,
            index: None,
            first: None,
        }
    }

    /// Adds the rows from the cursor on. The cursor counts rows that are added. Returns `Done` if
    /// all are.
    ///
    /// # Errors
    /// Fails if a record does not fit memory, or if the disk fails.
    pub fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        while *cursor < input.len() {
            match self.stage {
                Stage::Filling if *cursor == 0 && self.has_room_for(input) => {
                    self.buffer.add(input)?;
                    self.drop_excess_if_many()?;
                    return Ok(Progress::Done);
                }
                Stage::Filling => {
                    let (some, fits) = input.fitting(*cursor, |some| self.has_room_for(some));
                    if !fits && !self.buffer.is_empty() {
                        if !self.drop_excess()? {
                            self.begin_run();
                        }
                        continue;
                    }
                    if !fits && self.spiller.unwritten_bytes() > 0 {
                        return self.await_writes();
                    }
                    // No rows are left to spill, so this row takes more than the sort's minimum
                    // memory.
                    let some = Input::new(input.batch(), &some);
                    self.buffer.add(&some)?;
                    *cursor += some.len();
                }
                _ => ready!(self.write_run(0)?),
            }
        }
        Ok(Progress::Done)
    }

    /// Returns `true` if memory is granted to add these rows, and to sort and write them later.
    #[must_use]
    pub fn has_room_for(&self, input: &Input<'_>) -> bool {
        self.memory.try_reserve(self.buffer.bytes_for(input) + self.write_buffer_bytes())
    }

    /// Bytes of pages in writing: the open page and those that wait to be written.
    pub(crate) fn write_buffer_bytes(&self) -> usize {
        self.max_unwritten_bytes() + self.buffer.largest_page_bytes()
    }

    pub(crate) fn max_unwritten_bytes(&self) -> usize {
        let [min, max] = UNWRITTEN_PAGES;
        let pages = (self.buffer.bytes() / PAGE_BYTES / 16).clamp(min, max);
        (pages * PAGE_BYTES).max(self.buffer.largest_page_bytes())
    }

    pub(crate) fn await_writes(&self) -> Result<Progress> {
        self.spiller.check()?;
        Ok(Progress::Pending)
    }

    pub(crate) fn begin_run(&mut self) {
        self.memory.keep(self.write_buffer_bytes());
        self.sort_buffer();
        self.stage = Stage::Writing(self.new_run());
    }

    pub(crate) fn new_run(&self) -> RunWriter {
        RunWriter {
            to: DiskRun::default(),
            writer: RowWriter::new(self.row_order.layout.clone(), self.memory.clone()),
            is_indexed: self.index.is_some(),
        }
    }

    /// Keeps keys of runs on disk, for the ranges of a total order.
    pub(crate) fn index_runs(&mut self) -> Result<()> {
        self.index = Some(self.memory.reserve(INDEX_BYTES)?);
        Ok(())
    }

    /// Frees the keys of runs. No more ranges are read.
    pub(crate) fn end_index(&mut self) {
        self.index = None;
    }

    /// Adds a complete run, and bounds the keys of all runs.
    pub(crate) fn add_run(&mut self, run: DiskRun) {
        self.runs.push(run);
        bound_index(&mut self.runs);
    }

    /// Turns the sorted rows of the buffer into pages, and writes these to disk as one run. In
    /// [`Stage::Paging`] a page stays in memory if `room` more bytes can be reserved.
    pub(crate) fn write_run(&mut self, room: usize) -> Result<Progress> {
        let (room, max_unwritten) = (room + self.write_buffer_bytes(), self.max_unwritten_bytes());
        let keeps_pages = matches!(self.stage, Stage::Paging(_));
        let (Stage::Writing(run) | Stage::Paging(run)) = &mut self.stage else { return Ok(Progress::Done) };
        self.spiller.check()?;
        for _ in 0..PAGES_PER_CALL {
            if self.spiller.unwritten_bytes() >= max_unwritten {
                return Ok(Progress::Pending);
            }
            let more = self.buffer.emit(&mut run.writer)?;
            if !more {
                run.writer.seal();
            }
            // The buffer frees its memory page by page, so not all pages may fit.
            if keeps_pages && self.memory.try_reserve(room) {
                self.sorted_pages.extend(run.writer.take_sealed());
            } else {
                run.write(&self.spiller, &self.row_order);
            }
            if !more {
                let run = std::mem::take(&mut run.to);
                if !keeps_pages || !run.pages.is_empty() {
                    self.add_run(run);
                    self.spiller.count_part();
                }
                self.buffer.clear();
                self.stage = if keeps_pages { Stage::Sorted } else { Stage::Filling };
                return Ok(Progress::Done);
            }
        }
        Ok(Progress::Yield)
    }

    /// Returns `true` if all rows are in memory and not sorted.
    pub(crate) fn has_all_in_memory(&self) -> bool {
        matches!(self.stage, Stage::Filling) && self.runs.is_empty()
    }

    /// The bounds of the rows' keys, and the number of rows. `None` if rows are on disk, or if they
    /// cannot be spread over shared buckets.
    pub(crate) fn sharable_rows(&mut self) -> Option<(KeyBounds, usize)> {
        if !self.has_all_in_memory() || !self.memory.try_reserve(OPEN_BUCKETS_BYTES) {
            return None;
        }
        let rows = self.buffer.len();
        self.buffer.by_buckets()?.key_bounds().map(|bounds| (bounds, rows))
    }

    /// Takes this task's share of the rows of all tasks. They are sorted.
    pub(crate) fn take_shared(&mut self, rows: Vec<SpreadRows>) -> Result<()> {
        self.buffer.by_buckets().ok_or_else(none_shared)?.take_shared(rows)?;
        // A task with few rows of its own has few free chunks when it first divides a bucket.
        self.memory.shrink_to(OPEN_BUCKETS_BYTES);
        self.stage = Stage::Sorted;
        Ok(())
    }

    /// Prepares to emit the rows. Called after all rows were added, until it returns `Done`.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn finish(&mut self) -> Result<Progress> {
        loop {
            match self.stage {
                Stage::Sorted | Stage::Paging(_) | Stage::Emitting(_) | Stage::Emitted => return Ok(Progress::Done),
                Stage::Writing(_) => ready!(self.write_run(0)?),
                Stage::Merging(..) => ready!(self.merge_some()?),
                Stage::Filling if self.runs.is_empty() => {
                    self.memory.shrink();
                    self.sort_buffer();
                    self.stage = Stage::Sorted;
                }
                Stage::Filling if self.spiller.unwritten_bytes() > 0 => return self.await_writes(),
                Stage::Filling => self.plan_merge()?,
            }
        }
    }

    /// Emits rows in order until a page of `out` is sealed. Called after [`Sorter::finish`] has
    /// returned `Done`. Returns `Yield` if rows are left.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<Progress> {
        if matches!(self.stage, Stage::Sorted) && !self.runs.is_empty() {
            let runs = std::mem::take(&mut self.runs);
            let mut streams = self.merge_of(runs)?;
            if !self.buffer.is_empty() {
                streams.add_memory(&self.memory)?;
            }
            self.stage = Stage::Emitting(streams);
        }
        if let Stage::Emitting(streams) = &mut self.stage {
            return Ok(match streams.next(&mut self.buffer, out)? {
                MergeProgress::Full => Progress::Yield,
                MergeProgress::Pending => Progress::Pending,
                MergeProgress::End => self.end(),
            });
        }
        Ok(if self.buffer.emit(out)? { Progress::Yield } else { self.end() })
    }

    fn end(&mut self) -> Progress {
        self.clear();
        Progress::Done
    }

    /// Drops all rows and frees their memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.runs.clear();
        self.end_index();
        self.stage = Stage::Emitted;
        self.memory.shrink();
    }

    /// Bytes of its rows in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.bytes()
    }

    /// Returns `true` if rows are on disk or are being written.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        !self.runs.is_empty() || matches!(self.stage, Stage::Writing(_))
    }

    /// The sorted rows, if all are in memory and [`Sorter::finish`] has returned `Done`.
    #[must_use]
    pub fn in_memory(&self) -> Option<&SortBuffer> {
        self.buffer.by_index().filter(|_| matches!(self.stage, Stage::Sorted) && self.runs.is_empty())
    }

    /// Begins to free memory. [`Sorter::continue_revoking`] and the other calls then write rows to
    /// disk. If the rows were sorted already, `finish` must be called again.
    pub fn revoke(&mut self) {
        match self.stage {
            Stage::Filling if !self.buffer.is_empty() => self.begin_run(),
            // The rows are sorted, and some may have been emitted.
            Stage::Sorted if self.runs.is_empty() && !self.buffer.is_empty() => {
                self.stage = Stage::Writing(self.new_run());
            }
            Stage::Filling => self.memory.shrink(),
            // Writing and merging free memory step by step, and need all that they reserved.
            _ => {}
        }
    }

    /// Continues to free memory after [`Sorter::revoke`], until it returns `Done`.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub fn continue_revoking(&mut self) -> Result<Progress> {
        match self.stage {
            Stage::Writing(_) => self.write_run(0),
            _ => Ok(Progress::Done),
        }
    }
}

/// The error if a sort by index is asked to share rows.
pub(crate) fn none_shared() -> Error {
    Error::Internal("rows were shared with a sort that shares none".to_owned())
}
