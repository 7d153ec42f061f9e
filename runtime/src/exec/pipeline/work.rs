//! The current work of a step, as a value. So a step can stop and continue after any window of
//! rows.

use crate::page::{Batch, Page, Selection};
use crate::strategy::{Cursor, Round};
use crate::stream::Control;

/// The current work of a step.
pub(super) enum Work {
    Rows(Rows),
    /// A callback without rows, and its position.
    Callback(Callback, Cursor),
}

/// A callback of a driver without rows.
#[derive(Clone, Copy)]
pub(super) enum Callback {
    RoundEnd {
        input: usize,
        round: Round,
    },
    /// The end of an input.
    End {
        input: usize,
    },
    /// A control that all inputs have sent.
    Control(Control),
}

/// Rows, and the position of a step or of the outputs in them.
pub(super) struct Rows {
    pub(super) data: Data,
    /// The leaves that earlier projections selected. `None`: all leaves.
    pub(super) view: Option<Vec<usize>>,
    pub(super) windows: Windows,
}

/// The data of rows.
pub(super) enum Data {
    Page(Page),
    /// The source's current batch.
    Source,
}

/// The position in rows that are processed window by window.
pub(super) struct Windows {
    /// The driver's port that the rows are for.
    pub(super) port: usize,
    /// The number of inline steps that the rows have been through.
    pub(super) filtered: usize,
    /// The first row of the next window. `None` if the rows are one window.
    next: Option<usize>,
    pub(super) window: Selection,
    /// The window is through the inline steps, and the driver was called with it.
    pub(super) begun: bool,
    pub(super) cursor: Cursor,
}

impl Rows {
    /// All rows of a batch, after their first `filtered` inline steps.
    pub(super) fn all(data: Data, filtered: usize) -> Self {
        Rows { data, view: None, windows: Windows::new(Some(0), Selection::default(), filtered) }
    }

    /// Rows of a batch that a step passed on.
    pub(super) fn selected(data: Data, view: Option<Vec<usize>>, window: Selection) -> Self {
        Rows { data, view, windows: Windows::new(None, window, 0) }
    }
}

impl Windows {
    fn new(next: Option<usize>, window: Selection, filtered: usize) -> Self {
        Windows { port: 0, filtered, next, window, begun: false, cursor: 0 }
    }

    /// Advances to the next window of a batch. Returns `false` at the end.
    pub(super) fn advance(&mut self, batch: &Batch<'_>) -> bool {
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
