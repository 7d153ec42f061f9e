//! Bytes that wait on disk, whatever they are.

use xxhash_rust::xxh3::Xxh3Default;

use super::file::SpillFile;
use super::space::SpillSpace;
use crate::error::Result;

/// Bytes on disk, written behind each other and then read once, from the first to the last. Both wait for the disk.
pub struct SpilledBytes {
    file: SpillFile,
    bytes: u64,
    checksum: Xxh3Default,
}

impl SpilledBytes {
    /// None yet; there is no file before there are some.
    #[must_use]
    pub fn new(space: &SpillSpace) -> Self {
        SpilledBytes { file: space.file(), bytes: 0, checksum: Xxh3Default::new() }
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// What the disk says.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_bytes(self.bytes, bytes)?;
        self.checksum.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Gives all bytes to `take`, piece by piece, and holds them against what was written.
    ///
    /// # Errors
    /// What the disk or `take` says, or that the disk did not keep them.
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
        if checksum.digest() == self.checksum.digest() { Ok(()) } else { Err(self.file.changed()) }
    }
}
