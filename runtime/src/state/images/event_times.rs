//! The event times of a task, as the header of its state holds them.

use std::ops::Range;

/// How far event time has come in a task, in microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTimes {
    /// For all its key groups.
    pub(crate) least: i64,
    /// The key groups for which it was further in the snapshot that the task was restored from.
    pub(crate) later: Vec<(Range<u16>, i64)>,
}

impl From<i64> for EventTimes {
    fn from(least: i64) -> Self {
        EventTimes { least, later: Vec::new() }
    }
}
