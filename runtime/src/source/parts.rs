//! One file that several tasks encode.

use crate::error::Result;
use crate::memory::{Memory, Reservation};

use super::Encoder;

/// One file as the encoders of several tasks make it. What an encoder gives are *pieces*: whole records, encoded apart from all others, so a file may hold
/// the pieces of all encoders in any order, those of one encoder in the order in which it gave them. Made for one file.
pub trait Parts: Send + Sync {
    /// What the file begins with, before the first piece.
    ///
    /// # Errors
    /// As [`Parts::encoder`].
    fn head(&self) -> Result<Vec<u8>>;

    /// The encoder of a part, by the part's number. Whatever is in its output makes a piece, at any time; it has no head, and
    /// [`Encoder::finish`] gives its last piece and says what the file's end must know of it.
    ///
    /// # Errors
    /// Where the record cannot be written in this format, or memory is refused.
    fn encoder(&self, part: usize, memory: &Memory) -> Result<Box<dyn Encoder>>;

    /// What an encoder works with at least, beside its output and what it reserves from the start.
    fn kept_bytes(&self) -> usize {
        0
    }

    /// Hears where a piece lies in the file.
    fn placed(&self, piece: Placed) {
        let _ = piece;
    }

    /// What the encoders of the parts before `part` kept back when they finished, since it was too little for a piece of its own: as one piece of all of
    /// them, in the order of the parts, which is asked for once they have finished.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    fn left_before(&self, part: usize) -> Result<Option<LeftOver>> {
        let _ = part;
        Ok(None)
    }

    /// What stands at the end of the file, from its byte `at` on, when all encoders have finished and all pieces are placed.
    ///
    /// # Errors
    /// A defect of the caller.
    fn end(&self, at: u64) -> Result<Vec<u8>>;
}

/// A piece of what several encoders kept back.
pub struct LeftOver {
    /// The number of the part that it makes by itself.
    pub part: usize,
    /// The piece.
    pub bytes: Vec<u8>,
    /// What pays for it.
    pub reserved: Vec<Reservation>,
}

/// Where a piece lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The part that it is of.
    pub part: usize,
    /// Where it begins among all bytes that the part's encoder gave.
    pub begin: u64,
    /// How long it is.
    pub bytes: u64,
    /// Where it begins in the file.
    pub at: u64,
}
