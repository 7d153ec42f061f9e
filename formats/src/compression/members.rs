//! One compressed file that several tasks encode: what each gives are whole members of gzip, or frames of Zstandard.

use std::sync::Arc;

use super::encoder::CompressedEncoder;
use super::{Compression, Compressor, failed};

use runtime::error::Result;
use runtime::memory::Memory;
use runtime::source::{Encoder, Parts};

/// Parts of which each is compressed by itself.
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
    /// A member also where the format has no head: a file of nothing would be no compressed one.
    fn head(&self) -> Result<Vec<u8>> {
        self.member(&self.parts.head()?)
    }

    fn encoder(&self, part: usize, memory: &Memory) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(CompressedEncoder::of_members(self.parts.encoder(part, memory)?, self.compression, memory)?))
    }

    fn kept_bytes(&self) -> usize {
        self.parts.kept_bytes()
    }

    /// What an end says of places is of those before compression, which nobody knows: formats that need them compress by themselves.
    fn end(&self, at: u64) -> Result<Vec<u8>> {
        let end = self.parts.end(at)?;
        if end.is_empty() { Ok(end) } else { self.member(&end) }
    }
}
