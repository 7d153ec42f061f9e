//! The memory budget: bytes are reserved before they are used, and given back by `Drop`.
//!
//! A [`Budget`] counts; it owns no memory. Pages, hash indexes and read buffers each carry the [`Reservation`] that pays
//! for them, so what is freed is given back on every path out, a panic included. Who gets how much is decided in `arbiter`, which
//! moves memory between operators while they run.

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
