//! The rows that a step works on, window by window.

use crate::page::{Batch, Page, Selection};
use crate::strategy::Cursor;

/// The rows that a step works on.
pub(in crate::exec) struct Rows {
    pub(in crate::exec) port: usize,
    pub(in crate::exec) data: Data,
    /// The leaves that projections before this step selected.
    pub(in crate::exec) view: Option<Vec<usize>>,
    /// The number of inline steps that they have been through.
    pub(in crate::exec) filtered: usize,
    pub(in crate::exec) at: Windows,
}

/// The position of a step in its rows.
pub(in crate::exec) struct Windows {
    /// The first row of the next window; `None` if the rows are one window.
    pub(in crate::exec) next: Option<usize>,
    pub(in crate::exec) window: Selection,
    /// Whether the window is through the inline steps, and the driver was called with it.
    pub(in crate::exec) begun: bool,
    pub(in crate::exec) cursor: Cursor,
}

/// The pages of rows.
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

    /// The same rows after the first `filtered` inline steps.
    pub(in crate::exec) fn behind(self, filtered: usize) -> Self {
        Rows { filtered, ..self }
    }
}

impl Windows {
    /// Rows that a step passed on.
    pub(in crate::exec) fn given(window: Selection) -> Self {
        Windows { next: None, window, begun: false, cursor: 0 }
    }

    /// Advances to the next window of a batch. Returns `false` at the end.
    pub(in crate::exec) fn advance(&mut self, batch: &Batch<'_>) -> bool {
        let rows = batch.rows();
        (self.begun, self.cursor) = (false, 0);
        match self.next {
            None => {
                // These rows are one window.
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
