//! One side of a merge join: its rows by their keys, some at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::join::side::Side;
use crate::kernel::TaskContext;
use crate::memory::Memory;
use crate::page::{Input, Page, RowWriter};
use crate::row::RowLayout;
use crate::sort::{GroupSorter, OrderKey, SortBuffer};
use crate::spill::{Spilled, SpilledReader};
use crate::strategy::Progress;

/// Pages that are read ahead of those that are joined.
pub(crate) const READ_AHEAD: usize = 1;

/// A side's rows, in windows of whole groups.
pub(crate) struct Sorted {
    pub(crate) groups: GroupSorter,
    layout: Arc<RowLayout>,
    memory: Memory,
    /// Where the rows of the window begin that have not been joined.
    pub(crate) next: usize,
}

impl Sorted {
    pub(crate) fn new(side: &Side, context: &TaskContext) -> Result<Self> {
        let layout = Arc::new(RowLayout::new(side.types.clone(), &side.live));
        let order = side.key.iter().map(|&leaf| OrderKey { leaf, descending: false }).collect();
        let groups = GroupSorter::new(layout.clone(), order, side.key.len(), context)?;
        Ok(Sorted { groups, layout, memory: context.memory.clone(), next: 0 })
    }

    pub(crate) fn window(&self) -> &SortBuffer {
        self.groups.window()
    }

    /// Goes on to the next window where all rows of this one have been joined.
    pub(crate) fn settle_window(&mut self) -> Result<Progress> {
        if self.groups.is_ready() && (self.next < self.window().len() || self.groups.is_last()) {
            return Ok(Progress::Done);
        }
        let progress = self.groups.advance()?;
        if progress == Progress::Done {
            self.next = 0;
        }
        Ok(progress)
    }

    /// Where some whole groups end that begin at a position of the window: about as many as fill a page, one at least.
    pub(crate) fn groups_end(&self, start: usize, until: usize, leading: usize) -> usize {
        let end = self.window().page_end(start, until);
        if end == until {
            return until;
        }
        match self.window().rows_before(self.window(), end, false, leading) {
            whole if whole > start => whole,
            _ => self.window().group_end(start, leading).min(until),
        }
    }

    /// The next page of rows.
    pub(crate) fn poll(&self, rows: &mut Rows) -> Result<Poll<Option<Page>>> {
        if rows.pages.is_empty() {
            if let Some(reader) = &mut rows.reader {
                return reader.poll();
            }
            let end = self.window().page_end(rows.window.start, rows.window.end);
            if rows.window.start < end {
                let mut writer = RowWriter::new(self.layout.clone(), self.memory.clone());
                self.window().copy_to(rows.window.start..end, &mut writer)?;
                rows.pages.extend(writer.take_sealed());
                rows.window.start = end;
            }
        }
        Ok(Poll::Ready(rows.pages.pop_front()))
    }

    /// The rows of a group, from its first.
    pub(crate) fn begin(&self, group: &Group) -> Rows {
        match group {
            Group::Window(window) => Rows { window: window.clone(), ..Rows::default() },
            Group::SpillContext(spilled) => {
                let reader = self.groups.spiller().read_again(spilled, &self.layout, READ_AHEAD, &self.memory);
                Rows { reader: Some(reader), ..Rows::default() }
            }
        }
    }

    /// Gives the disk back what a group takes there.
    pub(crate) fn forget(&self, group: Group) {
        if let Group::SpillContext(spilled) = group {
            self.groups.spiller().forget(spilled);
        }
    }

    /// A page that is at hand takes so much, or less.
    pub(crate) fn page_bytes(&self, group: &Group) -> usize {
        match group {
            Group::Window(_) => self.window().largest_page_bytes(),
            Group::SpillContext(spilled) => spilled.largest_page_bytes(),
        }
    }

    /// As [`GroupSorter::add`].
    pub(crate) fn add(&mut self, input: &Input<'_>, taken: &mut usize) -> Result<Progress> {
        self.groups.add(input, taken)
    }
}

/// Rows of one key.
pub(crate) enum Group {
    /// They lie in the window.
    Window(Range<usize>),
    SpillContext(Spilled),
}

impl Group {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Group::Window(window) => window.len(),
            Group::SpillContext(spilled) => spilled.rows() as usize,
        }
    }
}

/// Rows on their way to a join.
#[derive(Default)]
pub(crate) struct Rows {
    /// Positions in the side's window.
    window: Range<usize>,
    /// In order already, or back from disk.
    pages: VecDeque<Page>,
    /// Where they come from disk.
    reader: Option<SpilledReader>,
}

impl Rows {
    /// Those of the window.
    pub(crate) fn of_window(window: Range<usize>) -> Self {
        Rows { window, ..Rows::default() }
    }

    /// Takes a page back that has not been used.
    pub(crate) fn put_back(&mut self, page: Page) {
        self.pages.push_front(page);
    }
}
