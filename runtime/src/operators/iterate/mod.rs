//! Bulk iterations: a region of the plan that runs repeatedly on its own last output.
//!
//! ```text
//!   initial ──► begin ──► body … ──► end ··► operators after the loop
//!                 ▲                   │
//!                 └───── feedback ────┘
//! ```
//! In the logical plan a loop is a chain: beginning, body, end. Beginning and end have the loop's
//! identity. In the physical plan the body's last rows are sent to the beginning's second port. The
//! result leaves the beginning at its second output. The end is no operator at run time.
//!
//! The beginning emits the rows of a round, then the round's end. The round's end follows the rows
//! through the body and returns after the last of them. So a superstep needs no other barrier. Rows
//! of the next round wait in memory, or on disk if memory is scarce. The beginning [accepts
//! them](crate::strategy::DriverProperties::buffers) even while its own outputs are full: a loop
//! would otherwise wait for itself.
//!
//! Source: Ewen and others, *Spinning Fast Iterative Data Flows*, 2012.

mod begin;
mod end;
mod replay;
mod solution_set;

pub use begin::{LoopBegin, LoopTermination};
pub use end::LoopEnd;
pub use solution_set::SolutionJoin;
