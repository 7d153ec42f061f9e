//! Snapshots of jobs. `docs/snapshots.md` draws the files.
//!
//! * `coordinator`: decides when a snapshot begins and is complete, as a state machine.
//! * `manifest`: the list of a snapshot's contents.
//! * `store`: the folder of the snapshots.
//! * `failpoints`: failpoints for tests.
//!
//! `exec::checkpoints` runs the protocol with locks and threads.
//!
//! # Protocol
//! A snapshot has one position in each source. It contains the effects of all records before these
//! positions, and of no others.
//!
//! 1. Sources inject a barrier at their position.
//! 2. Tasks align the barriers of their inputs (`stream::Alignment`), mark their state, and
//!    continue. The marked pages are written in the background.
//! 3. After all tasks have written their pages, the manifest is written in one step. Now the
//!    snapshot is complete.
//! 4. Sinks make visible the output that they wrote before the barrier. So a job that resumes from
//!    the snapshot repeats no visible output.
//!
//! Source: Carbone et al., *Lightweight Asynchronous Snapshots for Distributed Dataflows*, 2015.
//! Sinks commit in two phases, as in Flink 1.4.

mod coordinator;
#[cfg(test)]
mod crash_tests;
mod failpoints;
mod manifest;
mod store;

pub use crate::source::SplitPosition;
pub(crate) use coordinator::{Action, Coordinator};
pub(crate) use failpoints::failpoint;
pub(crate) use manifest::DAMAGE_ADVICE;
pub use manifest::{Manifest, OperatorSnapshot, StateFile};
pub use store::Store;
pub(crate) use store::{ObjectReader, ObjectWriter};
