//! Bounded channels between tasks of one process.
//!
//! An inbox feeds one port of one task. It has a channel for each sending task, so each can be held
//! separately: a channel with a barrier is not read until the others have sent the barrier, too.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::memory::limits::{CHANNEL_PAGES, PAGE_BYTES};
use crate::stream::{Item, ItemReceiver, ItemSender};

/// Capacity of a channel for control items. Pages are limited by their bytes.
const CHANNEL_ITEMS: usize = 64;

/// The place of a woken task in the pool's queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum QueuePlace {
    /// After all tasks that are queued.
    InOrder,
    /// Next on the waking thread, whose cache still has the pages that were sent. An idle thread
    /// may take it earlier. The sender itself is queued in order when it yields, so no task
    /// starves.
    Next,
}

/// An object that can be woken, such as a task.
pub(super) trait Wake: Send + Sync {
    fn wake(self: Arc<Self>, place: QueuePlace);

    /// Runs on the calling thread, if it is queued and no other thread has taken it. Returns `true`
    /// if it has run.
    fn run_if_queued(self: Arc<Self>) -> bool {
        false
    }
}

/// The channels of one port of one task.
pub(super) struct Inbox {
    state: Mutex<InboxState>,
    /// The receiver accepts no more items.
    closed: AtomicBool,
    receiver: Arc<dyn Wake>,
}

struct InboxState {
    channels: Vec<Channel>,
    /// A channel is read only while all channels before it are held or have ended.
    in_order: bool,
    /// The channel to look at first, so that none starves.
    next: usize,
}

struct Channel {
    items: VecDeque<Item>,
    /// Bytes of the pages in the channel.
    bytes: usize,
    sender: Arc<dyn Wake>,
    /// An item was refused: the sender waits for room.
    sender_waits: bool,
}

impl Channel {
    fn has_room_for(&self, item: &Item) -> bool {
        match item {
            // A page of a long record may be larger than the channel.
            Item::Page(page) => self.bytes == 0 || self.bytes + page.bytes() <= CHANNEL_PAGES * PAGE_BYTES,
            Item::Control(_) => self.items.len() < CHANNEL_ITEMS,
        }
    }

    fn put(&mut self, item: Item) {
        // A control of event time replaces the one right before it.
        if let (Item::Control(control), Some(Item::Control(last))) = (&item, self.items.back_mut())
            && control.is_event_time()
            && last.is_event_time()
        {
            *last = *control;
            return;
        }
        self.bytes += bytes_of(&item);
        self.items.push_back(item);
    }

    /// Takes the first item. Also returns the sender, if it waits for room.
    fn take(&mut self) -> Option<(Item, Option<Arc<dyn Wake>>)> {
        let item = self.items.pop_front()?;
        self.bytes -= bytes_of(&item);
        let sender_waits = std::mem::replace(&mut self.sender_waits, false);
        Some((item, sender_waits.then(|| self.sender.clone())))
    }
}

fn bytes_of(item: &Item) -> usize {
    if let Item::Page(page) = item { page.bytes() } else { 0 }
}

impl Inbox {
    /// An inbox without channels.
    pub(super) fn new(receiver: Arc<dyn Wake>) -> Self {
        let state = InboxState { channels: Vec::new(), in_order: false, next: 0 };
        Inbox { state: Mutex::new(state), closed: AtomicBool::new(false), receiver }
    }

    /// Adds a channel for a sender. If the channels are read in order, senders must connect in that
    /// order.
    pub(super) fn connect(self: &Arc<Self>, sender: Arc<dyn Wake>, in_order: bool) -> ChannelSender {
        let mut state = self.lock();
        state.in_order |= in_order;
        state.channels.push(Channel { items: VecDeque::new(), bytes: 0, sender, sender_waits: false });
        ChannelSender { inbox: self.clone(), channel: state.channels.len() - 1 }
    }

