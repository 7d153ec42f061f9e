//! The decoded content of a file, read from its beginning. Used when a source is made, and to find
//! lines for messages.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr_iter;

use super::InputFile;
use crate::text_encoding::ContentDecoder;
use runtime::error::Result;
use runtime::storage::StoredObject;

/// The byte-order mark that some programs write before UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a file piece by piece. Decompresses it as its name states, and decodes its text to UTF-8.
pub(crate) struct Contents<'f> {
    file: &'f InputFile,
    handle: Arc<dyn StoredObject>,
    decoder: Option<ContentDecoder>,
    /// Bytes read at a time, and the target size of a decoded piece.
    piece_bytes: usize,
    /// Bytes read from the file.
    read: u64,
    rest: Bytes,
    is_finished: bool,
}

impl<'f> Contents<'f> {
    /// # Errors
    /// Fails if the file cannot be opened.
    pub(crate) fn new(file: &'f InputFile, piece_bytes: usize) -> Result<Self> {
        let decoder = ContentDecoder::of(file.compression(), file.encoding())?;
        let handle = file.open()?;
        Ok(Contents { file, handle, decoder, piece_bytes, read: 0, rest: Bytes::new(), is_finished: false })
    }

    /// Counts the lines that end within a range of the content.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is damaged.
    pub(crate) fn lines(file: &InputFile, range: std::ops::Range<u64>) -> Result<u64> {
        let mut contents = Contents::new(file, 1 << 18)?;
        // An encoded file can only be read from its beginning.
        let mut at = if file.is_encoded() { 0 } else { range.start };
        contents.read = at;
        let mut lines = 0;
        while at < range.end {
            let piece = contents.next()?;
            if piece.is_empty() {
                break;
            }
            let place = |place: u64| usize::try_from(place.saturating_sub(at)).unwrap_or(usize::MAX).min(piece.len());
            lines += memchr_iter(b'\n', &piece[place(range.start)..place(range.end)]).count() as u64;
            at += piece.len() as u64;
        }
        Ok(lines)
    }

    /// Returns the number of bytes of the file that the pieces so far were decoded from.
    pub(crate) fn used(&self) -> u64 {
        self.decoder.as_ref().map_or(self.read, ContentDecoder::used)
    }

    /// Returns the next piece. It is empty at the end of the file.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is damaged.
    pub(crate) fn next(&mut self) -> Result<Bytes> {
        let mut out = Vec::new();
        while out.is_empty() && !self.is_finished {
            if self.rest.is_empty() {
                let mut buffer = vec![0; self.piece_bytes];
                let count = self.file.read_at(&*self.handle, self.read, &mut buffer)?;
                buffer.truncate(count);
                self.read += count as u64;
                self.is_finished = count == 0;
                self.rest = buffer.into();
            }
            let Some(decoder) = &mut self.decoder else {
                return Ok(std::mem::take(&mut self.rest));
            };
            let result = match self.is_finished {
                true => decoder.finish(&mut out),
                false => decoder.run(&mut self.rest, &mut out, self.piece_bytes),
            };
            result.map_err(|damaged| self.file.damaged(damaged))?;
        }
        Ok(out.into())
    }
}

/// Returns the first bytes of the content, at least `wanted` unless it is shorter. The flag is
/// `true` if they are the whole content.
///
/// # Errors
/// Fails if the file cannot be read, or is damaged.
pub(crate) fn beginning(file: &InputFile, wanted: usize) -> Result<(Vec<u8>, bool)> {
    let mut contents = Contents::new(file, wanted)?;
    let mut bytes = Vec::new();
    loop {
        let piece = contents.next()?;
        if piece.is_empty() {
            return Ok((bytes, true));
        }
        bytes.extend_from_slice(&piece);
        if bytes.len() >= wanted {
            return Ok((bytes, false));
        }
    }
}
