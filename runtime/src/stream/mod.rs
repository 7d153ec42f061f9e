//! Items that tasks send to each other: pages of rows, and control items between the pages.
//!
//! * [`Item`], [`Control`]: the items of a stream, with their order.
//! * [`ItemSender`], [`ItemReceiver`]: the two ends of a channel.
//! * [`Alignment`]: merges the control items of several inputs. A task aligns the channels of a
//!   port, and a step aligns its ports.
//!
//! Finite and endless inputs are both streams of rounds. A finite input is one round, and a loop
//! sends one round per superstep. Watermarks state the progress of event time. Barriers state where
//! a snapshot cuts the stream.
//!
//! Control items travel in order with the rows. So each task knows which rows came before a control
//! item without asking other tasks.
//!
//! Sources: Chandy and Lamport, 1985; Carbone et al., *Lightweight Asynchronous Snapshots for
//! Distributed Dataflows*, 2015; punctuations (Tucker et al., 2003).

mod alignment;
mod exchange;

use crate::page::Page;

pub(crate) use alignment::Alignment;
pub(crate) use exchange::{ItemReceiver, ItemSender};

/// An item of a channel.
#[derive(Debug)]
pub(crate) enum Item {
    Page(Page),
    Control(Control),
}

/// A control item: it applies to the rows before it in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// All rows of this round came before. A round is a superstep or a finite input. The first
    /// round has number 1.
    RoundEnd(u32),
    /// No rows with an earlier event time follow, except late ones. In microseconds since 1970.
    Watermark(i64),
    /// The input is idle. It is left out of the watermark until it sends rows or a watermark.
    Idle,
    /// All rows that belong to the snapshot of this epoch came before.
    Barrier(u64),
    /// No items follow.
    End,
}

impl Item {
    /// The number of rows, 0 for a control item.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Item::Page(page) => page.rows(),
            Item::Control(_) => 0,
        }
    }

    /// The filter of items for a port whose driver accepts rows, or does not accept them now. Pages
    /// and round ends wait until it does. Other control items are always taken.
    pub(crate) fn accept_filter(accepts_rows: bool) -> fn(&Item) -> bool {
        if accepts_rows {
            |_| true
        } else {
            |item| !matches!(item, Item::Page(_) | Item::Control(Control::RoundEnd(_)))
        }
    }
}

impl Control {
    /// The controls that a finite input sends after its last row: it is one round.
    pub(crate) const END_OF_INPUT: [Control; 2] = [Control::RoundEnd(1), Control::End];

    /// Returns `true` for controls of event time. A later one replaces an earlier one.
    pub(crate) fn is_event_time(self) -> bool {
        matches!(self, Control::Watermark(_) | Control::Idle)
    }
}
