//! Rows that are kept in the order in which they came, until it is known what to do with them.

use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, Page, RowWriter};
use crate::row::RowLayout;
use crate::spill::{QueueRoom, SpillQueue, Store};
use crate::strategy::{Cursor, Progress};

/// Where pages go when they are closed.
pub(super) trait ClosedPages {
    /// Takes a page.
    fn push(&mut self, page: Page);

    /// Makes sure that `bytes` more can be had of the `memory` that rows are written in.
    fn make_room(&mut self, memory: &Memory, bytes: usize) -> Result<QueueRoom>;
}

impl ClosedPages for SpillQueue {
    fn push(&mut self, page: Page) {
        SpillQueue::push(self, page);
    }

    fn make_room(&mut self, _: &Memory, bytes: usize) -> Result<QueueRoom> {
        SpillQueue::make_room(self, bytes)
    }
}

impl ClosedPages for Arc<Store> {
    fn push(&mut self, page: Page) {
        Store::push(self, page);
    }

    fn make_room(&mut self, memory: &Memory, bytes: usize) -> Result<QueueRoom> {
        Store::make_room(self, memory, bytes)
    }
}

/// Rows in pages of which memory holds as many as it can, and the disk the rest.
pub(super) struct QueuedRows<P = SpillQueue> {
    writer: RowWriter,
    pages: P,
    memory: Memory,
}

impl QueuedRows {
    /// No rows, of `layout`.
    pub(super) fn new(layout: Arc<RowLayout>, context: &TaskContext) -> Self {
        let pages = SpillQueue::new(layout.clone(), context.spiller(), &context.memory);
        QueuedRows::into_pages(layout, pages, context)
    }

    /// The next page of those that are closed.
    ///
    /// # Errors
    /// As [`QueuedRows::add`].
    pub(super) fn poll(&mut self) -> Result<Poll<Option<Page>>> {
        self.pages.poll()
    }

    /// Whether no page is closed.
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Gives about so many bytes back, soon.
    pub(super) fn revoke(&mut self, bytes: usize) {
        self.pages.revoke(bytes);
    }
}

impl<P: ClosedPages> QueuedRows<P> {
    /// No rows, of `layout`, whose pages go to `pages`.
    pub(super) fn into_pages(layout: Arc<RowLayout>, pages: P, context: &TaskContext) -> Self {
        let memory = context.memory.clone();
        QueuedRows { writer: RowWriter::new(layout, memory.clone()), pages, memory }
    }

    pub(super) fn layout(&self) -> &Arc<RowLayout> {
        self.writer.layout()
    }

    /// Takes rows, whose leaves lie as in the layout, from the cursor on, which says how many it has taken: all of them, once it answers `Done`.
    ///
    /// # Errors
    /// A record that is larger than the memory that can be had, or what the disk says.
    pub(super) fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        while *cursor < input.len() {
            let bytes = |some: &Input<'_>| self.writer.bytes_for(some) + PAGE_BYTES;
            let (some, fits) = input.fitting(*cursor, |some| self.memory.try_reserve(bytes(some)));
            let some = Input::new(input.batch(), &some);
            if !fits {
                match self.pages.make_room(&self.memory, bytes(&some))? {
                    QueueRoom::Pending => return Ok(Progress::Pending),
                    QueueRoom::Refused if self.writer.open_rows() > 0 => {
                        // The open page can be written, too.
                        self.close_page();
                        continue;
                    }
                    // There is nothing to write: the row is larger than what is kept for a task. It may still be had.
                    QueueRoom::Refused | QueueRoom::Granted => {}
                }
            }
            self.writer.append(&some, None)?;
            self.writer.take_sealed().for_each(|page| self.pages.push(page));
            *cursor += some.len();
        }
        Ok(Progress::Done)
    }

    /// Says that no row follows.
    pub(super) fn seal(&mut self) {
        self.close_page();
        self.memory.shrink();
    }

    fn close_page(&mut self) {
        self.writer.seal();
        self.writer.take_sealed().for_each(|page| self.pages.push(page));
    }
}
