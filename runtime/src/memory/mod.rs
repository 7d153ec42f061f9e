//! The memory budget. Bytes are reserved before they are used, and released by `Drop`.
//!
//! * [`Budget`]: counts the bytes of all operators of a job. It owns no memory.
//! * [`Memory`]: the account of one owner with a budget.
//! * [`Reservation`]: a guard for reserved bytes. Pages, hash indexes and read buffers each hold
//!   one, so their bytes are released on every path, also by a panic.
//! * `arbiter`: decides which requests are granted, and moves memory between running operators.

mod account;
mod arbiter;
mod budget;
pub mod limits;
mod revocation;
#[cfg(test)]
mod tests;

pub use account::{Memory, Reservation};
pub use budget::{Budget, PinnedFloor};
pub(crate) use budget::{bytes_for_pages, on_heap_growth};
pub use revocation::{Revocation, RevokeHandle};
