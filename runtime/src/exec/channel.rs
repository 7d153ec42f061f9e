//! Bounded channels of pages between tasks.
//!
//! An inbox feeds one port of one task. It has a channel for each task that sends to it, so that a channel can be held back by
//! itself: barriers are aligned by not taking from channels where one has arrived.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::memory::limits::CHANNEL_PAGES;
use crate::page::Page;

/// When something that is woken gets a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum QueuePlace {
    /// Behind all that wait already.
    InOrder,
    /// As soon as the thread that wakes it is free: the pages it was fed are still in that core's cache. An idle core may take it before.
    /// Whoever feeds gives its own turn up in order, so nobody waits for ever.
    Next,
}

/// Something that can be woken: a task.
pub(super) trait Wake: Send + Sync {
    fn wake(self: Arc<Self>, turn: QueuePlace);

    /// Works on the calling thread, where it is woken and no thread has taken it yet; whether it did.
    fn work(self: Arc<Self>) -> bool {
        false
    }
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
    /// The receiver wants nothing more.
    closed: AtomicBool,
    receiver: Arc<dyn Wake>,
}

struct State {
    channels: Vec<Channel>,
    /// Whether a channel is taken from when those before it have ended.
    in_order: bool,
    /// The channel to look at first, so that none is starved.
    next: usize,
}

struct Channel {
    pages: VecDeque<Page>,
    ended: bool,
    sender: Arc<dyn Wake>,
    /// The sender waits for room.
    is_full: bool,
}

impl Channel {
    /// Takes the page that came first, and says whom to wake where that makes room.
    fn take(&mut self) -> Option<(Page, Option<Arc<dyn Wake>>)> {
        let page = self.pages.pop_front()?;
        let waits = std::mem::replace(&mut self.is_full, false);
        Some((page, waits.then(|| self.sender.clone())))
    }
}

impl Inbox {
    /// An inbox without channels.
    pub(super) fn new(receiver: Arc<dyn Wake>) -> Self {
        let state = State { channels: Vec::new(), in_order: false, next: 0 };
        Inbox { state: Mutex::new(state), closed: AtomicBool::new(false), receiver }
    }

    /// A new channel of a sender; its number. Senders in order connect in order.
    pub(super) fn connect(&self, sender: Arc<dyn Wake>, in_order: bool) -> usize {
        let mut state = self.lock();
        state.in_order |= in_order;
        state.channels.push(Channel { pages: VecDeque::new(), ended: false, sender, is_full: false });
        state.channels.len() - 1
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the receiver wants nothing more: what waits is dropped, and so is what comes. Every sender hears it, also one that has nothing to send:
    /// what it reads from may be closed in turn.
    pub(super) fn close(&self) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        let channels = std::mem::take(&mut self.lock().channels);
        channels.into_iter().for_each(|channel| channel.sender.wake(QueuePlace::InOrder));
    }

    /// Whether the receiver wants nothing more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Sends a page, or gives it back where the channel is full; the sender is then woken when there is room.
    pub(super) fn send(&self, channel: usize, page: Page) -> Result<(), Page> {
        let mut state = self.lock();
        // A closed inbox has no channels.
        let Some(channel) = state.channels.get_mut(channel) else { return Ok(()) };
        if channel.pages.len() >= CHANNEL_PAGES {
            channel.is_full = true;
            return Err(page);
        }
        channel.pages.push_back(page);
        drop(state);
        self.receiver.clone().wake(QueuePlace::Next);
        Ok(())
    }

    /// Says that no page follows.
    pub(super) fn end(&self, channel: usize) {
        if let Some(channel) = self.lock().channels.get_mut(channel) {
            channel.ended = true;
        }
        self.receiver.clone().wake(QueuePlace::Next);
    }

    /// Takes the next page of any channel.
    pub(super) fn receive(&self) -> Received {
        let mut state = self.lock();
        let count = state.channels.len();
        if state.in_order {
            let open = state.channels.iter().position(|channel| !channel.ended || !channel.pages.is_empty());
            let Some(open) = open else { return Received::End };
            let Some((page, sender)) = state.channels[open].take() else { return Received::Nothing };
            drop(state);
            if let Some(sender) = sender {
                sender.wake(QueuePlace::InOrder);
            }
            return Received::Page(page);
        }
        for step in 0..count {
            let index = (state.next + step) % count;
            if let Some((page, sender)) = state.channels[index].take() {
                state.next = (index + 1) % count;
                drop(state);
                if let Some(sender) = sender {
                    sender.wake(QueuePlace::InOrder);
                }
                return Received::Page(page);
            }
        }
        if state.channels.iter().all(|channel| channel.ended) { Received::End } else { Received::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>, _: QueuePlace) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Also senders that have nothing to send, and so would not find out by themselves.
    #[test]
    fn every_sender_hears_once_that_nothing_more_is_wanted() {
        let senders = [(); 3].map(|()| Arc::new(Counted::default()));
        let inbox = Inbox::new(Arc::new(Counted::default()));
        senders.iter().for_each(|sender| _ = inbox.connect(sender.clone(), false));
        inbox.end(2);
        assert!(matches!(inbox.receive(), Received::Nothing));
        inbox.close();
        inbox.close();
        assert!(senders.iter().all(|sender| sender.0.load(Ordering::Relaxed) == 1));
        assert!(inbox.is_closed() && matches!(inbox.receive(), Received::End));
        inbox.end(0);
    }
}
