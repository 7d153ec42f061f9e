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

    /// The next item of a channel that is not held, and the channel; the receiving task is woken where none has come yet. No channel is starved. Where no rows
    /// are wanted, only what does not [belong to them](Item::belongs_to_rows) is given.
    fn take(&self, is_held: &dyn Fn(usize) -> bool, wants_rows: bool) -> Option<(usize, Item)>;

    /// Says that the receiver wants nothing more: what waits is dropped, and so is what comes. Every sender hears it.
    fn close(&self);

    /// Whether the receiver wants nothing more.
    fn is_closed(&self) -> bool;
}
