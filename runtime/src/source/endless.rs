//! Sources whose splits grow.

use std::ops::Range;

use super::Split;
use crate::error::Result;

/// What a source that grows says of itself. Both are asked again and again, by tasks: they look something up, and wait for nothing.
///
/// Splits are numbered from 0, and a number is never given again. A split is read from a position on, by records whole, and goes on until it is sealed.
/// (The shape is that of FLIP-27, Flink's sources: splits that carry positions, readers that say what they have, and somebody who finds new
/// splits. Here tasks find them by themselves, since who reads which follows from its number.)
pub trait Endless: Send + Sync {
    /// The splits that there are now.
    ///
    /// # Errors
    /// Where that cannot be looked up.
    fn extent(&self) -> Result<Extent>;

    /// How far a split reaches now, in the unit of positions: what is beyond it is not to be asked for. It may go back by what was not yet a whole record.
    ///
    /// # Errors
    /// As [`Endless::extent`].
    fn reach(&self, part: usize) -> Result<u64>;
}

/// The splits of a source that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// How many there are: their parts are the numbers below.
    pub splits: usize,
    /// No more will come, and each of them is sealed.
    pub is_complete: bool,
}

/// How far a split was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The split's part.
    pub part: usize,
    /// Where the next records begin: a byte of a file, a number of a record. 0 is the beginning.
    pub offset: u64,
}

impl Position {
    /// The beginning of a split.
    #[must_use]
    pub fn start_of(part: usize) -> Self {
        Position { part, offset: 0 }
    }

    /// What there is of the split from here on, where it reaches so far.
    #[must_use]
    pub fn until(self, reach: u64) -> Split {
        let range: Range<u64> = self.offset..reach;
        Split { part: self.part, bytes: reach.saturating_sub(self.offset), range }
    }
}
