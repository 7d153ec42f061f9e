//! Runs that become fewer: merges of some, and what is given to a merge over all tasks.

use std::collections::VecDeque;

use super::runs::{DiskRun, TaskRuns};
use super::sorter::{Sorter, Stage};
use super::streams::{Ahead, Next, Stream, Streams};
use super::{PAGES_A_CALL, UNWRITTEN_PAGES};
use crate::error::Result;
use crate::memory::limits::PAGE_BYTES;
use crate::strategy::Answer;

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
pub(super) struct MergeSize {
    /// Its runs.
    streams: usize,
    /// Bytes of the largest page.
    page_bytes: usize,
}

impl MergeSize {
    /// Of some merges in one.
    pub(super) fn of(merges: impl IntoIterator<Item = MergeSize>) -> Self {
        merges.into_iter().fold(MergeSize { streams: 0, page_bytes: PAGE_BYTES }, |all, one| MergeSize {
            streams: all.streams + one.streams,
            page_bytes: all.page_bytes.max(one.page_bytes),
        })
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
    pub(super) fn plan_merge(&mut self) -> Result<()> {
        self.spiller.check()?;
        let size = MergeSize { streams: self.runs.len(), page_bytes: self.page_bytes() };
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
        self.memory.grow(merge.bytes())
    }

    /// Bytes of the pages of a merge, as large as the largest that there is.
    fn page_bytes(&self) -> usize {
        self.runs.iter().map(|run| run.pages.largest_page_bytes()).fold(PAGE_BYTES, usize::max)
    }

    pub(super) fn merge_of(&self, runs: Vec<DiskRun>) -> Result<Streams> {
        let page_bytes = runs.iter().map(|run| run.pages.largest_page_bytes()).fold(PAGE_BYTES, usize::max);
        let ahead = self.read_ahead(runs.len(), page_bytes);
        let reader = |run: DiskRun| self.spiller.read(run.pages, &self.of.layout, ahead.of_each(), &self.memory);
        let readers = runs.into_iter().map(reader).map(Stream::Spilled).collect();
        Streams::of(&self.of, readers, ahead)
    }

    /// How far a merge of so many streams reads ahead, for which there is room; the memory for it is kept.
    pub(super) fn read_ahead(&self, streams: usize, page_bytes: usize) -> Ahead {
        let bytes = |pages: usize| (streams + pages + BESIDE) * page_bytes;
        // More than the least is not worth that others spill.
        let has = |pages: usize| self.memory.grow_if_free(bytes(pages));
        let each = [READ_AHEAD, READ_AHEAD / 2].into_iter().find(|each| has(streams * each));
        let mut shared = streams.max(LEAST_AHEAD);
        while each.is_none() && shared > LEAST_AHEAD && !has(shared) {
            shared = (shared / 2).max(LEAST_AHEAD);
        }
        self.memory.keep(bytes(each.map_or(shared, |each| streams * each)));
        each.map_or(Ahead::Shared(shared), Ahead::Each)
    }

    /// Merges some runs into one.
    pub(super) fn merge_some(&mut self) -> Result<Answer> {
        let Stage::Merging(streams, run) = &mut self.stage else { return Ok(Answer::Done) };
        self.spiller.check()?;
        for _ in 0..PAGES_A_CALL {
            if self.spiller.unwritten_bytes() >= UNWRITTEN_PAGES[0] * PAGE_BYTES
                && self.spiller.unwritten_bytes() >= run.to.pages.largest_page_bytes()
            {
                return Ok(Answer::Await);
            }
            match streams.next(&mut self.buffer, &mut run.writer)? {
                Next::Full => run.write(&self.spiller, &self.of),
                Next::Pending => return Ok(Answer::Await),
                Next::End => {
                    run.writer.seal();
                    run.write(&self.spiller, &self.of);
                    self.runs.push(std::mem::take(&mut run.to));
                    self.stage = Stage::Filling;
                    return Ok(Answer::Done);
                }
            }
        }
        Ok(Answer::Resume)
    }

    /// What its rows add to a merge over several tasks.
    pub(super) fn merge_size(&self) -> MergeSize {
        let (writes, written) = match &self.stage {
            Stage::Writing(run) => (true, run.to.pages.largest_page_bytes()),
            _ => (!self.buffer.is_empty(), 0),
        };
        let page_bytes = self.page_bytes().max(self.buffer.largest_page_bytes()).max(written);
        MergeSize { streams: self.runs.len() + usize::from(writes), page_bytes }
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
    pub(super) fn finish_runs(&mut self, all: MergeSize, tasks: usize) -> Result<Answer> {
        loop {
            // Anew each time: what goes to disk makes room for more streams.
            let most = if matches!(self.stage, Stage::Filling) { self.share_of_streams(all, tasks) } else { 0 };
            let is_written = self.await_written()? == Answer::Done;
            let answer = match &mut self.stage {
                Stage::Writing(_) => self.write_run()?,
                Stage::Merging(..) => self.merge_some()?,
                Stage::Paging(_) => self.page_some(all.bytes())?,
                Stage::Filling | Stage::Ordered if !is_written => return Ok(Answer::Await),
                Stage::Ordered | Stage::Giving(_) | Stage::Given => return Ok(Answer::Done),
                // What of the rows in memory does not stay there becomes one run more.
                Stage::Filling if self.runs.len() + usize::from(!self.buffer.is_empty()) > most => {
                    if !self.buffer.is_empty() {
                        self.begin_run();
                    } else {
                        self.spiller.check()?;
                        self.passes += 1;
                        self.spiller.count_pass(self.passes);
                        let own = MergeSize { streams: self.runs.len(), page_bytes: self.page_bytes() };
                        let streams = self.streams_for(own);
                        self.merge_smallest(streams, self.runs.len() - most)?;
                    }
                    Answer::Done
                }
                Stage::Filling => {
                    self.spiller.check()?;
                    // What the rows' old place gives back is for the merge.
                    self.memory.keep(self.write_room() + all.bytes());
                    self.buffer.sort();
                    self.stage = Stage::Paging(self.new_run());
                    Answer::Done
                }
            };
            if answer != Answer::Done {
                return Ok(answer);
            }
        }
    }

    /// Puts rows in memory in order, as pages. Their old place is only given back little by little, so some may not fit: these go to disk, where they are
    /// a run as those that stay are. `room` is left for the merge.
    fn page_some(&mut self, room: usize) -> Result<Answer> {
        let (room, most_unwritten) = (room + self.write_room(), self.unwritten_room());
        let Stage::Paging(run) = &mut self.stage else { return Ok(Answer::Done) };
        self.spiller.check()?;
        for _ in 0..PAGES_A_CALL {
            if self.spiller.unwritten_bytes() >= most_unwritten {
                return Ok(Answer::Await);
            }
            let more = self.buffer.emit(&mut run.writer)?;
            if !more {
                run.writer.seal();
            }
            if self.memory.grow(room) {
                self.paged.extend(run.writer.take_sealed());
            } else {
                run.write(&self.spiller, &self.of);
            }
            if !more {
                if !run.to.pages.is_empty() {
                    self.runs.push(std::mem::take(&mut run.to));
                    self.spiller.count_part();
                }
                self.buffer.clear();
                self.stage = Stage::Ordered;
                return Ok(Answer::Done);
            }
        }
        Ok(Answer::Resume)
    }

    /// Begins to make some of the runs on disk one, where there is no room to merge so many at once that come from all tasks: whether that is so. They are
    /// taken from the front, by `stream`, which is told how to read them; [`Sorter::merge_some`] goes on, and [`Sorter::take_merged`] has the run.
    pub(super) fn begin_fewer<P>(
        &mut self,
        parts: &mut VecDeque<P>,
        page_bytes: usize,
        stream: impl Fn(P, Ahead) -> Stream,
    ) -> Result<bool> {
        let streams = self.streams_for(MergeSize { streams: parts.len(), page_bytes });
        if streams >= parts.len() {
            return Ok(false);
        }
        self.passes += 1;
        self.spiller.count_pass(self.passes);
        let first = first_streams(parts.len() - streams, streams);
        let ahead = self.read_ahead(first, page_bytes);
        let some = parts.drain(..first).map(|part| stream(part, ahead)).collect();
        self.stage = Stage::Merging(Streams::of(&self.of, some, ahead)?, self.new_run());
        Ok(true)
    }

    /// Whether all that was to be written is: else the task is woken when it is.
    pub(super) fn await_written(&self) -> Result<Answer> {
        self.spiller.check()?;
        Ok(if self.spiller.unwritten_bytes() > 0 { Answer::Await } else { Answer::Done })
    }

    /// The run that came of such a merge, if there is one.
    pub(super) fn take_merged(&mut self) -> Option<DiskRun> {
        self.runs.pop()
    }

    /// All runs, once [`Sorter::finish_runs`] has answered `Done`.
    pub(super) fn take_runs(&mut self) -> TaskRuns {
        self.stage = Stage::Given;
        let (disk, memory) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.paged));
        if !disk.is_empty() {
            self.passes += 1;
            self.spiller.count_pass(self.passes);
        }
        TaskRuns { of: self.of.clone(), disk, memory, spiller: self.spiller.clone() }
    }
}
