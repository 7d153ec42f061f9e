//! Counts the records of groups in the task of the group, and passes exactly the first ones.
//!
//! If memory is refused, the table opens no more groups. Records of its groups are still counted.
//! The others are written to disk, in parts by a hash of their key. Each part is then read and
//! counted in the same way, with a table of its own. So one table counts all records of a group.

use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::group::part_of_hash;
use crate::hash::hash_rows;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::{Memory, limits};
use crate::page::{Input, Page, RowWriter, Selection};
use crate::row::RowLayout;
use crate::spill::{Spilled, SpilledReader, Spiller};
use crate::strategy::{Cursor, Driver, Opened, PageWindows, Progress, Revocable, Round};

use super::GroupCounts;

/// Pages of a part that are in memory while it is read.
const READ_PAGES: usize = 4;

pub(super) struct GroupFirstDriver {
    counts: GroupCounts,
    layout: Arc<RowLayout>,
    memory: Memory,
    spiller: Spiller,
    level: u32,
    /// Records whose groups are not in the table, with the hashes of their keys.
    other_rows: Vec<(u32, u64)>,
    hashes: Vec<u64>,
    selection: Selection,
    writers: Vec<RowWriter>,
    spilled: Vec<Spilled>,
    pending_parts: Vec<(Spilled, u32)>,
    reading: Option<Reading>,
}

struct Reading {
    reader: SpilledReader,
    page: Option<Page>,
    /// While a window is open, its rows have been counted, and some of them are still to be
    /// written.
    windows: PageWindows,
}

impl GroupFirstDriver {
    pub(super) fn new(counts: GroupCounts, layout: Arc<RowLayout>, context: &TaskContext) -> Self {
        let writer = || RowWriter::new(layout.clone(), context.memory.clone());
        GroupFirstDriver {
            counts: counts.spilling(READ_PAGES * limits::PAGE_BYTES),
            memory: context.memory.clone(),
            spiller: context.spiller(),
            level: 0,
            other_rows: Vec::new(),
            hashes: Vec::new(),
            selection: Selection::default(),
            writers: (0..limits::SPILL_PARTS).map(|_| writer()).collect(),
            spilled: (0..limits::SPILL_PARTS).map(|_| Spilled::default()).collect(),
            pending_parts: Vec::new(),
            reading: None,
            layout,
        }
    }

    /// Counts a window's records. Returns those that pass.
    fn count(&mut self, input: &Input<'_>) -> Result<Vec<u32>> {
        let (passed, left) = self.counts.count(input)?;
        if !left.is_empty() {
            self.freeze();
            self.selection.set(left);
            hash_rows(&Input::new(input.batch(), &self.selection), self.counts.key(), &mut self.hashes);
            self.other_rows.extend(self.selection.rows().iter().copied().zip(self.hashes.iter().copied()));
        }
        Ok(passed)
    }

    /// Opens no more groups. A table with groups then has no memory to give back, so revocations go
    /// to other operators.
    fn freeze(&mut self) {
        self.counts.freeze();
        self.memory.set_revocable(self.counts.table.is_empty());
    }

    /// Writes the records whose groups are not in the table. Returns `false` if some have to wait
    /// until earlier pages are written.
    fn write_other_rows(&mut self, input: &Input<'_>) -> Result<bool> {
        self.spiller.check()?;
        if self.spiller.unwritten_bytes() > 0 && !self.other_rows.is_empty() {
            return Ok(false);
        }
        while let Some((row, hash)) = self.other_rows.pop() {
            let part = part_of_hash(hash, self.level);
            self.selection.set([row]);
            self.writers[part].append(&Input::new(input.batch(), &self.selection), None)?;
            if self.writers[part].has_sealed() {
                self.write_pages(part);
                if self.spiller.unwritten_bytes() > 0 {
                    return Ok(self.other_rows.is_empty());
                }
            }
        }
        Ok(true)
    }

    fn write_pages(&mut self, part: usize) {
        let pages: Vec<Page> = self.writers[part].take_sealed().collect();
        if self.spilled[part].is_empty() && !pages.is_empty() {
            self.spiller.count_part();
        }
        self.spiller.write(&mut self.spilled[part], pages);
    }

    /// Called when this table has counted all its records.
    fn end_table(&mut self) -> Result<()> {
        self.counts.clear()?;
        self.memory.set_revocable(true);
        for part in 0..self.writers.len() {
            self.writers[part].seal();
            self.write_pages(part);
            let spilled = std::mem::take(&mut self.spilled[part]);
            if !spilled.is_empty() {
                self.pending_parts.push((spilled, self.level + 1));
            }
        }
        Ok(())
    }

    /// Begins to read the next part. Returns `false` if there is none.
    fn begin_part(&mut self) -> bool {
        let Some((part, level)) = self.pending_parts.pop() else {
            self.level = 0;
            return false;
        };
        self.level = level;
        self.spiller.count_pass(u64::from(level) + 1);
        let reader = self.spiller.read(part, &self.layout, 2, &self.memory);
        self.reading = Some(Reading { reader, page: None, windows: PageWindows::default() });
        true
    }

    /// Counts the records of a part's next page.
    fn read(&mut self, reading: &mut Reading, out: &mut Outputs) -> Result<Progress> {
        let page = match reading.page.take() {
            Some(page) => page,
            None => match reading.reader.poll()? {
                Poll::Ready(Some(page)) => page,
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(None) => return Ok(Progress::Done),
            },
        };
        let batch = page.batch();
        while let Some(opened) = reading.windows.open(batch.rows()) {
            let window = &mut reading.windows.window;
            if opened == Opened::New {
                let passed = self.count(&Input::new(&batch, window))?;
                window.set(passed);
                out.pages().append(&Input::new(&batch, window), None)?;
            }
            if !self.write_other_rows(&Input::new(&batch, window))? {
                reading.page = Some(page);
                return Ok(Progress::Pending);
            }
            reading.windows.close();
        }
        Ok(Progress::Yield)
    }
}

impl Driver for GroupFirstDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            let mut rows = Selection::default();
            rows.set(self.count(input)?);
            out.pass(rows);
        }
        let is_done = self.other_rows.is_empty() || self.write_other_rows(input)?;
        *cursor = usize::from(!is_done);
        Ok(if is_done { Progress::Done } else { Progress::Pending })
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if std::mem::replace(cursor, 1) == 0 {
            self.end_table()?;
        }
        if let Some(mut reading) = self.reading.take() {
            let progress = self.read(&mut reading, out)?;
            if progress != Progress::Done {
                self.reading = Some(reading);
                return Ok(progress);
            }
            self.end_table()?;
        }
        self.spiller.check()?;
        if self.spiller.unwritten_bytes() > 0 {
            return Ok(Progress::Pending);
        }
        self.memory.shrink();
        Ok(if self.begin_part() { Progress::Yield } else { Progress::Done })
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for GroupFirstDriver {
    /// Groups that are counted stay in memory, but the table grows no more.
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.freeze();
        // Keeps the bytes that are reserved ahead for an open page of each part, and for pages that
        // are read.
        self.memory.shrink_to(self.counts.table.room_beside());
        Ok(())
    }
}
