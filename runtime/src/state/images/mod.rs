//! The state of a table as bytes: the images of a mark, and how they are restored.
//! `docs/snapshots.md` shows the bytes.

mod event_times;
mod format;
mod emit;
mod head;
pub(super) mod marking;
mod recovery;
pub(super) mod restoring;
mod time;

pub use event_times::EventTimes;
pub(crate) use time::{EventTimeState, GroupTimes};
