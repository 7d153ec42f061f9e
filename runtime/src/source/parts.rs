//! Encoding one file in several tasks.

use crate::error::Result;
use crate::memory::{Memory, Reservation};

use super::Encoder;

/// One file that the encoders of several tasks write.
///
/// Each encoder returns *pieces*: whole records, encoded independently of other pieces. The pieces
/// of one encoder keep their order in the file. Pieces of different encoders may interleave.
pub trait Parts: Send + Sync {
    /// The bytes before the first piece.
    ///
    /// # Errors
    /// As [`Parts::encoder`].
    fn head(&self) -> Result<Vec<u8>>;

    /// Returns the encoder of the part with this number.
    ///
    /// At any time, the bytes in its output are a piece. It writes no head. [`Encoder::finish`]
    /// outputs its last piece, and records what [`Parts::end`] needs.
    ///
    /// # Errors
    /// Fails if the format cannot hold the record, or memory is refused.
    fn encoder(&self, part: usize, memory: &Memory) -> Result<Box<dyn Encoder>>;

    /// Minimum memory of an encoder in bytes, without its output and its initial reservation.
    fn kept_bytes(&self) -> usize {
        0
    }

    /// Records the position of a piece in the file.
    fn placed(&self, piece: PlacedPiece) {
        let _ = piece;
    }

    /// Takes the rows that the parts before `part` have held back, as one piece in the order of the
    /// parts. An encoder holds rows back at its end if they are too few for a piece.
    ///
    /// Called after these encoders have finished. `None` if no such rows are left.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    fn left_before(&self, part: usize) -> Result<Option<LeftoverPiece>> {
        let _ = part;
        Ok(None)
    }

    /// The bytes at the end of the file, which begin at offset `at`. Called after all encoders have
    /// finished and all pieces are placed.
    ///
    /// # Errors
    /// Fails if the caller has a defect.
    fn end(&self, at: u64) -> Result<Vec<u8>>;
}

/// A piece of rows that several encoders held back.
pub struct LeftoverPiece {
    /// The number of the part that consists of this piece.
    pub part: usize,
    /// The bytes of the piece.
    pub bytes: Vec<u8>,
    /// The memory reservations for the bytes.
    pub reserved: Vec<Reservation>,
}

/// The position of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedPiece {
    /// The part that the piece belongs to.
    pub part: usize,
    /// The offset in the output of the part's encoder, in bytes.
    pub begin: u64,
    /// The length in bytes.
    pub bytes: u64,
    /// The offset in the file, in bytes.
    pub at: u64,
}
