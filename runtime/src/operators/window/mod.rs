//! Event time, and windows of it.
//!
//! ```text
//!   source ──► event time ──► window start ──► aggregate by key and window
//!     │         a view          a view              a table of state
//!     └── watermarks ─────────────────────────────► closes windows
//! ```
//! Event time is a leaf after a record's own leaves, which closures do not read. Operators that
//! emit records copy it to them. A view adds it to records, and another view adds the start of the
//! record's window. Neither copies a row. Event time that a closure computes is a leaf that
//! [`Keyed`](super::Keyed) adds before.
//!
//! The aggregate groups by the start as by any leaf. It emits the groups of a window when the
//! watermark reaches its end.
//!
//! Records whose window has ended are late. The aggregate drops and counts them. If they are read,
//! [`LateDataSplit`] splits them off in the aggregate's task.

use std::time::Duration;

use crate::page::Input;
use crate::row::HiddenLeaf;

mod aggregate;
mod event_time;
mod late;
mod start;

pub use aggregate::WindowAggregate;
pub use event_time::EventTime;
pub use late::LateDataSplit;
pub use start::WindowStart;

/// The windows of this length, for the definition of a state.
fn tumbling(micros: i64) -> String {
    format!("tumbling windows of {:?}", Duration::from_micros(micros.unsigned_abs()))
}

/// The last leaf of the key must be the start of the window.
fn needs_start(key: &[usize]) -> Option<(usize, HiddenLeaf)> {
    Some((*key.last()?, HiddenLeaf::WindowStart))
}

/// Calls `f` with the rows of an input, each with the start of its window.
fn for_each_start(input: &Input<'_>, leaf: usize, f: impl FnOnce(&mut dyn Iterator<Item = (u32, i64)>)) {
    input.visit(|mut leaves, rows| {
        leaves.skip(leaf);
        let starts = leaves.plain::<i64>();
        f(&mut input.selection().rows().iter().zip(rows.iter()).map(|(&number, row)| (number, starts.read(row))));
    });
}
