//! The last rows of buckets that wait, which share chunks.
//!
//! Buckets leave in the order of their keys, and tails come in the opposite one: what was put behind others leaves before them. So the chunks
//! are a stack, and a chunk is free when the tail at its beginning leaves.

use crate::sort::small_rows::chunks::Chunks;
use crate::sort::small_rows::sizes::{CHUNK_BYTES, Chunk, Sizes};

/// Where the next tail goes.
#[derive(Default)]
pub(crate) struct Tails {
    chunk: Option<usize>,
    next: usize,
    end: usize,
}

impl Tails {
    /// Goes on in another chunk: this one is full.
    pub(crate) fn begin(&mut self, chunk: usize, sizes: Sizes) {
        *self = Tails { chunk: Some(chunk), next: chunk, end: chunk + sizes.rows_of_chunk * sizes.width };
    }

    /// A place for up to so many rows; for none, where another chunk is to be begun.
    pub(crate) fn claim(&mut self, rows: usize, sizes: Sizes) -> Chunk {
        let claimed = Chunk { place: self.next, rows: rows.min((self.end - self.next) / sizes.width) };
        self.next += claimed.rows * sizes.width;
        claimed
    }

    /// Rows have left their place, which is a chunk of their own or was [claimed](Tails::claim) here, last of all that are here.
    pub(crate) fn leave(&mut self, left: Chunk, chunks: &mut Chunks) {
        let chunk = left.place - left.place % CHUNK_BYTES;
        if left.place > chunk {
            self.begin(chunk, chunks.sizes);
            self.next = left.place;
            return;
        }
        if self.chunk == Some(chunk) {
            *self = Tails::default();
        }
        chunks.free.push(chunk);
    }
}
