//! How items get from the tasks that send to the task that receives: channels in this process are one kind.

use super::Item;

/// The sending end of one channel.
pub(crate) trait ItemSender: Send {
    /// Sends an item, or gives it back where the channel is full; the sending task is then woken when there is room. What nobody wants any more is
    /// dropped.
    fn send(&self, item: Item) -> Result<(), Item>;

    /// Whether the receiver wants nothing more.
    fn is_closed(&self) -> bool;
}

/// The receiving end of the channels that feed one port of one task. Each keeps its items in order, and can be held back by itself.
pub(crate) trait ItemReceiver: Send + Sync {
    /// Tasks that send: the numbers of their channels are below it.
    fn senders(&self) -> usize;

    /// The next item of a channel that is not held, if it may be taken, and the channel; the receiving task is woken where none has come yet. No channel is
    /// starved.
    fn take(&self, is_held: &dyn Fn(usize) -> bool, may_take: fn(&Item) -> bool) -> Option<(usize, Item)>;

    /// Says that the receiver wants nothing more: what waits is dropped, and so is what comes. Every sender hears it.
    fn close(&self);

    /// Whether the receiver wants nothing more.
    fn is_closed(&self) -> bool;
}
