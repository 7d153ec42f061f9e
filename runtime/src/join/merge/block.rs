//! Chooses the next keys to join: a block of keys, a single large key, or rows without partners.

use std::ops::Range;
use std::task::Poll;

use crate::error::Result;
use crate::join::ProbePhase;
use crate::join::merge::sorted::RowPages;
use crate::join::merge::{BlockJoin, MergeStage, SortMergeJoin, pages_bytes};
use crate::join::side::BuildSide;
use crate::join::table::JoinTable;
use crate::memory::limits::MERGE_TABLES_BYTES;
use crate::page::{Page, windows};
use crate::strategy::{Progress, ready};

/// The maximum bytes of the table of a block, with its index.
const BLOCK_BYTES: usize = MERGE_TABLES_BYTES / 2;

impl SortMergeJoin {
    /// Chooses the next rows to join.
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
            self.stage = MergeStage::Ended;
            return Ok(Progress::Done);
        }
        // The reservation is kept by this task, so the memory for the table is not granted to
        // others.
        self.memory.keep(MERGE_TABLES_BYTES);
        self.room.leave_ahead();
        if next == until {
            self.join_key()
        } else if next[self.build] == until[self.build] {
            self.join_unmatched(1 - self.build, until[1 - self.build])
        } else {
            self.join_block(until)
        }
    }

    /// Emits results of rows of a side whose keys the other side does not have.
    pub(crate) fn join_unmatched(&mut self, side: usize, until: usize) -> Result<Progress> {
        let rows = std::mem::replace(&mut self.sorted[side].next, until)..until;
        if !self.sides[side].keeps {
            return self.end_block();
        }
        let (built, stream) = (self.empty_table(1 - side)?, RowPages::of_window(rows));
        self.block = Some(BlockJoin { built, stream, page: None, key: None, pass: ProbePhase::Disk });
        self.stage = MergeStage::Stream;
        Ok(Progress::Done)
    }

    /// Joins as many groups of the build side as fit in a block, with the other side's rows up to
    /// the last of these keys.
    pub(crate) fn join_block(&mut self, until: [usize; 2]) -> Result<Progress> {
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
            // The group does not fit. The other side's rows before its key come first.
            return match of_others(start, false) {
                before if before > self.sorted[other].next => self.join_unmatched(other, before),
                _ => self.join_key(),
            };
        }
        let to = of_others(end - 1, true);
        let rows = std::mem::replace(&mut self.sorted[other].next, to)..to;
        self.sorted[build].next = end;
        if rows.is_empty() && !self.sides[build].keeps {
            drop(built);
            return self.end_block();
        }
        built.table.build()?;
        self.block =
            Some(BlockJoin { built, stream: RowPages::of_window(rows), page: None, key: None, pass: ProbePhase::Disk });
        self.stage = MergeStage::Stream;
        Ok(Progress::Done)
    }

    /// The pages of some rows of the window. `None` if the table of a block has no room for them.
    fn fitting(&self, table: &JoinTable, rows: Range<usize>, held: usize) -> Result<Option<Vec<Page>>> {
        let (side, count) = (&self.sorted[self.build], table.len() + rows.len());
        let (mut rows, mut pages, mut bytes) =
            (RowPages::of_window(rows), Vec::new(), held + JoinTable::index_bytes(count));
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
