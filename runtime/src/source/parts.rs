//! One file that several tasks encode.

use crate::error::Result;
use crate::memory::Memory;

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

    /// Hears where a piece lies in the file.
    fn placed(&self, piece: Placed) {
        let _ = piece;
    }

    /// What stands at the end of the file, from its byte `at` on, when all encoders have finished and all pieces are placed.
    ///
    /// # Errors
    /// A defect of the caller.
    fn end(&self, at: u64) -> Result<Vec<u8>>;
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
