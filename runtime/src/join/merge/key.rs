//! A key whose rows do not fit a block.

use std::task::Poll;

use crate::error::Result;
use crate::join::ProbePhase;
use crate::join::merge::sorted::{Group, READ_AHEAD, Rows, Sorted};
use crate::join::merge::{BlockJoin, SortMergeJoin, Stage, pages_bytes};
use crate::join::side::BuildSide;
use crate::join::table::JoinTable;
use crate::memory::limits::PAGE_BYTES;
use crate::page::windows;
use crate::sort::SortBuffer;
use crate::strategy::Progress;

/// A key whose rows may need several tables.
pub(crate) struct OneKey {
    /// Each side's rows.
    pub(crate) groups: [Group; 2],
    /// What has not been in a table.
    rest: Rows,
    /// Whether there is any.
    pub(crate) is_left: bool,
}

impl SortMergeJoin {
    /// The rows of the next key, which do not fit a block.
    pub(crate) fn meet_key(&mut self) -> Result<Progress> {
        let windows = self.sorted.each_ref().map(Sorted::window);
        let next = self.sorted.each_ref().map(|side| side.next);
        let ends = SortBuffer::next_groups(windows, next, windows.map(SortBuffer::len), self.leading());
        let mut group = |side: usize| {
            let rows = std::mem::replace(&mut self.sorted[side].next, ends[side])..ends[side];
            let large = if rows.is_empty() { None } else { self.sorted[side].groups.take_large_pages() };
            large.map_or(Group::Window(rows), Group::SpillContext)
        };
        let groups = [group(0), group(1)];
        let smaller = usize::from(groups[1].rows() < groups[0].rows());
        if groups[smaller].rows() == 0 && !self.sides[1 - smaller].keeps {
            for (side, group) in self.sorted.iter().zip(groups) {
                side.forget(group);
            }
            return self.end_meeting();
        }
        self.build_key(smaller, groups, ProbePhase::Disk)
    }

    /// Begins with tables of one side's rows of a key.
    fn build_key(&mut self, side: usize, groups: [Group; 2], pass: ProbePhase) -> Result<Progress> {
        let (built, rest) = (BuildSide::new(&self.sides, side, &self.memory)?, self.sorted[side].begin(&groups[side]));
        let key = Some(OneKey { groups, rest, is_left: true });
        self.meeting = Some(BlockJoin { built, stream: Rows::default(), page: None, key, pass });
        self.stage = Stage::Load;
        Ok(Progress::Done)
    }

    /// Makes a table of as many rows of a key as memory allows.
    pub(crate) fn load(&mut self) -> Result<Progress> {
        let Some(BlockJoin { built, key: Some(key), pass, .. }) = &mut self.meeting else { return Ok(Progress::Done) };
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
            // It takes several tables: of the side whose rows are asked for their partners one by one, where it is one.
            let asked = self.sides.iter().position(|side| side.keeps).unwrap_or(build);
            let build = if self.sides[build].keeps { build } else { asked };
            let Some(BlockJoin { key: Some(key), .. }) = self.meeting.take() else { return Ok(Progress::Done) };
            return self.build_key(build, key.groups, ProbePhase::Block);
        }
        built.table.build()?;
        self.stage = Stage::Stream;
        if let Some(meeting) = &mut self.meeting
            && let Some(key) = &meeting.key
        {
            meeting.stream = self.sorted[stream].begin(&key.groups[stream]);
        }
        Ok(Progress::Done)
    }
}
