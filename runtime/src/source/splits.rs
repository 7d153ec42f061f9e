//! Parts of a source, and positions in them.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::{Error, Result};

/// A part of a source that one task reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Identifies the split of an endless source, in snapshots and messages. It is never used again
    /// for another one. Splits of sources that end may share a name.
    pub name: Arc<str>,
    /// For the source: the file or page.
    pub part: usize,
    /// For the source: bytes (of the decompressed content), or row groups.
    pub range: Range<u64>,
    /// Bytes that are read of it, for progress.
    pub bytes: u64,
}

impl Split {
    /// A named split.
    #[must_use]
    pub fn named(name: impl Into<Arc<str>>, part: usize) -> Self {
        Split { name: name.into(), part, range: 0..u64::MAX, bytes: 0 }
    }

    /// A range of a file.
    #[must_use]
    pub fn of_file(part: usize, range: Range<u64>, bytes: u64) -> Self {
        Split { name: Arc::default(), part, range, bytes }
    }
}

/// The splits that a source has now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SplitList {
    /// The splits.
    pub splits: Vec<Split>,
    /// No more splits will come.
    pub is_complete: bool,
}

impl SplitList {
    /// All splits of a source that ends.
    #[must_use]
    pub fn complete(splits: Vec<Split>) -> Self {
        SplitList { splits, is_complete: true }
    }
}

/// A position in a split. Only its source reads the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position(SmallVec<[u8; 48]>);

impl Position {
    /// Most bytes of a position.
    pub const MOST_BYTES: usize = 1 << 10;

    /// A position.
    ///
    /// # Errors
    /// Fails if there are more than [`Position::MOST_BYTES`].
    pub fn new(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > Self::MOST_BYTES {
            let count = bytes.len();
            let most = Self::MOST_BYTES;
            return Err(Error::Connector(format!(
                "a position has {count} bytes, and at most {most} are possible; store the rest in the source's own system"
            )));
        }
        Ok(Position(SmallVec::from_slice(bytes)))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number of a position made from one. `None` for other positions.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.0[..].try_into().ok().map(u64::from_le_bytes)
    }
}

impl From<u64> for Position {
    fn from(number: u64) -> Self {
        Position(SmallVec::from_slice(&number.to_le_bytes()))
    }
}

/// How far a split was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitPosition {
    /// The name of the split.
    pub split: Arc<str>,
    /// Where its next records start.
    pub position: Position,
    /// The greatest event time that was read of it, in microseconds since 1970, if that is known.
    pub greatest_time: Option<i64>,
}
