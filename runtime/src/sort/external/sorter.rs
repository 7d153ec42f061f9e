//! Rows in, runs out.

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
use crate::sort::external::runs::{DiskRun, Ordered, bound_index};
use crate::sort::external::sorter::first::First;
use crate::sort::external::streams::{Next, Streams};
use crate::sort::external::{PAGES_A_CALL, UNWRITTEN_PAGES};
use crate::sort::in_memory::InMemorySort;
use crate::sort::order::OrderKey;
use crate::sort::small_rows::{KeyBounds, SharedSplitters, SpreadRows};
use crate::spill::Spiller;
use crate::strategy::{Cursor, Progress, ready};

/// For each bucket that rows are spread over a piece of a page, which is open, and again where a bucket is divided.
const OPEN_BUCKETS_BYTES: usize = (4 << 20) + PAGE_BYTES;

/// Rows on their way to an order.
pub struct Sorter {
    pub(crate) of: Ordered,
    pub(crate) memory: Memory,
    pub(crate) spiller: Arc<Spiller>,
    pub(crate) buffer: InMemorySort,
    /// Sorted, on disk.
    pub(crate) runs: Vec<DiskRun>,
    /// In order, in memory.
    pub(crate) paged: VecDeque<Page>,
    pub(crate) stage: Stage,
    pub(crate) passes: u64,
    /// Pays for the keys of runs, which only a merge of ranges asks for.
    index: Option<Reservation>,
    /// Where not all rows are asked for.
    pub(crate) first: Option<First>,
}

#[expect(clippy::large_enum_variant, reason = "one for each task")]
pub(crate) enum Stage {
    /// Rows come.
    Filling,
    /// The buffer's rows, which are sorted, go to disk.
    Writing(Run),
    /// Some runs become one.
    Merging(Streams, Run),
    /// The buffer's rows, which are sorted, become pages in memory, as far as they fit.
    Paging(Run),
    /// All rows are there; the buffer's are in order, the runs are few enough.
    Ordered,
    /// Rows are given.
    Giving(Streams),
    /// There are no more.
    Given,
}

/// A run while it is written.
pub(crate) struct Run {
    pub(crate) to: DiskRun,
    pub(crate) writer: RowWriter,
    is_indexed: bool,
}

impl Run {
    /// Has the pages written that are closed.
    pub(crate) fn write(&mut self, spiller: &Spiller, of: &Ordered) {
        self.to.write(self.writer.take_sealed(), spiller, self.is_indexed.then_some(of));
    }
}

impl Sorter {
    /// A sorter of rows of `layout`, with the memory of a task.
    ///
    /// # Errors
    /// When the order names a leaf that the rows do not have, or the region of pages cannot be had.
    pub fn new(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, context: &TaskContext) -> Result<Self> {
        Self::over(Arc::default(), layout, order, context)
    }

    /// As [`Sorter::new`], for one of several tasks, whose rows are shared: these are spread alike.
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

