//! Merges of sorted runs: into one run, and over the runs of all tasks.
//!
//! A merge needs one page of each run, and a few more. With enough memory each run is read ahead.
//! With less, only the pages that are needed first are read ahead: see `streams`. To read each run
//! ahead would take twice the memory, or merge half as many runs.

use std::collections::VecDeque;

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::limits::PAGE_BYTES;
use crate::page::Page;
use crate::sort::external::runs::{DiskPart, DiskRun, PartReader, TaskRuns};
use crate::sort::external::sorter::{Sorter, Stage};
use crate::sort::external::streams::{MergeProgress, ReadAhead, Stream, Streams};
use crate::sort::external::{PAGES_PER_CALL, UNWRITTEN_PAGES};
use crate::spill::Spilled;
use crate::strategy::Progress;

/// The greatest number of runs of a merge. With more runs, reading ahead gains more than a wider
/// merge.
const MAX_STREAMS: usize = 128;

/// The smallest number of runs of a merge. The sorter's minimum memory suffices for them, without
/// rows in memory.
const MIN_STREAMS: usize = 2;

/// Pages that each stream of a merge reads ahead, if there is memory.
const READ_AHEAD: usize = 4;

/// Pages that all streams read ahead together, if memory is scarce.
const MIN_READ_AHEAD: usize = 4;

/// Pages of a merge other than those of its streams: pages to write, and a page that is cut.
const OTHER_PAGES: usize = UNWRITTEN_PAGES[0] + 1;

/// The smallest number of pages of a merge of `streams` streams.
fn merge_pages(streams: usize) -> usize {
    streams + MIN_READ_AHEAD.min(streams) + OTHER_PAGES
}

/// The size of a merge, which determines its memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MergeSize {
    /// The number of runs.
    streams: usize,
    /// Bytes of the largest page.
    page_bytes: usize,
}

impl MergeSize {
    /// The size of one merge of the streams of all `merges`.
    pub(crate) fn of(merges: impl IntoIterator<Item = MergeSize>) -> Self {
        merges.into_iter().fold(MergeSize { streams: 0, page_bytes: PAGE_BYTES }, |all, one| MergeSize {
            streams: all.streams + one.streams,
            page_bytes: all.page_bytes.max(one.page_bytes),
        })
    }

    /// The size of a merge of runs on disk.
    pub(crate) fn of_pages<'p>(runs: impl IntoIterator<Item = &'p Spilled>) -> Self {
        MergeSize::of(runs.into_iter().map(|pages| MergeSize { streams: 1, page_bytes: pages.largest_page_bytes() }))
    }

    /// The minimum memory of the merge, in bytes. If it has too many streams, that of a merge of
    /// some.
    fn bytes(self) -> usize {
        merge_pages(self.streams.clamp(MIN_STREAMS, MAX_STREAMS)) * self.page_bytes
    }
}

/// The number of runs to merge first, if `excess_runs` runs are too many. All later merges then
/// have `streams` runs.
fn first_streams(excess_runs: usize, streams: usize) -> usize {
    match excess_runs % (streams - 1) {
        0 => streams,
        rest => rest + 1,
    }
}

impl Sorter {
    /// Begins the merge that emits all rows, or the step that is necessary before it.
    pub(crate) fn plan_merge(&mut self) -> Result<()> {
        self.spiller.check()?;
        let size = self.disk_merge_size();
        let streams = self.streams_for(size);
        if !self.buffer.is_empty() && (streams < self.runs.len() || !self.has_room_to_merge(size)) {
            // The merge needs the memory of the rows in the buffer.
            self.begin_run();
            return Ok(());
        }
        self.passes += 1;
        self.spiller.count_pass(self.passes);
        if streams >= self.runs.len() {
            self.sort_buffer();
            self.stage = Stage::Sorted;
            return Ok(());
        }
        self.merge_smallest(streams, self.runs.len() - 1)
    }

    /// Begins to merge at most `streams` of the smallest runs. Removes at most `excess_runs` runs.
    fn merge_smallest(&mut self, streams: usize, excess_runs: usize) -> Result<()> {
        self.runs.sort_by_key(|run| std::cmp::Reverse(run.pages.bytes()));
        let smallest = self.runs.split_off(self.runs.len() - first_streams(excess_runs, streams));
        let merge = self.merge_of(smallest)?;
        self.stage = Stage::Merging(merge, self.new_run());
        Ok(())
    }

