//! Bulk iterations: a region of the plan that is run again and again over what it gave before.
//!
//! ```text
//!   initial ──► begin ──► body … ──► end ··► what is behind the loop
//!                 ▲                   │
//!                 └───── feedback ────┘
//! ```
//! In the logical plan a loop is a line: its end stands behind its body, and the body behind its beginning; both name the loop. In the physical plan the body's
//! last rows are shipped to the beginning's second port, and what the loop comes to leaves the beginning by its second output, so the end is no operator at run time.
//!
//! The beginning gives a round's rows, then says that the round has ended. That goes through the body with the rows, behind them, and comes back behind
//! the last of them: a superstep needs no other barrier. Rows of the next round wait meanwhile in memory, and on disk where that is scarce; they are
//! [absorbed](Driver::absorbs) also where the beginning itself is held back, or a loop would wait for itself.
//!
//! Source: Ewen and others, *Spinning Fast Iterative Data Flows*, 2012.

mod begin;
mod end;
mod replay;
mod solution_set;

pub use begin::{LoopBegin, LoopEnds};
pub use end::LoopEnd;
pub use solution_set::SolutionJoin;
