//! Rows on their way through a step, a window at a time.

use crate::page::{Batch, Page, Selection};
use crate::strategy::Cursor;

/// Rows on their way through a step.
pub(in crate::exec) struct Rows {
    pub(in crate::exec) port: usize,
    pub(in crate::exec) data: Data,
    /// The leaves that views before this step picked.
    pub(in crate::exec) view: Option<Vec<usize>>,
    /// How many steps of the prelude they have been through.
    pub(in crate::exec) filtered: usize,
    pub(in crate::exec) at: Windows,
}

/// How far a step is with its rows.
pub(in crate::exec) struct Windows {
    /// Where the next window begins; `None` where the rows were given, all in one window.
    pub(in crate::exec) next: Option<usize>,
    pub(in crate::exec) window: Selection,
    /// The window is through the prelude, and the driver has begun.
    pub(in crate::exec) begun: bool,
    pub(in crate::exec) cursor: Cursor,
}

/// Where rows lie.
pub(in crate::exec) enum Data {
    Page(Page),
    /// The source's current batch.
    Source,
}

impl Rows {
    /// All rows of a batch, window by window.
    pub(in crate::exec) fn all(port: usize, data: Data) -> Self {
        Rows {
            port,
            data,
            view: None,
            filtered: 0,
            at: Windows { next: Some(0), window: Selection::default(), begun: false, cursor: 0 },
        }
    }

    /// The same, which have been through the first steps of the prelude.
    pub(in crate::exec) fn behind(self, filtered: usize) -> Self {
        Rows { filtered, ..self }
    }
}

impl Windows {
    /// Rows that a step let pass.
    pub(in crate::exec) fn given(window: Selection) -> Self {
        Windows { next: None, window, begun: false, cursor: 0 }
    }

    /// Goes on to the next window of a batch; whether there is one.
    pub(in crate::exec) fn advance(&mut self, batch: &Batch<'_>) -> bool {
        let rows = batch.rows();
        (self.begun, self.cursor) = (false, 0);
        match self.next {
            None => {
                // Given rows are one window; then there is none.
                self.next = Some(rows);
                true
            }
            Some(next) if next < rows => {
                self.next = Some(self.window.fill(next..batch.window_end(next)));
                true
            }
            Some(_) => false,
        }
    }
}
