//! Functions that make a `Duration` of a number of units.

use std::time::Duration;

/// A duration of `count` milliseconds.
#[must_use]
pub const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A duration of `count` seconds.
#[must_use]
pub const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A duration of `count` minutes.
#[must_use]
pub const fn mins(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// A duration of `count` hours.
#[must_use]
pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(3_600 * count)
}
