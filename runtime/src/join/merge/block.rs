//! Blocks of keys: what meets next.

use std::ops::Range;
use std::task::Poll;

use crate::error::Result;
use crate::join::ProbePhase;
use crate::join::merge::sorted::Rows;
use crate::join::merge::{BlockJoin, SortMergeJoin, Stage, pages_bytes};
use crate::join::side::BuildSide;
use crate::join::table::JoinTable;
use crate::memory::limits::MERGE_TABLES_BYTES;
use crate::page::{Page, windows};
use crate::strategy::{Progress, ready};

/// The table of a block takes so much, with its index.
const BLOCK_BYTES: usize = MERGE_TABLES_BYTES / 2;

impl SortMergeJoin {
    /// Finds the next rows to meet.
    pub(crate) fn choose(&mut self) -> Result<Progress> {
        for side in &mut self.sorted {
            ready!(side.settle_window()?);
        }
        let next = self.sorted.each_ref().map(|side| side.next);
        let groups = self.sorted.each_ref().map(|side| &side.groups);
        let until = [0, 1].map(|side| groups[side].matchable_rows(groups[1 - side], next[side], self.leading()));
        if next == self.sorted.each_ref().map(|side| side.window().len()) {
            self.sorted.iter_mut().for_each(|side| side.groups.clear());
            self.room.release();
            self.stage = Stage::Given;
            return Ok(Progress::Done);
        }
        // Nobody else may have what the table takes.
        self.memory.keep(MERGE_TABLES_BYTES);
        self.room.leave_ahead();
        if next == until {
            self.meet_key()
        } else if next[self.build] == until[self.build] {
            self.meet_nobody(1 - self.build, until[1 - self.build])
        } else {
            self.meet_block(until)
        }
    }

    /// Some rows of a side whose keys the other does not have.
    pub(crate) fn meet_nobody(&mut self, side: usize, until: usize) -> Result<Progress> {
        let rows = std::mem::replace(&mut self.sorted[side].next, until)..until;
        if !self.sides[side].keeps {
            return self.end_meeting();
        }
        let (built, stream) = (self.empty_table(1 - side)?, Rows::of_window(rows));
        self.meeting = Some(BlockJoin { built, stream, page: None, key: None, pass: ProbePhase::Disk });
        self.stage = Stage::Stream;
        Ok(Progress::Done)
    }

    /// As many groups as fit a block, and the other side's rows up to the last one's key.
    pub(crate) fn meet_block(&mut self, until: [usize; 2]) -> Result<Progress> {
        let (build, other, leading) = (self.build, 1 - self.build, self.leading());
        let (start, mut built) = (self.sorted[build].next, BuildSide::new(&self.sides, build, &self.memory)?);
        let (mut end, mut held) = (start, 0);
        while end < until[build] {
            let next = self.sorted[build].groups_end(end, until[build], leading);
            let Some(pages) = self.fitting(&built.table, end..next, held)? else { break };
            for page in pages {
                held += pages_bytes(&built.table, &page);
                windows(&page.batch(), |input| built.table.add(input))?;
            }
            end = next;
        }
        let [rows, others] = [build, other].map(|side| self.sorted[side].window());
        let of_others = |position: usize, with: bool| {
            others.rows_before(rows, position, with, leading).clamp(self.sorted[other].next, until[other])
        };
        if end == start {
            // A group that does not fit. What the other side has before it comes first.
            return match of_others(start, false) {
                before if before > self.sorted[other].next => self.meet_nobody(other, before),
                _ => self.meet_key(),
            };
        }
        let to = of_others(end - 1, true);
        let rows = std::mem::replace(&mut self.sorted[other].next, to)..to;
        self.sorted[build].next = end;
        if rows.is_empty() && !self.sides[build].keeps {
            drop(built);
            return self.end_meeting();
        }
        built.table.build()?;
        self.meeting =
            Some(BlockJoin { built, stream: Rows::of_window(rows), page: None, key: None, pass: ProbePhase::Disk });
        self.stage = Stage::Stream;
        Ok(Progress::Done)
    }

    /// Some rows of the window, where a block's table has room for them.
    fn fitting(&self, table: &JoinTable, rows: Range<usize>, held: usize) -> Result<Option<Vec<Page>>> {
        let (side, count) = (&self.sorted[self.build], table.len() + rows.len());
        let (mut rows, mut pages, mut bytes) =
            (Rows::of_window(rows), Vec::new(), held + JoinTable::index_bytes(count));
        while let Poll::Ready(Some(page)) = side.poll(&mut rows)? {
            bytes += pages_bytes(table, &page);
            if bytes > BLOCK_BYTES {
                return Ok(None);
            }
            pages.push(page);
        }
        Ok(Some(pages))
    }
}
