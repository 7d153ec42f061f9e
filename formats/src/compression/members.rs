//! One compressed file that several tasks encode. Each task writes whole members of gzip or frames
//! of Zstandard.

use std::sync::Arc;

use super::encoder::CompressedEncoder;
use super::{Compression, Compressor, failed};

use runtime::error::Result;
use runtime::memory::Memory;
use runtime::source::{Encoder, Parts};

/// Parts that are compressed independently.
pub(super) struct CompressedParts {
    parts: Arc<dyn Parts>,
    compression: Compression,
}

impl CompressedParts {
    pub(super) fn new(parts: Arc<dyn Parts>, compression: Compression) -> Self {
        CompressedParts { parts, compression }
    }

    fn member(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut compressor = Compressor::new(self.compression)?;
        compressor.write(bytes).and_then(|()| compressor.finish()).map_err(failed)?;
        Ok(std::mem::take(compressor.output()))
    }
}

impl Parts for CompressedParts {
    /// Writes a member even if the format has no head, because a file without members is not a
    /// valid compressed file.
    fn head(&self) -> Result<Vec<u8>> {
        self.member(&self.parts.head()?)
    }

    fn encoder(&self, part: usize, memory: &Memory) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(CompressedEncoder::of_members(self.parts.encoder(part, memory)?, self.compression, memory)?))
    }

    fn kept_bytes(&self) -> usize {
        self.parts.kept_bytes()
    }

    /// `at` is the offset before compression, which is unknown here. Formats whose end needs
    /// offsets compress by themselves.
    fn end(&self, at: u64) -> Result<Vec<u8>> {
        let end = self.parts.end(at)?;
        if end.is_empty() { Ok(end) } else { self.member(&end) }
    }
}
