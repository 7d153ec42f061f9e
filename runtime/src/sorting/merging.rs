//! Runs that become fewer: merges of some, and what is given to a merge over all tasks.

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

impl Sorter {
    /// Sees to it that one merge can give all rows: goes on to it, or to what must be done before.
    pub(super) fn plan_merge(&mut self) -> Result<()> {
        self.spiller.check()?;
        let streams = self.streams_for(self.runs.len());
        if !self.buffer.is_empty() && (streams < self.runs.len() || !self.has_room_to_merge(streams)) {
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
        // So many that all later merges are of `streams` runs.
        let first = match fewer % (streams - 1) {
            0 => streams,
            rest => rest + 1,
        };
        let smallest = self.runs.split_off(self.runs.len() - first);
        let merge = self.merge_of(smallest)?;
        self.stage = Stage::Merging(merge, self.new_run());
        Ok(())
    }

    /// How many of so many runs can be merged at once with the memory that there is: the fewest, even where there is none for them beside the rows in memory.
    fn streams_for(&self, runs: usize) -> usize {
        let mut streams = runs.clamp(LEAST_STREAMS, MOST_STREAMS);
        while streams > LEAST_STREAMS && !self.has_room_to_merge(streams) {
            streams = (streams - (streams / 8).max(1)).max(LEAST_STREAMS);
        }
        streams
    }

    fn has_room_to_merge(&self, streams: usize) -> bool {
        self.memory.grow(merge_pages(streams) * self.page_bytes())
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

    /// How far a merge of so many streams reads ahead; the memory for it is kept.
    pub(super) fn read_ahead(&self, streams: usize, page_bytes: usize) -> Ahead {
        let bytes = |pages: usize| (streams + pages + BESIDE) * page_bytes;
        // Reading ahead is not worth that others spill.
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

    /// How many runs a task may have that shares a merge with so many tasks, itself among them.
    pub(super) fn share_of_streams(&self, tasks: usize) -> usize {
        (self.streams_for((self.runs.len() + 1) * tasks) / tasks).max(1)
    }

    /// As [`Sorter::finish`], for a merge over so many tasks: this one has no more runs on disk than its share, and what is in memory is in order, as pages.
    pub(super) fn finish_runs(&mut self, tasks: usize) -> Result<Answer> {
        loop {
            // Anew each time: what goes to disk makes room for more streams.
            let most = if matches!(self.stage, Stage::Filling) { self.share_of_streams(tasks) } else { 0 };
            let answer = match &mut self.stage {
                Stage::Writing(_) => self.write_run()?,
                Stage::Merging(..) => self.merge_some()?,
                Stage::Paging(_) => self.page_some(merge_pages((self.runs.len() + 1) * tasks) * PAGE_BYTES)?,
                Stage::Filling | Stage::Ordered if self.spiller.unwritten_bytes() > 0 => return self.await_writes(),
                Stage::Ordered | Stage::Giving(_) | Stage::Given => {
                    self.spiller.check()?;
                    return Ok(Answer::Done);
                }
                // What of the rows in memory does not stay there becomes one run more.
                Stage::Filling if self.runs.len() + usize::from(!self.buffer.is_empty()) > most => {
                    if !self.buffer.is_empty() {
                        self.begin_run();
                    } else {
                        self.spiller.check()?;
                        self.passes += 1;
                        self.spiller.count_pass(self.passes);
                        let streams = self.streams_for(self.runs.len());
                        self.merge_smallest(streams, self.runs.len() - most)?;
                    }
                    Answer::Done
                }
                Stage::Filling => {
                    self.spiller.check()?;
                    self.memory.keep(self.write_room());
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
