//! Merges of sorted runs: of some runs into one, and of each task's runs for a merge over all
//! tasks.
//!
//! A merge needs one page of each run, and a few more. If there is memory, each run is read ahead.
//! If not, only the pages that the merge needs first are: those of runs whose page ends with the
//! least key. To read each run ahead would take twice the memory, or merge half as many runs.

use std::collections::VecDeque;

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::limits::PAGE_BYTES;
use crate::page::Page;
use crate::sort::external::runs::{DiskPart, DiskRun, PartReader, TaskRuns};
use crate::sort::external::sorter::{Sorter, Stage};
use crate::sort::external::streams::{Ahead, Next, Stream, Streams};
use crate::sort::external::{PAGES_A_CALL, UNWRITTEN_PAGES};
use crate::spill::Spilled;
use crate::strategy::Progress;

/// The most runs that are merged at once: beyond that, reading ahead is worth more.
const MOST_STREAMS: usize = 128;

/// The fewest: what a sorter asks for at least has room for them, but not beside whatever is in memory.
const LEAST_STREAMS: usize = 2;

/// Pages that each stream of a merge reads ahead, where there is memory for them.
const READ_AHEAD: usize = 4;

/// Pages that all streams together read ahead, where there is not.
const LEAST_AHEAD: usize = 4;

/// Pages of a merge beside those of its streams: what is written, and a page that is cut.
const BESIDE: usize = UNWRITTEN_PAGES[0] + 1;

/// The fewest pages that a merge of so many streams takes.
fn merge_pages(streams: usize) -> usize {
    streams + LEAST_AHEAD.min(streams) + BESIDE
}

/// How large a merge is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MergeSize {
    /// Its runs.
    streams: usize,
    /// Bytes of the largest page.
    page_bytes: usize,
}

impl MergeSize {
    /// Of some merges in one.
    pub(crate) fn of(merges: impl IntoIterator<Item = MergeSize>) -> Self {
        merges.into_iter().fold(MergeSize { streams: 0, page_bytes: PAGE_BYTES }, |all, one| MergeSize {
            streams: all.streams + one.streams,
            page_bytes: all.page_bytes.max(one.page_bytes),
        })
    }

    /// Of runs on disk, each of which has these pages.
    pub(crate) fn of_pages<'p>(runs: impl IntoIterator<Item = &'p Spilled>) -> Self {
        MergeSize::of(runs.into_iter().map(|pages| MergeSize { streams: 1, page_bytes: pages.largest_page_bytes() }))
    }

    /// The least memory that it takes.
    fn bytes(self) -> usize {
        merge_pages(self.streams.clamp(LEAST_STREAMS, MOST_STREAMS)) * self.page_bytes
    }
}

/// How many runs are merged first where there should be fewer by so many: then all later merges are of `streams` runs.
fn first_streams(fewer: usize, streams: usize) -> usize {
    match fewer % (streams - 1) {
        0 => streams,
        rest => rest + 1,
    }
}

impl Sorter {
    /// Sees to it that one merge can give all rows: goes on to it, or to what must be done before.
    pub(crate) fn plan_merge(&mut self) -> Result<()> {
        self.spiller.check()?;
        let size = self.on_disk();
        let streams = self.streams_for(size);
        if !self.buffer.is_empty() && (streams < self.runs.len() || !self.has_room_to_merge(size)) {
            // The merge needs the room that the last rows take.
            self.begin_run();
            return Ok(());
        }
        self.passes += 1;
        self.spiller.count_pass(self.passes);
        if streams >= self.runs.len() {
            self.order_rows();
            self.stage = Stage::Ordered;
            return Ok(());
        }
        self.merge_smallest(streams, self.runs.len() - 1)
    }

    /// Begins to merge the smallest runs, `streams` at most, so that afterwards there are fewer by up to `fewer`.
    fn merge_smallest(&mut self, streams: usize, fewer: usize) -> Result<()> {
        self.runs.sort_by_key(|run| std::cmp::Reverse(run.pages.bytes()));
        let smallest = self.runs.split_off(self.runs.len() - first_streams(fewer, streams));
        let merge = self.merge_of(smallest)?;
        self.stage = Stage::Merging(merge, self.new_run());
        Ok(())
    }

