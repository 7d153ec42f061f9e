//! The head of a stage in which pages wait for a receiver that takes another branch first.
//!
//! A fork whose branches meet again must never be held back (see `optimizer::branches`). So this head takes what comes even while nothing of it can be
//! sent, and keeps it in a [`SpillQueue`]: pages change hands as they are, and no row is copied.

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
    /// The operator whose rows wait.
    pub(super) operator: usize,
    input: AlignedInput,
    pages: SpillQueue,
    /// What was said between pages that wait, each with the number of pages that were to be given before it then.
    controls: VecDeque<(usize, Control)>,
    /// Pages that wait.
    waiting: usize,
    /// A page for which there is no room before others are written.
    next: Option<Page>,
    /// What pays for pages while they wait.
    memory: Memory,
    /// What pays for them from when they are given.
    given: Memory,
}

impl SpillQueueHead {
    /// An empty line behind an input. `memory` is that of `pages`.
    pub(super) fn new(operator: usize, input: AlignedInput, pages: SpillQueue, memory: Memory, given: Memory) -> Self {
        SpillQueueHead { operator, input, pages, controls: VecDeque::new(), waiting: 0, next: None, memory, given }
    }

    /// Returns the next item. Returns `Yield` if it only took an item in.
    pub(super) fn advance(&mut self) -> Result<ProgressOf<Item>> {
        if let Some(&(0, control)) = self.controls.front() {
            self.controls.pop_front();
            return Ok(ProgressOf::Done(Item::Control(control)));
        }
        match self.pages.poll()? {
            Poll::Ready(Some(page)) => {
                self.waiting -= 1;
                self.controls.iter_mut().for_each(|(pages_before, _)| *pages_before -= 1);
                // What is given away is not to be taken back.
                return Ok(ProgressOf::Done(Item::Page(page.paid_by(&self.given))));
            }
            Poll::Pending => {
                return Ok(if self.take_in()? { ProgressOf::Yield } else { ProgressOf::Pending });
            }
            Poll::Ready(None) => {}
        }
        if let Some(page) = self.next.take() {
            return Ok(ProgressOf::Done(Item::Page(page)));
        }
        Ok(self.input.receive(|_| true)?.into())
    }

    /// Takes an item in without giving one; whether it did. Else the task will be woken.
    pub(super) fn take_in(&mut self) -> Result<bool> {
        let item = match self.next.take() {
            Some(page) => Some(Item::Page(page)),
            None => self.input.receive(|_| true)?,
        };
        match item {
            None => Ok(false),
            Some(Item::Page(page)) => self.keep(page),
            Some(Item::Control(control)) => {
                if control == Control::End {
                    self.memory.shrink();
                }
                self.controls.push_back((self.waiting, control));
                Ok(true)
            }
        }
    }

    /// Has a page wait; whether there is room for it.
    fn keep(&mut self, page: Page) -> Result<bool> {
        match self.pages.make_room(page.bytes())? {
            QueueRoom::Granted => self.pages.push(page.paid_by(&self.memory)),
            QueueRoom::Pending => {
                self.next = Some(page);
                return Ok(false);
            }
            QueueRoom::Refused => {
                // Its sender goes on paying for it, so it is written at once.
                let bytes = page.bytes();
                self.pages.push(page);
                self.pages.revoke(bytes);
            }
        }
        self.waiting += 1;
        Ok(true)
    }

    /// Takes nothing more.
    pub(super) fn stop(&mut self) {
        self.input.close();
    }

    /// Gives back what others ask for.
    pub(super) fn give_back(&mut self) {
        let asked = self.memory.revoke_requested();
        if asked > 0 {
            self.pages.revoke(asked);
        }
    }

    /// The most that waited in memory.
    pub(super) fn peak_bytes(&self) -> usize {
        self.memory.peak_bytes()
    }
}
