//! One side of a merge join: its rows sorted by key, window by window.

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

/// Pages that are read ahead of the current one.
pub(crate) const READ_AHEAD: usize = 1;

/// A side's rows, in windows of whole groups.
pub(crate) struct Sorted {
    pub(crate) groups: GroupSorter,
    layout: Arc<RowLayout>,
    memory: Memory,
    /// The first row of the window that is not joined yet.
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

    /// Loads the next window if all rows of this one are joined.
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

    /// The end of some whole groups that begin at `start`: about as many as fill a page, and at
    /// least one.
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

    /// Returns the next page of rows. `None` after the last one.
    pub(crate) fn poll(&self, rows: &mut RowPages) -> Result<Poll<Option<Page>>> {
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

    /// Reads the rows of a group, from its first row.
    pub(crate) fn begin(&self, group: &Group) -> RowPages {
        match group {
            Group::InWindow(window) => RowPages { window: window.clone(), ..RowPages::default() },
            Group::OnDisk(spilled) => {
                let reader = self.groups.spiller().read_again(spilled, &self.layout, READ_AHEAD, &self.memory);
                RowPages { reader: Some(reader), ..RowPages::default() }
            }
        }
    }

    /// Frees the disk space of a group.
    pub(crate) fn forget(&self, group: Group) {
        if let Group::OnDisk(spilled) = group {
            self.groups.spiller().forget(spilled);
        }
    }

    /// The maximum bytes of a page of a group in memory.
    pub(crate) fn page_bytes(&self, group: &Group) -> usize {
        match group {
            Group::InWindow(_) => self.window().largest_page_bytes(),
            Group::OnDisk(spilled) => spilled.largest_page_bytes(),
        }
    }

    /// As [`GroupSorter::add`].
    pub(crate) fn add(&mut self, input: &Input<'_>, added: &mut usize) -> Result<Progress> {
        self.groups.add(input, added)
    }
}

/// Rows of one key.
pub(crate) enum Group {
    /// The rows are in the window.
    InWindow(Range<usize>),
    OnDisk(Spilled),
}

impl Group {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Group::InWindow(window) => window.len(),
            Group::OnDisk(spilled) => spilled.rows() as usize,
        }
    }
}

/// Rows that are read page by page.
#[derive(Default)]
pub(crate) struct RowPages {
    /// Positions in the side's window.
    window: Range<usize>,
    /// Pages that are already sorted, or that were put back.
    pages: VecDeque<Page>,
    /// Reads the rows from disk, if they are there.
    reader: Option<SpilledReader>,
}

impl RowPages {
    /// Rows of the window.
    pub(crate) fn of_window(window: Range<usize>) -> Self {
        RowPages { window, ..RowPages::default() }
    }

    /// Returns a page that was not used.
    pub(crate) fn put_back(&mut self, page: Page) {
        self.pages.push_front(page);
    }
}
