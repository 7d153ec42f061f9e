//! The end of the input: what is in the table is given, then what is on disk is gone over, part by part.

use std::task::Poll;

use crate::error::{Error, Result};
use crate::group::table::{GroupTable, LAST_LEVEL};
use crate::group::{GroupUpdate, HybridHashAggregation, Room, Rows};
use crate::kernel::Outputs;
use crate::memory::limits::SPILL_PARTS;
use crate::page::{Input, Page};
use crate::spill::SpilledReader;
use crate::strategy::{Opened, PageWindows, Progress};

/// Pages of a part that are read ahead: as many as take no more than a sixteenth of the memory for its table, or are free beside all that the part takes,
/// and some at least. A page is added in less time than it takes to be read.
const READ_AHEAD: [usize; 3] = [16, 4, 2];

/// What a grouping does.
pub(crate) enum Stage {
    /// The input's rows come.
    Filling,
    /// The table's pages are given.
    Giving,
    /// Between two tables.
    Between,
    /// A part's rows come.
    Reading(Box<Reading>),
}

impl Stage {
    pub(crate) fn is_filling(&self) -> bool {
        matches!(self, Stage::Filling | Stage::Reading(_))
    }
}

/// A part that is read back.
pub(crate) struct Reading {
    reader: SpilledReader,
    page: Option<Page>,
    windows: PageWindows,
    live: Vec<u32>,
}

impl HybridHashAggregation {
    /// Gives all groups: to be called until it is done.
    pub(crate) fn finish(&mut self, update: &mut dyn GroupUpdate, out: &mut Outputs) -> Result<Progress> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Between) {
                Stage::Filling => self.end_table(),
                Stage::Giving => {
                    if let Some(page) = self.table.next_page()? {
                        self.stage = Stage::Giving;
                        out.pages().adopt(update.finish(page)?);
                        return Ok(Progress::Yield);
                    }
                    self.memory.shrink();
                }
                Stage::Between => {
                    self.spiller.check()?;
                    if self.spiller.unwritten_bytes() > 0 {
                        return Ok(Progress::Pending);
                    }
                    if !self.begin_part()? {
                        self.stage = Stage::Filling;
                        return Ok(Progress::Done);
                    }
                }
                Stage::Reading(mut reading) => match self.read(update, &mut reading)? {
                    Progress::Done => self.end_table(),
                    // A page was added, or one is on its way.
                    progress => {
                        self.stage = Stage::Reading(reading);
                        return Ok(progress);
                    }
                },
            }
        }
    }

    /// No more rows come into this table: parts that are on disk go there as a whole, what is left is given.
    fn end_table(&mut self) {
        self.stage = Stage::Giving;
        if let Some(mut passing) = self.passing.take() {
            self.spilled.write(&self.spiller, passing.evict(&[true; SPILL_PARTS]));
        }
        self.passed = 0;
        self.others.seal();
        self.write_closed_others();
        let next = (self.level + 1).min(LAST_LEVEL);
        let spilled = std::mem::take(&mut self.spilled).0.into_iter();
        self.work.extend(spilled.filter(|spilled| !spilled.is_empty()).map(|spilled| (spilled, next)));
        self.gone = [false; SPILL_PARTS];
        self.table.begin_drain();
    }

    /// Begins to read the next part into a table of its own; whether there is one.
    fn begin_part(&mut self) -> Result<bool> {
        let Some((part, level)) = self.work.pop() else {
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
        // No more than the part takes, and nobody spills for it.
        let room = |ahead: usize| ahead * part.largest_page_bytes();
        let fits =
            |ahead: &usize| self.memory.try_reserve_idle((16 * room(*ahead)).min(part.bytes() as usize + room(*ahead)));
        let ahead = more.into_iter().find(fits).unwrap_or(least);
        self.stage = Stage::Reading(Box::new(Reading {
            reader: self.spiller.read(part, self.table.layout(), ahead, &self.memory),
            page: None,
            windows: PageWindows::default(),
            live: Vec::new(),
        }));
        Ok(true)
    }

    /// Adds the next page of a part: then `Yield`; `Done` at its end.
    fn read(&mut self, update: &mut dyn GroupUpdate, reading: &mut Reading) -> Result<Progress> {
        let page = match reading.page.take() {
            Some(page) => page,
            None => match reading.reader.poll() {
                Ok(Poll::Ready(Some(page))) => page,
                Ok(Poll::Pending) => return Ok(Progress::Pending),
                Ok(Poll::Ready(None)) => return Ok(Progress::Done),
                // A page that is larger than what is left free.
                Err(Error::OutOfMemory { .. }) if self.gives_way() => {
                    return Ok(match self.make_room()? {
                        Room::Awaited => Progress::Pending,
                        // Where nothing was left to give, what was being written is by now; else nothing gives way the next time.
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

    /// Whether it can still give memory back.
    fn gives_way(&self) -> bool {
        let holds_rows = |table: &GroupTable| (0..SPILL_PARTS).any(|part| table.store.part_bytes(part) != (0, 0));
        let gives = holds_rows(&self.table) || self.passing.as_ref().is_some_and(holds_rows);
        self.spiller.unwritten_bytes() > 0 || (gives && self.level < LAST_LEVEL)
    }
}
