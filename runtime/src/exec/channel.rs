//! Bounded channels of pages between tasks.
//!
//! An inbox feeds one port of one task. It has a channel for each task that sends to it, so that a channel can be held back by
//! itself: barriers are aligned by not taking from channels where one has arrived.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::page::Page;

/// Pages that wait in one channel before its sender does.
pub(super) const CHANNEL_PAGES: usize = 4;

/// When something that is woken gets a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Behind all that wait already.
    InOrder,
    /// As soon as the thread that wakes it is free: the pages it was fed are still in that core's cache. An idle core may take it before.
    /// Whoever feeds gives its own turn up in order, so nobody waits for ever.
    Next,
}

/// Something that can be woken: a task.
pub(super) trait Wake: Send + Sync {
    fn wake(self: Arc<Self>, turn: Turn);
}

/// What an inbox gives.
pub(super) enum Received {
    Page(Page),
    /// All channels are at their end.
    End,
    /// Nothing now; the receiver will be woken.
    Nothing,
}

pub(super) struct Inbox {
    state: Mutex<State>,
    receiver: Arc<dyn Wake>,
}

struct State {
    channels: Vec<Channel>,
    /// The channel to look at first, so that none is starved.
    next: usize,
}

struct Channel {
    pages: VecDeque<Page>,
    most: usize,
    ended: bool,
    /// The sender, where it waits for room.
    sender: Option<Arc<dyn Wake>>,
}

impl Inbox {
    /// An inbox without channels.
    pub(super) fn new(receiver: Arc<dyn Wake>) -> Self {
        Inbox { state: Mutex::new(State { channels: Vec::new(), next: 0 }), receiver }
    }

    /// A new channel; its number.
    pub(super) fn connect(&self, piles_up: bool) -> usize {
        let mut state = self.lock();
        let most = if piles_up { usize::MAX } else { CHANNEL_PAGES };
        state.channels.push(Channel { pages: VecDeque::new(), most, ended: false, sender: None });
        state.channels.len() - 1
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a page, or gives it back where the channel is full; the sender is then woken when there is room.
    pub(super) fn send(&self, channel: usize, page: Page, sender: &Arc<dyn Wake>) -> Result<(), Page> {
        let mut state = self.lock();
        let channel = &mut state.channels[channel];
        if channel.pages.len() >= channel.most {
            channel.sender = Some(sender.clone());
            return Err(page);
        }
        channel.pages.push_back(page);
        drop(state);
        self.receiver.clone().wake(Turn::Next);
        Ok(())
    }

    /// Says that no page follows.
    pub(super) fn end(&self, channel: usize) {
        self.lock().channels[channel].ended = true;
        self.receiver.clone().wake(Turn::Next);
    }

    /// Takes the next page of any channel.
    pub(super) fn receive(&self) -> Received {
        let mut state = self.lock();
        let count = state.channels.len();
        for step in 0..count {
            let index = (state.next + step) % count;
            let channel = &mut state.channels[index];
            if let Some(page) = channel.pages.pop_front() {
                let sender = channel.sender.take();
                state.next = (index + 1) % count;
                drop(state);
                if let Some(sender) = sender {
                    sender.wake(Turn::InOrder);
                }
                return Received::Page(page);
            }
        }
        if state.channels.iter().all(|channel| channel.ended) { Received::End } else { Received::Nothing }
    }
}