    /// How many runs of a merge can be merged at once with the memory that there is: the fewest, even where there is none for them beside the rows in
    /// memory.
    fn streams_for(&self, merge: MergeSize) -> usize {
        let mut streams = merge.streams.clamp(LEAST_STREAMS, MOST_STREAMS);
        while streams > LEAST_STREAMS && !self.has_room_to_merge(MergeSize { streams, ..merge }) {
            streams = (streams - (streams / 8).max(1)).max(LEAST_STREAMS);
        }
        streams
    }

    fn has_room_to_merge(&self, merge: MergeSize) -> bool {
        self.memory.try_reserve(merge.bytes())
    }

    /// A merge of its runs on disk.
    fn on_disk(&self) -> MergeSize {
        MergeSize::of_pages(self.runs.iter().map(|run| &run.pages))
    }

    pub(crate) fn merge_of(&self, runs: Vec<DiskRun>) -> Result<Streams> {
        let ahead = self.read_ahead(MergeSize::of_pages(runs.iter().map(|run| &run.pages)));
        let reader = |run: DiskRun| self.spiller.read(run.pages, &self.of.layout, ahead.of_each(), &self.memory);
        let readers = runs.into_iter().map(reader).map(Stream::Spilled).collect();
        Streams::of(&self.of, readers, ahead)
    }

    /// How far a merge reads ahead, for which there is room; the memory for it is kept.
    pub(crate) fn read_ahead(&self, MergeSize { streams, page_bytes }: MergeSize) -> Ahead {
        let bytes = |pages: usize| (streams + pages + BESIDE) * page_bytes;
        // More than the least is not worth that others spill.
        let has = |pages: usize| self.memory.try_reserve_idle(bytes(pages));
        let each = [READ_AHEAD, READ_AHEAD / 2].into_iter().find(|each| has(streams * each));
        let mut shared = streams.max(LEAST_AHEAD);
        while each.is_none() && shared > LEAST_AHEAD && !has(shared) {
            shared = (shared / 2).max(LEAST_AHEAD);
        }
        self.memory.keep(bytes(each.map_or(shared, |each| streams * each)));
        each.map_or(Ahead::Shared(shared), Ahead::Each)
    }

    /// Merges some runs into one.
    pub(crate) fn merge_some(&mut self) -> Result<Progress> {
        let Stage::Merging(streams, run) = &mut self.stage else { return Ok(Progress::Done) };
        self.spiller.check()?;
        for _ in 0..PAGES_A_CALL {
            if self.spiller.unwritten_bytes() >= UNWRITTEN_PAGES[0] * PAGE_BYTES
                && self.spiller.unwritten_bytes() >= run.to.pages.largest_page_bytes()
            {
                return Ok(Progress::Pending);
            }
            match streams.next(&mut self.buffer, &mut run.writer)? {
                Next::Full => run.write(&self.spiller, &self.of),
                Next::Pending => return Ok(Progress::Pending),
                Next::End => {
                    run.writer.seal();
                    run.write(&self.spiller, &self.of);
                    let run = std::mem::take(&mut run.to);
                    self.keep_run(run);
                    self.stage = Stage::Filling;
                    return Ok(Progress::Done);
                }
            }
        }
        Ok(Progress::Yield)
    }

    /// What its rows add to a merge over several tasks.
    pub(crate) fn merge_size(&self) -> MergeSize {
        let (streams, written) = match &self.stage {
            Stage::Writing(run) => (1, run.to.pages.largest_page_bytes()),
            _ => (usize::from(!self.buffer.is_empty()), 0),
        };
        let page_bytes = self.buffer.largest_page_bytes().max(written);
        MergeSize::of([self.on_disk(), MergeSize { streams, page_bytes }])
    }

    /// How many runs a task may have that shares a merge with so many tasks, itself among them: its part of what can be merged at once, where that is
    /// not enough for all that there are.
    fn share_of_streams(&self, all: MergeSize, tasks: usize) -> usize {
        match self.streams_for(all) {
            streams if streams < all.streams => (streams / tasks).max(1),
            _ => all.streams,
        }
    }

