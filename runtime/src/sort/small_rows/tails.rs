//! Tails: the last rows of waiting buckets, which share chunks.
//!
//! Buckets are emitted in the order of their keys, and tails are added in the opposite order. So a
//! tail is removed before those that were added earlier. The chunks are a stack: a chunk is free
//! when the tail at its beginning is removed.

use crate::sort::small_rows::chunks::Chunks;
use crate::sort::small_rows::sizes::{CHUNK_BYTES, Chunk, Sizes};

/// The chunk of the last tail, and the place of the next one.
#[derive(Default)]
pub(crate) struct Tails {
    chunk: Option<usize>,
    next: usize,
    end: usize,
}

impl Tails {
    /// Continues in an empty chunk, after the current one is full.
    pub(crate) fn begin_chunk(&mut self, chunk: usize, sizes: Sizes) {
        *self = Tails { chunk: Some(chunk), next: chunk, end: chunk + sizes.chunk_rows * sizes.width };
    }

    /// Claims a place for at most `rows` rows. The result has no rows if another chunk must be
    /// [begun](Tails::begin_chunk).
    pub(crate) fn claim(&mut self, rows: usize, sizes: Sizes) -> Chunk {
        let claimed = Chunk { place: self.next, rows: rows.min((self.end - self.next) / sizes.width) };
        self.next += claimed.rows * sizes.width;
        claimed
    }

    /// Frees the place of rows that were moved away. It is a chunk, or the place that was
    /// [claimed](Tails::claim) last of those still in use.
    pub(crate) fn release(&mut self, left: Chunk, chunks: &mut Chunks) {
        let chunk = left.place - left.place % CHUNK_BYTES;
        if left.place > chunk {
            self.begin_chunk(chunk, chunks.sizes);
            self.next = left.place;
            return;
        }
        if self.chunk == Some(chunk) {
            *self = Tails::default();
        }
        chunks.free.push(chunk);
    }
}
