//! Event time, and the windows that it is cut into.
//!
//! ```text
//!   source ──► event time ──► window start ──► aggregate by key and window
//!     │         a view          a view              a table of state
//!     └── watermarks ─────────────────────────────► closes windows
//! ```
//! Event time is a leaf behind a record's own, which closures do not see; who emits records copies it to them. A view puts it there, and another one behind it where the
//! window begins that it is in: neither copies a row. What groups by that leaf as by any other is a window's aggregate; it gives a window's groups
//! when the watermark has passed its end.

mod aggregate;
mod event_time;
mod start;

pub use aggregate::WindowAggregate;
pub use event_time::EventTime;
pub use start::WindowStart;
