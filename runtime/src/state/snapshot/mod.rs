//! The state of a table as bytes: what a mark gives, and what is restored from it. `docs/snapshots.md` draws the bytes.
//!
//! * [`event_times`]: the event times of a task, which a header holds.
//! * [`format`]: header, heads of images, end.
//! * [`marking`]: a table's images, one after the other, while the table goes on.
//! * [`restoring`]: images of former tasks, checked, row by row into the tables of other tasks.
//! * [`time`]: how far event time has come, where there are no rows.
//! * [`recovery`]: a table as the executor knows it, which takes its images and restores it.

mod event_times;
mod format;
pub(super) mod marking;
mod recovery;
pub(super) mod restoring;
mod time;

pub use event_times::EventTimes;
pub(crate) use time::{EventTimeState, GroupTimes};