    /// The number of runs that memory can merge together. At least `MIN_STREAMS`, even if rows in
    /// memory leave too little for them.
    fn streams_for(&self, merge: MergeSize) -> usize {
        let mut streams = merge.streams.clamp(MIN_STREAMS, MAX_STREAMS);
        while streams > MIN_STREAMS && !self.has_room_to_merge(MergeSize { streams, ..merge }) {
            streams = (streams - (streams / 8).max(1)).max(MIN_STREAMS);
        }
        streams
    }

    fn has_room_to_merge(&self, merge: MergeSize) -> bool {
        self.memory.try_reserve(merge.bytes())
    }

    /// The size of a merge of all runs on disk.
    fn disk_merge_size(&self) -> MergeSize {
        MergeSize::of_pages(self.runs.iter().map(|run| &run.pages))
    }

    pub(crate) fn merge_of(&self, runs: Vec<DiskRun>) -> Result<Streams> {
        let ahead = self.read_ahead(MergeSize::of_pages(runs.iter().map(|run| &run.pages)));
        let reader = |run: DiskRun| self.spiller.read(run.pages, &self.row_order.layout, ahead.of_each(), &self.memory);
        let readers = runs.into_iter().map(reader).map(Stream::Spilled).collect();
        Streams::of(&self.row_order, readers, ahead)
    }

    /// The number of pages that a merge reads ahead. Reserves memory for them.
    pub(crate) fn read_ahead(&self, MergeSize { streams, page_bytes }: MergeSize) -> ReadAhead {
        let bytes = |pages: usize| (streams + pages + OTHER_PAGES) * page_bytes;
        // More than the minimum is not worth a spill of other operators.
        let has = |pages: usize| self.memory.try_reserve_idle(bytes(pages));
        let each = [READ_AHEAD, READ_AHEAD / 2].into_iter().find(|each| has(streams * each));
        let mut shared = streams.max(MIN_READ_AHEAD);
        while each.is_none() && shared > MIN_READ_AHEAD && !has(shared) {
            shared = (shared / 2).max(MIN_READ_AHEAD);
        }
        self.memory.keep(bytes(each.map_or(shared, |each| streams * each)));
        each.map_or(ReadAhead::Shared(shared), ReadAhead::Each)
    }

    /// Continues to merge some runs into one. Returns `Done` if no merge is left.
    pub(crate) fn merge_some(&mut self) -> Result<Progress> {
        let Stage::Merging(streams, run) = &mut self.stage else { return Ok(Progress::Done) };
        self.spiller.check()?;
        for _ in 0..PAGES_PER_CALL {
            if self.spiller.unwritten_bytes() >= UNWRITTEN_PAGES[0] * PAGE_BYTES
                && self.spiller.unwritten_bytes() >= run.to.pages.largest_page_bytes()
            {
                return Ok(Progress::Pending);
            }
            match streams.next(&mut self.buffer, &mut run.writer)? {
                MergeProgress::Full => run.write(&self.spiller, &self.row_order),
                MergeProgress::Pending => return Ok(Progress::Pending),
                MergeProgress::End => {
                    run.writer.seal();
                    run.write(&self.spiller, &self.row_order);
                    let run = std::mem::take(&mut run.to);
                    self.add_run(run);
                    self.stage = Stage::Filling;
                    return Ok(Progress::Done);
                }
            }
        }
        Ok(Progress::Yield)
    }

    /// The size of this task's part of a merge over several tasks.
    pub(crate) fn merge_size(&self) -> MergeSize {
        let (streams, written) = match &self.stage {
            Stage::Writing(run) => (1, run.to.pages.largest_page_bytes()),
            _ => (usize::from(!self.buffer.is_empty()), 0),
        };
        let page_bytes = self.buffer.largest_page_bytes().max(written);
        MergeSize::of([self.disk_merge_size(), MergeSize { streams, page_bytes }])
    }

    /// The greatest number of runs that one of `tasks` tasks may add to a merge of size `all`. If
    /// memory cannot merge all runs together, each task has an equal share of the streams.
    fn share_of_streams(&self, all: MergeSize, tasks: usize) -> usize {
        match self.streams_for(all) {
            streams if streams < all.streams => (streams / tasks).max(1),
            _ => all.streams,
        }
    }

