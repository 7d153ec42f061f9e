//! Sources whose splits grow.

use std::ops::Range;

use super::Split;
use crate::error::Result;

/// A source that grows. Tasks call [`Endless::extent`] and [`Endless::reach`] again and again, so these never block.
///
/// Splits are numbered from 0, and a number is never used again. A split is read from a position on, by whole records,
/// until it is sealed.
/// (The shape is that of FLIP-27, Flink's sources: splits with positions, readers, and an enumerator that finds new
/// splits. Here each task finds its own splits, by their numbers.)
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

    /// The name of a split in messages: its file.
    fn name(&self, part: usize) -> String;

    /// Checks that the records before these positions are those that were read. Called before a job goes on from a
    /// snapshot.
    ///
    /// # Errors
    /// Fails if a split is missing, shorter, or another one.
    fn resume(&self, starts: &[Position]) -> Result<()> {
        let _ = starts;
        Ok(())
    }

    /// Makes durable the records before these positions. Called before a snapshot is written that names them; may
    /// block.
    ///
    /// # Errors
    /// Fails if they cannot be written to disk.
    fn sync(&self, positions: &[Position]) -> Result<()> {
        let _ = positions;
        Ok(())
    }
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
    /// Identifies the records before it.
    pub mark: Mark,
}

/// Identifies the records before a position. Only the source that made it reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark(pub [u8; 32]);

impl Mark {
    /// The mark of a position that its source did not mark.
    pub const NONE: Mark = Mark([0; 32]);
}

impl Position {
    /// The beginning of a split.
    #[must_use]
    pub fn start_of(part: usize) -> Self {
        Position { part, offset: 0, mark: Mark::NONE }
    }

    /// The split from here on, up to `reach`.
    #[must_use]
    pub fn until(self, reach: u64) -> Split {
        let range: Range<u64> = self.offset..reach;
        Split { part: self.part, bytes: reach.saturating_sub(self.offset), range }
    }
}
