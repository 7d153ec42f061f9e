//! What flows between tasks: pages of rows and, between them, control items in one order with the rows.
//!
//! A finite input and an endless one are the same here: a stream of rounds. Input that ends is one round, and a loop sends one for each
//! superstep. Watermarks say how far event time is, barriers where a snapshot cuts the stream. That a control item travels between the rows that it speaks
//! of, and not beside them, is what lets each task know what came before it without asking anybody (Chandy and Lamport, 1985; Carbone and others,
//! *Lightweight Asynchronous Snapshots for Distributed Dataflows*, 2015; Tucker and others' punctuations, 2003).
//!
//! Who has several inputs brings their control items together with an [`Alignment`]: a task for the channels of a port, a step for its ports.

mod alignment;
mod exchange;

use crate::page::Page;

pub(crate) use alignment::Alignment;
pub(crate) use exchange::{ItemReceiver, ItemSender};

/// What a channel carries.
#[derive(Debug)]
pub(crate) enum Item {
    /// Rows.
    Page(Page),
    /// What is said between rows.
    Control(Control),
}

/// What is said between rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// All rows of this round, from 1, came before: of a superstep, or of a finite input.
    RoundEnd(u32),
    /// No event before this time, in microseconds since 1970, follows.
    Watermark(i64),
    /// Nothing is known of when rows will follow: event time does not wait for this input. Rows or a watermark end that.
    Idle,
    /// All rows that belong to the snapshot of this epoch came before.
    Barrier(u64),
    /// Nothing follows.
    End,
}

impl Item {
    /// The rows of a page.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Item::Page(page) => page.rows(),
            Item::Control(_) => 0,
        }
    }

    /// Whether it may be taken for a port that a driver wants rows of, or does not: rows and their end wait until it does, what else is said is heard
    /// whenever it comes.
    pub(crate) fn is_taken_by(wants_rows: bool) -> fn(&Item) -> bool {
        if wants_rows { |_| true } else { |item| !matches!(item, Item::Page(_) | Item::Control(Control::RoundEnd(_))) }
    }
}

impl Control {
    /// What a finite input says behind its last row: it is one round.
    pub(crate) const END_OF_INPUT: [Control; 2] = [Control::RoundEnd(1), Control::End];

    /// Whether it is true until the next that is: a later one makes it superfluous.
    pub(crate) fn is_about_time(self) -> bool {
        matches!(self, Control::Watermark(_) | Control::Idle)
    }
}
