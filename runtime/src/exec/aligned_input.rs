//! Merges the channels of a port into one stream.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Result;
use crate::stream::{Alignment, Control, Item, ItemReceiver};

/// The aligned items of all senders to one port of a task.
pub(super) struct AlignedInput {
    receiver: Arc<dyn ItemReceiver>,
    /// Made at the first receive: all senders have connected by then.
    alignment: Option<Alignment>,
    /// Aligned items that were not taken yet.
    items: VecDeque<Item>,
}

impl AlignedInput {
    pub(super) fn new(receiver: Arc<dyn ItemReceiver>) -> Self {
        AlignedInput { receiver, alignment: None, items: VecDeque::new() }
    }

    /// Receives the next item, if `may_take` accepts it. After `None` the task is woken by the next
    /// item that is sent.
    ///
    /// # Errors
    /// Fails if senders send different cuts.
    pub(super) fn receive(&mut self, may_take: fn(&Item) -> bool) -> Result<Option<Item>> {
        let (receiver, items) = (&self.receiver, &mut self.items);
        let alignment = self.alignment.get_or_insert_with(|| {
            let senders = receiver.senders();
            if senders == 0 {
                items.extend(Control::END_OF_INPUT.map(Item::Control));
            }
            Alignment::new(senders)
        });
        while self.items.is_empty() {
            let Some((sender, item)) = receiver.take(&|sender| alignment.is_held(sender), may_take) else {
                return Ok(None);
            };
            match item {
                Item::Page(_) => {
                    self.items.extend(alignment.rows_received(sender).map(Item::Control));
                    self.items.push_back(item);
                }
                Item::Control(control) => {
                    self.items.extend(alignment.offer(sender, control)?.into_iter().map(Item::Control))
                }
            }
        }
        Ok(self.items.pop_front_if(|item| may_take(item)))
    }

    /// Closes the channels. The stream ends here.
    pub(super) fn close(&mut self) {
        self.receiver.close();
        self.items = Control::END_OF_INPUT.map(Item::Control).into();
    }
}
