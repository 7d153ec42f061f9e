//! Joins a key whose rows do not fit in a block.

use std::task::Poll;

use crate::error::Result;
use crate::join::ProbePhase;
use crate::join::merge::sorted::{Group, READ_AHEAD, RowPages, Sorted};
use crate::join::merge::{BlockJoin, MergeStage, SortMergeJoin, pages_bytes};
use crate::join::side::BuildSide;
use crate::join::table::JoinTable;
use crate::memory::limits::PAGE_BYTES;
use crate::page::windows;
use crate::sort::SortBuffer;
use crate::strategy::Progress;

/// A key whose rows may need several tables.
pub(crate) struct OneKey {
    /// The rows of each side.
    pub(crate) groups: [Group; 2],
    /// The rows that have not been in a table yet.
    rest: RowPages,
    /// Whether `rest` has any rows.
    pub(crate) is_left: bool,
}

impl SortMergeJoin {
    /// Joins the rows of the next key, which do not fit in a block.
    pub(crate) fn join_key(&mut self) -> Result<Progress> {
        let windows = self.sorted.each_ref().map(Sorted::window);
        let next = self.sorted.each_ref().map(|side| side.next);
        let ends = SortBuffer::next_groups(windows, next, windows.map(SortBuffer::len), self.leading());
        let mut group = |side: usize| {
            let rows = std::mem::replace(&mut self.sorted[side].next, ends[side])..ends[side];
            let large = if rows.is_empty() { None } else { self.sorted[side].groups.take_large_pages() };
            large.map_or(Group::InWindow(rows), Group::OnDisk)
        };
        let groups = [group(0), group(1)];
        let smaller = usize::from(groups[1].rows() < groups[0].rows());
        if groups[smaller].rows() == 0 && !self.sides[1 - smaller].keeps {
            for (side, group) in self.sorted.iter().zip(groups) {
                side.forget(group);
            }
            return self.end_block();
        }
        self.build_key(smaller, groups, ProbePhase::Disk)
    }

    /// Starts to build tables of one side's rows of a key.
    fn build_key(&mut self, side: usize, groups: [Group; 2], pass: ProbePhase) -> Result<Progress> {
        let (built, rest) = (BuildSide::new(&self.sides, side, &self.memory)?, self.sorted[side].begin(&groups[side]));
        let key = Some(OneKey { groups, rest, is_left: true });
        self.block = Some(BlockJoin { built, stream: RowPages::default(), page: None, key, pass });
        self.stage = MergeStage::Load;
        Ok(Progress::Done)
    }

    /// Builds a table of as many rows of the key as memory allows.
    pub(crate) fn load(&mut self) -> Result<Progress> {
        let Some(BlockJoin { built, key: Some(key), pass, .. }) = &mut self.block else { return Ok(Progress::Done) };
        let (build, stream) = (built.side, 1 - built.side);
        let largest = [0, 1].map(|side| self.sorted[side].page_bytes(&key.groups[side]));
        let beside = (READ_AHEAD + 1) * (largest[0] + largest[1]) + PAGE_BYTES;
        while key.is_left {
            match self.sorted[build].poll(&mut key.rest)? {
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(None) => key.is_left = false,
                Poll::Ready(Some(page)) => {
                    let need = pages_bytes(&built.table, &page);
                    let need = need + JoinTable::index_bytes(built.table.len() + page.rows()) + beside;
                    if !self.memory.try_reserve(need) && !built.table.is_empty() {
                        key.rest.put_back(page);
                        break;
                    }
                    windows(&page.batch(), |input| built.table.add(input))?;
                }
            }
        }
        if *pass == ProbePhase::Disk && key.is_left {
            // The key needs several tables. If results depend on the partners of one side's rows,
            // that side is built.
            let asked = self.sides.iter().position(|side| side.keeps).unwrap_or(build);
            let build = if self.sides[build].keeps { build } else { asked };
            let Some(BlockJoin { key: Some(key), .. }) = self.block.take() else { return Ok(Progress::Done) };
            return self.build_key(build, key.groups, ProbePhase::Block);
        }
        built.table.build()?;
        self.stage = MergeStage::Stream;
        if let Some(block) = &mut self.block
            && let Some(key) = &block.key
        {
            block.stream = self.sorted[stream].begin(&key.groups[stream]);
        }
        Ok(Progress::Done)
    }
}