    /// As [`Sorter::new`], for rows that are looked at [in memory](Sorter::in_memory) where they fit.
    ///
    /// # Errors
    /// As there.
    pub fn seen(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, context: &TaskContext) -> Result<Self> {
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
            of: Ordered { layout, order },
            memory: context.memory.clone(),
            spiller: Arc::new(context.spiller()),
            runs: Vec::new(),
            paged: VecDeque::new(),
            stage: Stage::Filling,
            passes: 0,
            index: None,
            first: None,
        }
    }

    /// Takes rows from the cursor on, which says how many it has taken: all of them, once it answers `Done`.
    ///
    /// # Errors
    /// A record that is larger than the memory that can be had, or what the disk says.
    pub fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        while *cursor < input.len() {
            match self.stage {
                Stage::Filling if *cursor == 0 && self.has_room_for(input) => {
                    self.buffer.add(input)?;
                    self.drop_many()?;
                    return Ok(Progress::Done);
                }
                Stage::Filling => {
                    let (some, fits) = input.fitting(*cursor, |some| self.has_room_for(some));
                    if !fits && !self.buffer.is_empty() {
                        if !self.drop_rest()? {
                            self.begin_run();
                        }
                        continue;
                    }
                    if !fits && self.spiller.unwritten_bytes() > 0 {
                        return self.await_writes();
                    }
                    // Where there is nothing to spill, the row is larger than what is kept for a sort. It may still be had.
                    let some = Input::new(input.batch(), &some);
                    self.buffer.add(&some)?;
                    *cursor += some.len();
                }
                _ => ready!(self.write_run()?),
            }
        }
        Ok(Progress::Done)
    }

    /// Whether rows can be added, sorted later, and written then.
    #[must_use]
    pub fn has_room_for(&self, input: &Input<'_>) -> bool {
        self.memory.try_reserve(self.buffer.bytes_for(input) + self.write_room())
    }

    /// Bytes of pages that are kept for writing: those that wait to be written, and the open one.
    pub(crate) fn write_room(&self) -> usize {
        self.unwritten_room() + self.buffer.largest_page_bytes()
    }

    pub(crate) fn unwritten_room(&self) -> usize {
        let [least, most] = UNWRITTEN_PAGES;
        let pages = (self.buffer.bytes() / PAGE_BYTES / 16).clamp(least, most);
        (pages * PAGE_BYTES).max(self.buffer.largest_page_bytes())
    }

    pub(crate) fn await_writes(&self) -> Result<Progress> {
        self.spiller.check()?;
        Ok(Progress::Pending)
    }

    pub(crate) fn begin_run(&mut self) {
        self.memory.keep(self.write_room());
        self.order_rows();
        self.stage = Stage::Writing(self.new_run());
    }

    pub(crate) fn new_run(&self) -> Run {
        Run {
            to: DiskRun::default(),
            writer: RowWriter::new(self.of.layout.clone(), self.memory.clone()),
            is_indexed: self.index.is_some(),
        }
    }

    /// Has runs on disk keep keys by which a range of them is found: for one of several tasks.
    pub(crate) fn index_runs(&mut self) -> Result<()> {
        self.index = Some(self.memory.reserve(INDEX_BYTES)?);
        Ok(())
    }

    /// From now on no range of a run is asked for.
    pub(crate) fn end_index(&mut self) {
        self.index = None;
    }

    /// Keeps a run that is written to its end.
    pub(crate) fn keep_run(&mut self, run: DiskRun) {
        self.runs.push(run);
        bound_index(&mut self.runs);
    }

    /// Writes what is sorted, until it is all on its way.
    pub(crate) fn write_run(&mut self) -> Result<Progress> {
        let most_unwritten = self.unwritten_room();
        let Stage::Writing(run) = &mut self.stage else { return Ok(Progress::Done) };
        self.spiller.check()?;
        for _ in 0..PAGES_A_CALL {
            if self.spiller.unwritten_bytes() >= most_unwritten {
                return Ok(Progress::Pending);
            }
            let more = self.buffer.emit(&mut run.writer)?;
            if !more {
                run.writer.seal();
            }
            run.write(&self.spiller, &self.of);
            if !more {
                let run = std::mem::take(&mut run.to);
                self.keep_run(run);
                self.spiller.count_part();
                self.buffer.clear();
                self.stage = Stage::Filling;
                return Ok(Progress::Done);
            }
        }
        Ok(Progress::Yield)
    }

    /// Whether all rows are in memory, as they came.
    pub(crate) fn has_all_in_memory(&self) -> bool {
        matches!(self.stage, Stage::Filling) && self.runs.is_empty()
    }

    /// What is known of the keys of the rows, where all are in memory and may be spread over buckets that tasks share.
    pub(crate) fn offer(&mut self) -> Option<(KeyBounds, usize)> {
        if !self.has_all_in_memory() || !self.memory.try_reserve(OPEN_BUCKETS_BYTES) {
            return None;
        }
        let rows = self.buffer.len();
        self.buffer.by_buckets()?.key_bounds().map(|bounds| (bounds, rows))
    }

    /// Takes the rows that are this task's of what all have in memory: they are in order.
    pub(crate) fn take_shared(&mut self, rows: Vec<SpreadRows>) -> Result<()> {
        self.buffer.by_buckets().ok_or_else(none_shared)?.take_shared(rows)?;
        // A task with few rows of its own has few chunks that are free when it first divides a bucket.
        self.memory.shrink_to(OPEN_BUCKETS_BYTES);
        self.stage = Stage::Ordered;
        Ok(())
    }

    /// Says that all rows have come, and gets ready to give them: to be called until it answers `Done`.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn finish(&mut self) -> Result<Progress> {
        loop {
            match self.stage {
                Stage::Ordered | Stage::Paging(_) | Stage::Giving(_) | Stage::Given => return Ok(Progress::Done),
                Stage::Writing(_) => ready!(self.write_run()?),
                Stage::Merging(..) => ready!(self.merge_some()?),
                Stage::Filling if self.runs.is_empty() => {
                    self.memory.shrink();
                    self.order_rows();
                    self.stage = Stage::Ordered;
                }
                Stage::Filling if self.spiller.unwritten_bytes() > 0 => return self.await_writes(),
                Stage::Filling => self.plan_merge()?,
            }
        }
    }

    /// Writes rows in order until a page of `out` is closed, once [`Sorter::finish`] has answered `Done`. `Yield` where rows are left.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<Progress> {
        if matches!(self.stage, Stage::Ordered) && !self.runs.is_empty() {
            let runs = std::mem::take(&mut self.runs);
            let mut streams = self.merge_of(runs)?;
            if !self.buffer.is_empty() {
                streams.add_memory(&self.memory)?;
            }
            self.stage = Stage::Giving(streams);
        }
        if let Stage::Giving(streams) = &mut self.stage {
            return Ok(match streams.next(&mut self.buffer, out)? {
                Next::Full => Progress::Yield,
                Next::Pending => Progress::Pending,
                Next::End => self.end(),
            });
        }
        Ok(if self.buffer.emit(out)? { Progress::Yield } else { self.end() })
    }

    fn end(&mut self) -> Progress {
        self.clear();
        Progress::Done
    }

    /// Gives all rows up, and their memory back.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.runs.clear();
        self.end_index();
        self.stage = Stage::Given;
        self.memory.shrink();
    }

    /// Gives all rows up, and takes others.
    pub fn begin_anew(&mut self) {
        self.clear();
        self.stage = Stage::Filling;
    }

    /// Bytes of memory that its rows take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.bytes()
    }

    /// Whether some rows are on disk, or on their way there.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        !self.runs.is_empty() || matches!(self.stage, Stage::Writing(_))
    }

    /// The rows in order, where all of them are in memory; once [`Sorter::finish`] has answered `Done`.
    #[must_use]
    pub fn in_memory(&self) -> Option<&SortBuffer> {
        self.buffer.by_index().filter(|_| matches!(self.stage, Stage::Ordered) && self.runs.is_empty())
    }

    /// Gives memory back: rows go to disk with the next calls of [`Sorter::continue_revoking`], or of any other. Where they were in order already, `finish` is to be
    /// called again.
    pub fn revoke(&mut self) {
        match self.stage {
            Stage::Filling if !self.buffer.is_empty() => self.begin_run(),
            // They are in order; some may have been given.
            Stage::Ordered if self.runs.is_empty() && !self.buffer.is_empty() => {
                self.stage = Stage::Writing(self.new_run());
            }
            Stage::Filling => self.memory.shrink(),
            // What is being written or merged gives its memory back as it goes, and needs what it has taken ahead.
            _ => {}
        }
    }

    /// Goes on with what [`Sorter::revoke`] began.
    ///
    /// # Errors
    /// What the disk says.
    pub fn continue_revoking(&mut self) -> Result<Progress> {
        match self.stage {
            Stage::Writing(_) => self.write_run(),
            _ => Ok(Progress::Done),
        }
    }
}

/// What a sort by index says where rows are shared.
pub(crate) fn none_shared() -> Error {
    Error::Internal("rows were shared with a sort that shares none".to_owned())
}
