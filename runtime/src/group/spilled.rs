//! The end of the input: emits the groups of the table, then reads the parts on disk one by one.

use std::task::Poll;

use crate::error::{Error, Result};
use crate::group::table::{GroupTable, LAST_LEVEL};
use crate::group::{GroupUpdate, HybridHashAggregation, Room, Rows};
use crate::kernel::Outputs;
use crate::memory::limits::SPILL_PARTS;
use crate::page::{Input, Page};
use crate::spill::SpilledReader;
use crate::strategy::{Opened, PageWindows, Progress};

/// Numbers of pages of a part that are read ahead. The first one is used for which memory is free:
/// sixteen times that of the pages, or that of the pages and of the whole part. A page is added in
/// less time than it takes to read.
const READ_AHEAD: [usize; 3] = [16, 4, 2];

/// The stage of a grouping.
pub(crate) enum GroupingStage {
    /// Rows of the input are added.
    Filling,
    /// The pages of the table are emitted.
    Emitting,
    /// No part is being read, and no table emitted.
    Between,
    /// Rows of a part are read from disk and added.
    Reading(Box<Reading>),
}

impl GroupingStage {
    pub(crate) fn is_filling(&self) -> bool {
        matches!(self, GroupingStage::Filling | GroupingStage::Reading(_))
    }
}

/// A part that is read from disk.
pub(crate) struct Reading {
    reader: SpilledReader,
    page: Option<Page>,
    windows: PageWindows,
    live: Vec<u32>,
}

impl HybridHashAggregation {
    /// Emits all groups. Called until it returns `Done`.
    pub(crate) fn finish(&mut self, update: &mut dyn GroupUpdate, out: &mut Outputs) -> Result<Progress> {
        loop {
            match std::mem::replace(&mut self.stage, GroupingStage::Between) {
                GroupingStage::Filling => self.end_table(),
                GroupingStage::Emitting => {
                    if let Some(page) = self.table.next_page()? {
                        self.stage = GroupingStage::Emitting;
                        out.pages().adopt(update.finish(page)?);
                        return Ok(Progress::Yield);
                    }
                    self.memory.shrink();
                }
                GroupingStage::Between => {
                    self.spiller.check()?;
                    if self.spiller.unwritten_bytes() > 0 {
                        return Ok(Progress::Pending);
                    }
                    if !self.begin_part()? {
                        self.stage = GroupingStage::Filling;
                        return Ok(Progress::Done);
                    }
                }
                GroupingStage::Reading(mut reading) => match self.read(update, &mut reading)? {
                    Progress::Done => self.end_table(),
                    // A page was added, or one is being read.
                    progress => {
                        self.stage = GroupingStage::Reading(reading);
                        return Ok(progress);
                    }
                },
            }
        }
    }

    /// Ends the current table. Evicted parts are spilled completely. The other groups are emitted.
    fn end_table(&mut self) {
        self.stage = GroupingStage::Emitting;
        if let Some(mut second) = self.second_table.take() {
            self.spilled.write(&self.spiller, second.evict(&[true; SPILL_PARTS]));
        }
        self.second_table_rows = 0;
        self.deferred_rows.seal();
        self.write_closed_deferred();
        let next = (self.level + 1).min(LAST_LEVEL);
        let spilled = std::mem::take(&mut self.spilled).0.into_iter();
        self.pending_parts.extend(spilled.filter(|spilled| !spilled.is_empty()).map(|spilled| (spilled, next)));
        self.evicted_parts = [false; SPILL_PARTS];
        self.table.begin_drain();
    }

    /// Starts to read the next part into a table of its own. Returns `false` if no part is left.
    fn begin_part(&mut self) -> Result<bool> {
        let Some((part, level)) = self.pending_parts.pop() else {
            if self.level > 0 {
                self.level = 0;
                self.table = self.table.at_level(0)?;
            }
            return Ok(false);
        };
        self.level = level;
        self.table = self.table.at_level(level)?;
        self.spiller.count_pass(u64::from(level) + 1);
        let [more @ .., least] = READ_AHEAD;
        // Never more than the part needs, and without asking other operators to spill.
        let room = |ahead: usize| ahead * part.largest_page_bytes();
        let fits =
            |ahead: &usize| self.memory.try_reserve_idle((16 * room(*ahead)).min(part.bytes() as usize + room(*ahead)));
        let ahead = more.into_iter().find(fits).unwrap_or(least);
        self.stage = GroupingStage::Reading(Box::new(Reading {
            reader: self.spiller.read(part, self.table.layout(), ahead, &self.memory),
            page: None,
            windows: PageWindows::default(),
            live: Vec::new(),
        }));
        Ok(true)
    }

    /// Adds the next page of a part and returns `Yield`. Returns `Done` at its end.
    fn read(&mut self, update: &mut dyn GroupUpdate, reading: &mut Reading) -> Result<Progress> {
        let page = match reading.page.take() {
            Some(page) => page,
            None => match reading.reader.poll() {
                Ok(Poll::Ready(Some(page))) => page,
                Ok(Poll::Pending) => return Ok(Progress::Pending),
                Ok(Poll::Ready(None)) => return Ok(Progress::Done),
                // The page is larger than the memory that is left free.
                Err(Error::OutOfMemory { .. }) if self.can_release_memory() => {
                    return Ok(match self.make_room()? {
                        Room::Awaited => Progress::Pending,
                        // If nothing could be evicted, the pages that were being written are
                        // written by now. Otherwise `can_release_memory` returns `false` the next
                        // time.
                        Room::Made | Room::None => Progress::Yield,
                    });
                }
                Err(error) => return Err(error),
            },
        };
        let batch = page.batch();
        while let Some(opened) = reading.windows.open(batch.rows()) {
            let PageWindows { window, cursor, .. } = &mut reading.windows;
            if opened == Opened::New {
                self.table.store.live_rows(&Input::new(&batch, window), &mut reading.live);
                window.set(reading.live.drain(..));
            }
            if self.add(update, &Input::new(&batch, window), Rows::States, cursor)? == Progress::Pending {
                reading.page = Some(page);
                return Ok(Progress::Pending);
            }
            reading.windows.close();
        }
        Ok(Progress::Yield)
    }

    /// Returns `true` if it can still release memory.
    fn can_release_memory(&self) -> bool {
        let holds_rows = |table: &GroupTable| (0..SPILL_PARTS).any(|part| table.store.part_bytes(part) != (0, 0));
        let may_evict = holds_rows(&self.table) || self.second_table.as_ref().is_some_and(holds_rows);
        self.spiller.unwritten_bytes() > 0 || (may_evict && self.level < LAST_LEVEL)
    }
}