    /// As [`Sorter::finish`], for a merge over so many tasks, of this size: this one has no more runs on disk than its share, and what is in memory is in
    /// order, as pages.
    pub(crate) fn finish_runs(&mut self, all: MergeSize, tasks: usize) -> Result<Progress> {
        loop {
            // Anew each time: what goes to disk makes room for more streams.
            let most = if matches!(self.stage, Stage::Filling) { self.share_of_streams(all, tasks) } else { 0 };
            let progress = match &mut self.stage {
                Stage::Writing(_) => self.write_run()?,
                Stage::Merging(..) => self.merge_some()?,
                Stage::Paging(_) => self.page_some(all.bytes())?,
                Stage::Filling | Stage::Ordered if self.spiller.unwritten_bytes() > 0 => return self.await_writes(),
                Stage::Ordered | Stage::Giving(_) | Stage::Given => {
                    self.spiller.check()?;
                    return Ok(Progress::Done);
                }
                // What of the rows in memory does not stay there becomes one run more.
                Stage::Filling if self.runs.len() + usize::from(!self.buffer.is_empty()) > most => {
                    if !self.buffer.is_empty() {
                        self.begin_run();
                    } else {
                        self.spiller.check()?;
                        self.passes += 1;
                        self.spiller.count_pass(self.passes);
                        let streams = self.streams_for(self.on_disk());
                        self.merge_smallest(streams, self.runs.len() - most)?;
                    }
                    Progress::Done
                }
                Stage::Filling => {
                    self.spiller.check()?;
                    // What the rows' old place gives back is for the merge.
                    self.memory.keep(self.write_room() + all.bytes());
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

    /// Puts rows in memory in order, as pages. Their old place is only given back little by little, so some may not fit: these go to disk, where they are
    /// a run as those that stay are. `room` is left for the merge.
    fn page_some(&mut self, room: usize) -> Result<Progress> {
        let (room, most_unwritten) = (room + self.write_room(), self.unwritten_room());
        let Stage::Paging(run) = &mut self.stage else { return Ok(Progress::Done) };
        self.spiller.check()?;
        for _ in 0..PAGES_A_CALL {
            if self.spiller.unwritten_bytes() >= most_unwritten {
                return Ok(Progress::Pending);
            }
            let more = self.buffer.emit(&mut run.writer)?;
            if !more {
                run.writer.seal();
            }
            if self.memory.try_reserve(room) {
                self.paged.extend(run.writer.take_sealed());
            } else {
                run.write(&self.spiller, &self.of);
            }
            if !more {
                let run = std::mem::take(&mut run.to);
                if !run.pages.is_empty() {
                    self.keep_run(run);
                    self.spiller.count_part();
                }
                self.buffer.clear();
                self.stage = Stage::Ordered;
                return Ok(Progress::Done);
            }
        }
        Ok(Progress::Yield)
    }

    /// Begins to make the first of some runs one, where there is no room to merge so many at once that come from all tasks: whether that is so.
    /// [`Sorter::merge_some`] goes on, and [`Sorter::take_merged`] has what comes of it.
    pub(crate) fn begin_fewer(&mut self, parts: &mut VecDeque<DiskPart>, context: &TaskContext) -> Result<bool> {
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
        let reader = |part| Stream::Part(PartReader::new(&self.of, part, ahead.of_each(), context));
        let streams = on_disk.into_iter().map(reader).chain(in_memory.into_iter().map(Stream::Pages)).collect();
        Streams::of(&self.of, streams, ahead)
    }

    /// The run that came of such a merge, if there is one: a part as others are.
    pub(crate) fn take_merged(&mut self) -> Option<DiskPart> {
        let spiller = self.spiller.clone();
        self.runs.pop().map(|run| DiskPart { pages: run.pages, spiller, from: None, to: None })
    }

    /// All runs, once [`Sorter::finish_runs`] has answered `Done`.
    pub(crate) fn take_runs(&mut self) -> TaskRuns {
        self.stage = Stage::Given;
        let (disk, memory) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.paged));
        if !disk.is_empty() {
            self.passes += 1;
            self.spiller.count_pass(self.passes);
        }
        TaskRuns { of: self.of.clone(), disk, memory, spiller: self.spiller.clone() }
    }
}
