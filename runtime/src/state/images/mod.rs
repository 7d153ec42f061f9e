//! The state of a table as bytes: images of a mark, and what is restored from them.
//! `docs/snapshots.md` draws the bytes.

mod event_times;
mod format;
mod giving;
mod head;
pub(super) mod marking;
mod recovery;
pub(super) mod restoring;
mod time;

pub use event_times::EventTimes;
pub(crate) use time::{EventTimeState, GroupTimes};
