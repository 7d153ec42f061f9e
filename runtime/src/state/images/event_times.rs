//! The event times of a task, as in the header of its state.

use std::ops::Range;

/// The event times of a task's key groups, in microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTimes {
    /// The minimum over all its key groups.
    pub(crate) least: i64,
    /// Ranges of key groups with a later time, which they had in the snapshot that the task was
    /// restored from.
    pub(crate) later: Vec<(Range<u16>, i64)>,
}

impl From<i64> for EventTimes {
    fn from(least: i64) -> Self {
        EventTimes { least, later: Vec::new() }
    }
}
