//! A queue of rows that an operator holds until it can emit them.

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

/// A destination of finished pages.
pub(super) trait PageDestination {
    /// Adds a page.
    fn push(&mut self, page: Page);

    /// Makes room for `bytes` in the `memory` that rows are written in. Pages may be written to
    /// disk for that.
    fn make_room(&mut self, memory: &Memory, bytes: usize) -> Result<QueueRoom>;
}

impl PageDestination for SpillQueue {
    fn push(&mut self, page: Page) {
        SpillQueue::push(self, page);
    }

    fn make_room(&mut self, _: &Memory, bytes: usize) -> Result<QueueRoom> {
        SpillQueue::make_room(self, bytes)
    }
}

impl PageDestination for Arc<Store> {
    fn push(&mut self, page: Page) {
        Store::push(self, page);
    }

    fn make_room(&mut self, memory: &Memory, bytes: usize) -> Result<QueueRoom> {
        Store::make_room(self, memory, bytes)
    }
}

/// Rows in pages, in order. Pages that do not fit into memory are written to disk.
pub(super) struct QueuedRows<P = SpillQueue> {
    writer: RowWriter,
    pages: P,
    memory: Memory,
}

impl QueuedRows {
    /// An empty queue of rows with this layout.
    pub(super) fn new(layout: Arc<RowLayout>, context: &TaskContext) -> Self {
        let pages = SpillQueue::new(layout.clone(), context.spiller(), &context.memory);
        QueuedRows::into_pages(layout, pages, context)
    }

    /// The next finished page.
    ///
    /// # Errors
    /// As [`QueuedRows::add`].
    pub(super) fn poll(&mut self) -> Result<Poll<Option<Page>>> {
        self.pages.poll()
    }

    /// Whether there is no finished page.
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Begins to give about this many bytes back.
    pub(super) fn revoke(&mut self, bytes: usize) {
        self.pages.revoke(bytes);
    }
}

impl<P: PageDestination> QueuedRows<P> {
    /// An empty queue of rows with this layout, whose finished pages are pushed to `pages`.
    pub(super) fn into_pages(layout: Arc<RowLayout>, pages: P, context: &TaskContext) -> Self {
        let memory = context.memory.clone();
        QueuedRows { writer: RowWriter::new(layout, memory.clone()), pages, memory }
    }

    pub(super) fn layout(&self) -> &Arc<RowLayout> {
        self.writer.layout()
    }

    /// Adds rows, whose leaves are those of the layout, from the cursor on. The cursor is the
    /// number of rows added. Returns `Done` after all of them.
    ///
    /// # Errors
    /// Fails if a record is larger than the available memory, or a page cannot be written.
    pub(super) fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        while *cursor < input.len() {
            let bytes = |some: &Input<'_>| self.writer.bytes_for(some) + PAGE_BYTES;
            let (some, fits) = input.fitting(*cursor, |some| self.memory.try_reserve(bytes(some)));
            let some = Input::new(input.batch(), &some);
            if !fits {
                match self.pages.make_room(&self.memory, bytes(&some))? {
                    QueueRoom::Pending => return Ok(Progress::Pending),
                    QueueRoom::Refused if self.writer.open_rows() > 0 => {
                        // The open page can be written too.
                        self.close_page();
                        continue;
                    }
                    // There is nothing to write. A row that is larger than the reserved minimum may
                    // still get memory.
                    QueueRoom::Refused | QueueRoom::Granted => {}
                }
            }
            self.writer.append(&some, None)?;
            self.writer.take_sealed().for_each(|page| self.pages.push(page));
            *cursor += some.len();
        }
        Ok(Progress::Done)
    }

    /// Closes the last page. No row follows.
    pub(super) fn seal(&mut self) {
        self.close_page();
        self.memory.shrink();
    }

    fn close_page(&mut self) {
        self.writer.seal();
        self.writer.take_sealed().for_each(|page| self.pages.push(page));
    }
}
