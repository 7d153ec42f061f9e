//! The head of a stage in which pages wait for a receiver that takes another branch first.
//!
//! A fork whose branches meet again must never be held back (see `optimizer::branches`). So this head takes what comes even while nothing of it can be
//! sent, and keeps it in a [`SpillQueue`]: pages change hands as they are, and no row is copied.

use std::sync::Arc;

use super::channel::{Inbox, Received};
use crate::error::Result;
use crate::memory::Memory;
use crate::page::Page;
use crate::spill::{Read, Room, SpillQueue};

/// What the head has for the stage's exits.
pub(super) enum SpillQueueProgress {
    /// The page that came first.
    Page(Page),
    /// Nothing yet, but a page was taken in.
    Later,
    /// Nothing; the task will be woken.
    Nothing,
    /// Nothing any more.
    End,
}

pub(super) struct SpillQueueHead {
    /// The operator whose rows wait.
    pub(super) operator: usize,
    inbox: Arc<Inbox>,
    pages: SpillQueue,
    /// A page for which there is no room before others are written.
    next: Option<Page>,
    /// What pays for pages while they wait.
    memory: Memory,
    /// What pays for them from when they are given.
    given: Memory,
}

impl SpillQueueHead {
    /// An empty line in front of an inbox. `memory` is that of `pages`.
    pub(super) fn new(operator: usize, inbox: Arc<Inbox>, pages: SpillQueue, memory: Memory, given: Memory) -> Self {
        SpillQueueHead { operator, inbox, pages, next: None, memory, given }
    }

    /// Gives the next page, or takes one in meanwhile.
    pub(super) fn advance(&mut self) -> Result<SpillQueueProgress> {
        match self.pages.poll()? {
            // What is given away is not to be taken back.
            Read::Page(page) => return Ok(SpillQueueProgress::Page(page.paid_by(&self.given))),
            Read::Pending => {
                return Ok(if self.take_in()? { SpillQueueProgress::Later } else { SpillQueueProgress::Nothing });
            }
            Read::End => {}
        }
        if let Some(page) = self.next.take() {
            return Ok(SpillQueueProgress::Page(page));
        }
        Ok(match self.inbox.receive() {
            Received::Page(page) => SpillQueueProgress::Page(page),
            Received::Nothing => SpillQueueProgress::Nothing,
            Received::End => SpillQueueProgress::End,
        })
    }

    /// Takes a page in without giving one; whether it did. Else the task will be woken.
    pub(super) fn take_in(&mut self) -> Result<bool> {
        let page = match self.next.take() {
            Some(page) => page,
            None => match self.inbox.receive() {
                Received::Page(page) => page,
                Received::Nothing => return Ok(false),
                Received::End => {
                    self.memory.shrink();
                    return Ok(false);
                }
            },
        };
        match self.pages.make_room(page.bytes())? {
            Room::Granted => self.pages.push(page.paid_by(&self.memory)),
            Room::Pending => {
                self.next = Some(page);
                return Ok(false);
            }
            Room::Refused => {
                // Its sender goes on paying for it, so it is written at once.
                let bytes = page.bytes();
                self.pages.push(page);
                self.pages.revoke(bytes);
            }
        }
        Ok(true)
    }

    /// Takes nothing more.
    pub(super) fn stop(&self) {
        self.inbox.close();
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
