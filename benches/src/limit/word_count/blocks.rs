//! Reads a file in blocks. Each word belongs to the block in which it begins.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::scan::STRIDE;

/// Small enough that a block stays in a core's second-level cache until it is scanned.
const BLOCK_BYTES: usize = 256 << 10;

/// Bytes to read past the end of a block at first, for a word that begins in the block and ends
/// after it.
const LOOK_AHEAD_BYTES: usize = 64;

/// Readable bytes after the text in a buffer, since a scan step and a 16-byte load may run past its
/// end.
const PADDING_BYTES: usize = 2 * STRIDE;

/// A buffer that holds one block at a time.
pub(super) struct BlockReader<'a> {
    file: &'a File,
    file_bytes: u64,
    buffer: Vec<u8>,
    words: std::ops::Range<usize>,
}

impl<'a> BlockReader<'a> {
    pub(super) fn new(file: &'a File, file_bytes: u64) -> Self {
        Self { file, file_bytes, buffer: vec![0; 1 + BLOCK_BYTES + LOOK_AHEAD_BYTES + PADDING_BYTES], words: 0..0 }
    }

    /// Reads the block with an index. Returns `false` after the last one.
    pub(super) fn read(&mut self, index: u64) -> io::Result<bool> {
        let start = index * BLOCK_BYTES as u64;
        if start >= self.file_bytes {
            return Ok(false);
        }
        // The byte before the block shows whether its first word begins there.
        let (from, lead) = if index == 0 { (0, 0) } else { (start - 1, 1) };
        let block_len = BLOCK_BYTES.min((self.file_bytes - start) as usize);
        let block_end = lead + block_len;
        let mut look_ahead = LOOK_AHEAD_BYTES;
        loop {
            let wanted = block_end + look_ahead;
            let len = wanted.min((self.file_bytes - from) as usize);
            if self.buffer.len() < len + PADDING_BYTES {
                self.buffer.resize(len + PADDING_BYTES, 0);
            }
            self.file.read_exact_at(&mut self.buffer[..len], from)?;
            // The end of the file ends a word.
            self.buffer[len..len + PADDING_BYTES].fill(b' ');
            let first = if lead == 0 { 0 } else { end_of_word(&self.buffer, 0) };
            if first >= block_end {
                self.words = 0..0;
                return Ok(true);
            }
            // The last byte of the block decides where the last word ends.
            let end = end_of_word(&self.buffer, block_end - 1);
            if end < len || len < wanted {
                self.words = first..end.min(len);
                return Ok(true);
            }
            look_ahead *= 8;
        }
    }

    /// The buffer and the range of whole words in it. After the range there is white space or a
    /// byte of padding, and at least [`STRIDE`] bytes more.
    pub(super) fn words(&self) -> (&[u8], std::ops::Range<usize>) {
        (&self.buffer, self.words.clone())
    }
}

/// The first white space at or after `position`. The padding contains some.
fn end_of_word(buffer: &[u8], position: usize) -> usize {
    let tail = buffer.get(position..).unwrap_or_default();
    position + tail.iter().position(u8::is_ascii_whitespace).unwrap_or(tail.len())
}
