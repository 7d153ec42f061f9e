//! Bulk iterations: a region of the plan that is run again and again over what it gave before.
//!
//! ```text
//!   initial ──► begin ──► body … ──► end ··► what is behind the loop
//!                 ▲                   │
//!                 └───── feedback ────┘
//! ```
//! In the logical plan a loop is a line: beginning, body, end. Beginning and end name the loop. In the
//! physical plan the body's last rows are shipped to the beginning's second port, and the result leaves
//! the beginning at its second output. The end is no operator at run time.
//!
//! The beginning emits the rows of a round, then the round's end. The end follows the rows through the
//! body and returns after the last of them, so a superstep needs no other barrier. Rows of the next round
//! wait in memory, and on disk if memory is scarce. The beginning [accepts
//! them](crate::strategy::DriverProperties::buffers) even while its own outputs are full: a loop would
//! otherwise wait for itself.
//!
//! Source: Ewen and others, *Spinning Fast Iterative Data Flows*, 2012.

mod begin;
mod end;
mod replay;
mod solution_set;

pub use begin::{LoopBegin, LoopEnds};
pub use end::LoopEnd;
pub use solution_set::SolutionJoin;
