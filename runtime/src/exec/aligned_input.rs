//! The channels of a port, heard as one stream.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Result;
use crate::stream::{Alignment, Control, Item, ItemReceiver};

/// What a task hears of one port's senders.
pub(super) struct AlignedInput {
    receiver: Arc<dyn ItemReceiver>,
    /// Made when it is first asked for something: all senders have connected by then.
    alignment: Option<Alignment>,
    /// What the senders say together, and was not taken yet.
    items: VecDeque<Item>,
}

impl AlignedInput {
    pub(super) fn new(receiver: Arc<dyn ItemReceiver>) -> Self {
        AlignedInput { receiver, alignment: None, items: VecDeque::new() }
    }

    /// The next item, if it may be taken; the task is woken where there is none yet.
    ///
    /// # Errors
    /// Where senders contradict each other.
    pub(super) fn receive(&mut self, may_take: fn(&Item) -> bool) -> Result<Option<Item>> {
        let (receiver, items) = (&self.receiver, &mut self.items);
        let alignment = self.alignment.get_or_insert_with(|| {
            let senders = receiver.senders();
            if senders == 0 {
                items.extend(Control::END_OF_INPUT.map(Item::Control));
            }
            Alignment::of(senders)
        });
        while self.items.is_empty() {
            let Some((sender, item)) = receiver.take(&|sender| alignment.is_held(sender), may_take) else {
                return Ok(None);
            };
            match item {
                Item::Page(_) => {
                    self.items.extend(alignment.rows(sender).map(Item::Control));
                    self.items.push_back(item);
                }
                Item::Control(control) => {
                    self.items.extend(alignment.offer(sender, control)?.into_iter().map(Item::Control))
                }
            }
        }
        Ok(self.items.pop_front_if(|item| may_take(item)))
    }

    /// Takes nothing more from the senders: the stream ends here.
    pub(super) fn close(&mut self) {
        self.receiver.close();
        self.items = Control::END_OF_INPUT.map(Item::Control).into();
    }
}