    /// As [`Sorter::finish`], for a merge of size `all` over `tasks` tasks. Afterwards the task has
    /// at most its share of runs on disk, and its rows in memory are sorted pages.
    pub(crate) fn finish_runs(&mut self, all: MergeSize, tasks: usize) -> Result<Progress> {
        loop {
            // Computed in each pass, since writing rows frees memory for more streams.
            let most = if matches!(self.stage, Stage::Filling) { self.share_of_streams(all, tasks) } else { 0 };
            let progress = match &mut self.stage {
                Stage::Writing(_) | Stage::Paging(_) => self.write_run(all.bytes())?,
                Stage::Merging(..) => self.merge_some()?,
                Stage::Filling | Stage::Sorted if self.spiller.unwritten_bytes() > 0 => return self.await_writes(),
                Stage::Sorted | Stage::Emitting(_) | Stage::Emitted => {
                    self.spiller.check()?;
                    return Ok(Progress::Done);
                }
                // The rows in the buffer become one more run.
                Stage::Filling if self.runs.len() + usize::from(!self.buffer.is_empty()) > most => {
                    if !self.buffer.is_empty() {
                        self.begin_run();
                    } else {
                        self.spiller.check()?;
                        self.passes += 1;
                        self.spiller.count_pass(self.passes);
                        let streams = self.streams_for(self.disk_merge_size());
                        self.merge_smallest(streams, self.runs.len() - most)?;
                    }
                    Progress::Done
                }
                Stage::Filling => {
                    self.spiller.check()?;
                    // The memory that the buffer frees is reserved for the merge.
                    self.memory.keep(self.write_buffer_bytes() + all.bytes());
                    self.buffer.sort();
                    self.stage = Stage::Paging(self.new_run());
                    Progress::Done
                }
            };
            if progress != Progress::Done {
                return Ok(progress);
            }
        }
    }

    /// Begins to merge the first of `parts`, if memory cannot merge all of them together. Returns
    /// `true` then. [`Sorter::merge_some`] continues, and [`Sorter::take_merged`] returns the
    /// result.
    pub(crate) fn begin_partial_merge(
        &mut self,
        parts: &mut VecDeque<DiskPart>,
        context: &TaskContext,
    ) -> Result<bool> {
        let streams = self.streams_for(MergeSize::of_pages(parts.iter().map(|part| &part.pages)));
        if streams >= parts.len() {
            return Ok(false);
        }
        self.passes += 1;
        self.spiller.count_pass(self.passes);
        let some = parts.drain(..first_streams(parts.len() - streams, streams)).collect();
        self.stage = Stage::Merging(self.merge_of_parts(some, [], context)?, self.new_run());
        Ok(true)
    }

    /// A merge of parts of all tasks' runs, on disk and in memory.
    pub(crate) fn merge_of_parts(
        &self,
        on_disk: Vec<DiskPart>,
        in_memory: impl IntoIterator<Item = VecDeque<Page>>,
        context: &TaskContext,
    ) -> Result<Streams> {
        let ahead = self.read_ahead(MergeSize::of_pages(on_disk.iter().map(|part| &part.pages)));
        let reader = |part| Stream::Part(PartReader::new(&self.row_order, part, ahead.of_each(), context));
        let streams = on_disk.into_iter().map(reader).chain(in_memory.into_iter().map(Stream::Pages)).collect();
        Streams::of(&self.row_order, streams, ahead)
    }

    /// The merged run of [`Sorter::begin_partial_merge`] as a part, if there is one.
    pub(crate) fn take_merged(&mut self) -> Option<DiskPart> {
        let spiller = self.spiller.clone();
        self.runs.pop().map(|run| DiskPart { pages: run.pages, spiller, from: None, to: None })
    }

    /// All runs, after [`Sorter::finish_runs`] has returned `Done`.
    pub(crate) fn take_runs(&mut self) -> TaskRuns {
        self.stage = Stage::Emitted;
        let (disk, memory) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.sorted_pages));
        if !disk.is_empty() {
            self.passes += 1;
            self.spiller.count_pass(self.passes);
        }
        TaskRuns { row_order: self.row_order.clone(), disk, memory, spiller: self.spiller.clone() }
    }
}
