//! Traits of the channels between tasks. `exec::channel` implements them in one process.

use super::Item;

/// The sending end of one channel.
pub(crate) trait ItemSender: Send {
    /// Sends an item. Drops it if the receiver is closed.
    ///
    /// # Errors
    /// Returns the item if the channel is full. The sending task is woken when there is room.
    fn send(&self, item: Item) -> Result<(), Item>;

    /// Returns `true` if the receiver accepts no more items.
    fn is_closed(&self) -> bool;
}

/// The receiving end of the channels that feed one port of one task. Each channel keeps its items
/// in order, and can be held separately.
pub(crate) trait ItemReceiver: Send + Sync {
    /// The number of sending tasks. Channels are numbered from 0.
    fn senders(&self) -> usize;

    /// Takes the first item of a channel that is not held, if `may_take` accepts it. Returns the
    /// channel and the item.
    ///
    /// After `None` the receiving task is woken by the next item that is sent. No channel is
    /// starved.
    fn take(&self, is_held: &dyn Fn(usize) -> bool, may_take: fn(&Item) -> bool) -> Option<(usize, Item)>;

    /// Closes the receiver: drops the waiting items and all later ones. Wakes every sender.
    fn close(&self);

    /// Returns `true` if the receiver accepts no more items.
    fn is_closed(&self) -> bool;
}
