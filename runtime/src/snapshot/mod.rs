//! Snapshots of jobs: when they are taken, what they say, where they lie. `docs/snapshots.md` draws the files.
//!
//! A snapshot is the state of a job between two records of each source: what was read before belongs to it, with all that was made of it, and nothing else. Sources
//! cut their streams by barriers, tasks bring those of their inputs together (`stream::Alignment`), mark their state and go on; the marked pages are written
//! beside the job. When the last task has written the last page the manifest is, in one step, and with it the snapshot is there. Only then do
//! sinks show what they wrote before the barrier, so who goes on from a snapshot repeats nothing that was seen.
//! (Carbone and others, *Lightweight Asynchronous Snapshots for Distributed Dataflows*, 2015; two-phase commit by sinks as in Flink 1.4.)
//!
//! * `coordinator`: which snapshot is begun when, and when it is whole: a state machine without threads.
//! * `manifest`: what a snapshot says of itself.
//! * `store`: where snapshots lie.
//! * `kill_points`: places where a test has the process killed.

mod coordinator;
#[cfg(test)]
mod crash_tests;
mod kill_points;
mod manifest;
mod store;

pub use crate::source::SplitPosition;
pub(crate) use coordinator::{Action, Coordinator};
pub(crate) use kill_points::kill_point;
pub(crate) use manifest::OTHERWISE;
pub use manifest::{Manifest, OperatorSnapshot, StateFile};
pub use store::Store;
pub(crate) use store::{ObjectReader, ObjectWriter};
