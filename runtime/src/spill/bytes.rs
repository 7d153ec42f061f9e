//! Bytes of any kind that wait on disk.

use xxhash_rust::xxh3::Xxh3Default;

use super::file::SpillFile;
use super::space::SpillSpace;
use crate::error::Result;

/// Bytes on disk, appended in order and read from first to last. Both calls wait for the disk.
pub struct SpilledBytes {
    file: SpillFile,
    bytes: u64,
    checksum: Xxh3Default,
}

impl SpilledBytes {
    /// Creates an empty sequence. A file is created by the first [`SpilledBytes::append`].
    #[must_use]
    pub fn new(space: &SpillSpace) -> Self {
        SpilledBytes { file: space.file(), bytes: 0, checksum: Xxh3Default::new() }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// Fails if they cannot be written.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_bytes(self.bytes, bytes)?;
        self.checksum.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Passes all bytes to `take`, in pieces of up to 64 KiB, and compares their checksum at the
    /// end.
    ///
    /// # Errors
    /// Fails if the disk or `take` fails, or if the checksum does not match.
    pub fn read(&self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        const PIECE_BYTES: u64 = 1 << 16;
        let (mut at, mut checksum) = (0, Xxh3Default::new());
        let mut piece = vec![0; self.bytes.min(PIECE_BYTES) as usize];
        while at < self.bytes {
            let piece = &mut piece[..(self.bytes - at).min(PIECE_BYTES) as usize];
            self.file.read_bytes(at, piece)?;
            checksum.update(piece);
            take(piece)?;
            at += piece.len() as u64;
        }
        if checksum.digest() == self.checksum.digest() { Ok(()) } else { Err(self.file.changed_error()) }
    }
}