    fn lock(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ItemReceiver for Inbox {
    fn senders(&self) -> usize {
        self.lock().channels.len()
    }

    fn take(&self, is_held: &dyn Fn(usize) -> bool, may_take: fn(&Item) -> bool) -> Option<(usize, Item)> {
        let mut state = self.lock();
        let count = state.channels.len();
        let first = if state.in_order { 0 } else { state.next };
        let mut open = (first..first + count).map(|number| number % count).filter(|&number| !is_held(number));
        let has_item = |number: &usize| state.channels[*number].items.front().is_some_and(may_take);
        let number = if state.in_order { open.next().filter(has_item) } else { open.find(has_item) }?;
        let (item, sender) = state.channels[number].take()?;
        state.next = (number + 1) % count;
        drop(state);
        if let Some(sender) = sender {
            sender.wake(QueuePlace::InOrder);
        }
        Some((number, item))
    }

    /// Also wakes senders that have nothing to send: they may close their own inputs.
    fn close(&self) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        let channels = std::mem::take(&mut self.lock().channels);
        channels.into_iter().for_each(|channel| channel.sender.wake(QueuePlace::InOrder));
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// One task's channel to an inbox.
pub(super) struct ChannelSender {
    inbox: Arc<Inbox>,
    channel: usize,
}

impl ItemSender for ChannelSender {
    fn send(&self, item: Item) -> Result<(), Item> {
        let mut state = self.inbox.lock();
        // A closed inbox has no channels.
        let Some(channel) = state.channels.get_mut(self.channel) else { return Ok(()) };
        if !channel.has_room_for(&item) {
            channel.sender_waits = true;
            return Err(item);
        }
        channel.put(item);
        drop(state);
        self.inbox.receiver.clone().wake(QueuePlace::Next);
        Ok(())
    }

    fn is_closed(&self) -> bool {
        self.inbox.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::memory::{Budget, Memory};
    use crate::page::{Page, RowWriter};
    use crate::row::{Datum, LeafType, RowLayout};
    use crate::stream::Control;

    #[derive(Default)]
    struct CountedWakes(AtomicUsize);

    /// A page of one text.
    fn page(bytes: usize) -> Page {
        let layout = Arc::new(RowLayout::full([LeafType::Text]));
        let mut writer = RowWriter::new(layout, Memory::new(Budget::new(64 << 20), "pages"));
        writer.append_datums(&[Datum::Bytes(vec![b'x'; bytes].into())]).unwrap();
        writer.seal();
        writer.take_sealed().next().unwrap()
    }

    /// Pages of long records are larger than others, and one may be larger than the channel.
    #[test]
    fn a_channel_holds_pages_by_their_bytes() {
        for (bytes, expected) in [(100, CHANNEL_PAGES), (100 << 10, CHANNEL_PAGES / 2), (1 << 20, 1)] {
            let inbox = Arc::new(Inbox::new(Arc::new(CountedWakes::default())));
            let channel = inbox.connect(Arc::new(CountedWakes::default()), false);
            let sent = std::iter::repeat_with(|| channel.send(Item::Page(page(bytes)))).take_while(Result::is_ok);
            assert_eq!(sent.count(), expected, "texts of {bytes} bytes");
            assert!(inbox.take(&|_| false, |_| true).is_some());
            assert!(channel.send(Item::Page(page(bytes))).is_ok(), "texts of {bytes} bytes");
        }
    }

    impl Wake for CountedWakes {
        fn wake(self: Arc<Self>, _: QueuePlace) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Senders without items are woken too: they would not notice the close otherwise.
    #[test]
    fn closing_an_inbox_wakes_every_sender_once() {
        let senders = [(); 3].map(|()| Arc::new(CountedWakes::default()));
        let inbox = Arc::new(Inbox::new(Arc::new(CountedWakes::default())));
        senders.iter().for_each(|sender| _ = inbox.connect(sender.clone(), false));
        assert!(inbox.take(&|_| false, |_| true).is_none());
        inbox.close();
        inbox.close();
        assert!(senders.iter().all(|sender| sender.0.load(Ordering::Relaxed) == 1));
        assert!(inbox.is_closed() && inbox.senders() == 0);
    }

    #[test]
    fn held_channels_keep_items_and_merge_watermarks() {
        let inbox = Arc::new(Inbox::new(Arc::new(CountedWakes::default())));
        let [first, second] = [(); 2].map(|()| inbox.connect(Arc::new(CountedWakes::default()), false));
        let barrier = Control::Barrier(1);
        for micros in 0..1000 {
            assert!(first.send(Item::Control(Control::Watermark(micros))).is_ok());
        }
        assert!(first.send(Item::Control(barrier)).is_ok() && second.send(Item::Control(barrier)).is_ok());
        let take = |held: usize| match inbox.take(&|channel| channel == held, |_| true) {
            Some((channel, Item::Control(control))) => Some((channel, control)),
            _ => None,
        };
        assert_eq!(take(0), Some((1, barrier)));
        assert_eq!(take(0), None);
        assert_eq!(take(1), Some((0, Control::Watermark(999))));
        assert_eq!(take(1), Some((0, barrier)));
        assert_eq!(take(2), None);
    }

    /// Control items are limited, too.
    #[test]
    fn a_full_channel_returns_items_and_wakes_its_sender_later() {
        let inbox = Arc::new(Inbox::new(Arc::new(CountedWakes::default())));
        let sender = Arc::new(CountedWakes::default());
        let channel = inbox.connect(sender.clone(), false);
        let send_barrier = |epoch| channel.send(Item::Control(Control::Barrier(epoch)));
        let taken = (0..).take_while(|&epoch| send_barrier(epoch).is_ok()).count();
        assert_eq!((taken, sender.0.load(Ordering::Relaxed)), (CHANNEL_ITEMS, 0));
        assert!(inbox.take(&|_| false, |_| true).is_some());
        assert_eq!(sender.0.load(Ordering::Relaxed), 1);
        assert!(send_barrier(taken as u64).is_ok());
    }
}
