//! Event time, and the windows that it is cut into.
//!
//! ```text
//!   source ──► event time ──► window start ──► aggregate by key and window
//!     │         a view          a view              a table of state
//!     └── watermarks ─────────────────────────────► closes windows
//! ```
//! Event time is a leaf after a record's own, which closures do not see. An operator that emits records copies it to them. A view puts it there, and another
//! view adds the begin of its window: neither copies a row. A time that is computed is a leaf that [`Keyed`](super::Keyed) added before. The aggregate groups by
//! the begin as by any leaf, and emits the groups of a window when the watermark has passed its end.
//!
//! Records whose window has ended are late: the aggregate leaves them out, and counts them. Where somebody reads them, they are set aside before the aggregate, in the task
//! that it runs in.

use std::time::Duration;

use crate::page::Input;
use crate::row::HiddenLeaf;

mod aggregate;
mod event_time;
mod late;
mod start;

pub use aggregate::WindowAggregate;
pub use event_time::EventTime;
pub use late::InTime;
pub use start::WindowStart;

/// Windows of this length, for the definition of a state.
fn tumbling(micros: i64) -> String {
    format!("tumbling windows of {:?}", Duration::from_micros(micros.unsigned_abs()))
}

/// The last leaf of the key is the begin of the window.
fn needs_start(key: &[usize]) -> Option<(usize, HiddenLeaf)> {
    Some((*key.last()?, HiddenLeaf::WindowStart))
}

/// Calls `f` with each row, and where its window begins.
fn for_each_begin(input: &Input<'_>, leaf: usize, f: impl FnOnce(&mut dyn Iterator<Item = (u32, i64)>)) {
    input.visit(|mut leaves, rows| {
        leaves.skip(leaf);
        let begins = leaves.plain::<i64>();
        f(&mut input.selection().rows().iter().zip(rows.iter()).map(|(&number, row)| (number, begins.read(row))));
    });
}
