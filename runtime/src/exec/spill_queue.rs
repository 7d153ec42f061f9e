//! The head of a stage that queues pages for a receiver that reads another input first.
//!
//! If the branches of a fork join again, the fork must never be blocked (see
//! `optimizer::branches`). So this head takes items even while none can be sent. It holds them in a
//! [`SpillQueue`], which moves pages without copying rows.

use std::collections::VecDeque;
use std::task::Poll;

use super::aligned_input::AlignedInput;
use crate::error::Result;
use crate::memory::Memory;
use crate::page::Page;
use crate::spill::{QueueRoom, SpillQueue};
use crate::strategy::ProgressOf;
use crate::stream::{Control, Item};

pub(super) struct SpillQueueHead {
    /// The operator whose rows are queued.
    pub(super) operator: usize,
    input: AlignedInput,
    pages: SpillQueue,
    /// Queued controls, each with the number of queued pages before it.
    controls: VecDeque<(usize, Control)>,
    /// The number of queued pages.
    queued_pages: usize,
    /// A received page that waits for room in the queue.
    page_without_room: Option<Page>,
    /// The memory of queued pages. It can be revoked.
    memory: Memory,
    /// The memory of pages after they were returned.
    sent_memory: Memory,
}

impl SpillQueueHead {
    /// An empty queue after an input. `memory` is that of `pages`.
    pub(super) fn new(
        operator: usize,
        input: AlignedInput,
        pages: SpillQueue,
        memory: Memory,
        sent_memory: Memory,
    ) -> Self {
        SpillQueueHead {
            operator,
            input,
            pages,
            controls: VecDeque::new(),
            queued_pages: 0,
            page_without_room: None,
            memory,
            sent_memory,
        }
    }

    /// Returns the next item. Returns `Yield` if it only queued an item.
    pub(super) fn advance(&mut self) -> Result<ProgressOf<Item>> {
        if let Some(&(0, control)) = self.controls.front() {
            self.controls.pop_front();
            return Ok(ProgressOf::Done(Item::Control(control)));
        }
        match self.pages.poll()? {
            Poll::Ready(Some(page)) => {
                self.queued_pages -= 1;
                self.controls.iter_mut().for_each(|(pages_before, _)| *pages_before -= 1);
                // A returned page cannot be spilled any more.
                return Ok(ProgressOf::Done(Item::Page(page.paid_by(&self.sent_memory))));
            }
            Poll::Pending => {
                return Ok(if self.queue_item()? { ProgressOf::Yield } else { ProgressOf::Pending });
            }
            Poll::Ready(None) => {}
        }
        if let Some(page) = self.page_without_room.take() {
            return Ok(ProgressOf::Done(Item::Page(page)));
        }
        Ok(self.input.receive(|_| true)?.into())
    }

    /// Receives and queues an item. Returns `true` if it did. Otherwise the task will be woken.
    pub(super) fn queue_item(&mut self) -> Result<bool> {
        let item = match self.page_without_room.take() {
            Some(page) => Some(Item::Page(page)),
            None => self.input.receive(|_| true)?,
        };
        match item {
            None => Ok(false),
            Some(Item::Page(page)) => self.queue_page(page),
            Some(Item::Control(control)) => {
                if control == Control::End {
                    self.memory.shrink();
                }
                self.controls.push_back((self.queued_pages, control));
                Ok(true)
            }
        }
    }

    /// Queues a page. Returns `false` if it must wait for room first.
    fn queue_page(&mut self, page: Page) -> Result<bool> {
        match self.pages.make_room(page.bytes())? {
            QueueRoom::Granted => self.pages.push(page.paid_by(&self.memory)),
            QueueRoom::Pending => {
                self.page_without_room = Some(page);
                return Ok(false);
            }
            QueueRoom::Refused => {
                // The page stays in its sender's memory, so it is spilled immediately.
                let bytes = page.bytes();
                self.pages.push(page);
                self.pages.revoke(bytes);
            }
        }
        self.queued_pages += 1;
        Ok(true)
    }

    /// Closes the input.
    pub(super) fn stop(&mut self) {
        self.input.close();
    }

    /// Gives back memory that was requested.
    pub(super) fn revoke_memory(&mut self) {
        let asked = self.memory.revoke_requested();
        if asked > 0 {
            self.pages.revoke(asked);
        }
    }

    /// The peak memory of queued pages.
    pub(super) fn peak_bytes(&self) -> usize {
        self.memory.peak_bytes()
    }
}
