//! One compressed file that several tasks encode: what each gives are whole members of gzip, or frames of Zstandard.

use std::sync::Arc;

use super::Compression;
use super::compressor::{Compressor, ENCODER_BYTES, PIECE_BYTES, failed};
use crate::error::Result;
use crate::memory::{Memory, Reservation};
use crate::page::Input;
use crate::source::{Encoder, Parts};

/// Encoded bytes of a member, and what a window of rows adds: gzip looks back 32 KiB and loses nothing by that, Zstandard loses a little.
const MEMBER_BYTES: usize = 1 << 20;

/// What a member takes while it grows, at most: one that cannot be made smaller, in a buffer that has doubled.
const HELD_BYTES: usize = ENCODER_BYTES + 2 * MEMBER_BYTES;

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
        Ok(Box::new(MemberEncoder {
            encoder: self.parts.encoder(part, memory)?,
            compression: self.compression,
            compressor: Compressor::new(self.compression)?,
            member_bytes: 0,
            output: Vec::new(),
            reserved: memory.reserve(HELD_BYTES)?,
        }))
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

struct MemberEncoder {
    encoder: Box<dyn Encoder>,
    compression: Compression,
    compressor: Compressor,
    /// Encoded bytes in the member that grows.
    member_bytes: usize,
    /// Whole members.
    output: Vec<u8>,
    reserved: Reservation,
}

impl MemberEncoder {
    fn compress(&mut self) -> Result<()> {
        let encoded = self.encoder.output();
        self.compressor.write(encoded).map_err(failed)?;
        self.member_bytes += encoded.len();
        encoded.clear();
        // Here, and nowhere else, records are whole.
        if self.member_bytes >= MEMBER_BYTES { self.end_member() } else { self.settle() }
    }

    fn end_member(&mut self) -> Result<()> {
        if self.member_bytes > 0 {
            let mut ended = std::mem::replace(&mut self.compressor, Compressor::new(self.compression)?);
            ended.finish().map_err(failed)?;
            self.output.reserve_exact(ended.output().len());
            self.output.append(ended.output());
            self.member_bytes = 0;
        }
        self.settle()
    }
}

impl Encoder for MemberEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        self.encoder.encode(input)?;
        if self.encoder.output().len() >= PIECE_BYTES { self.compress() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<()> {
        self.encoder.finish()?;
        self.compress()?;
        self.end_member()
    }

    fn flush(&mut self) -> Result<()> {
        self.encoder.flush()?;
        self.compress()?;
        self.end_member()
    }

    fn kept_bytes(&self) -> usize {
        self.encoder.kept_bytes() + self.member_bytes
    }

    fn settle(&mut self) -> Result<()> {
        self.encoder.settle()?;
        let held_bytes = HELD_BYTES.max(ENCODER_BYTES + self.compressor.output().capacity());
        self.reserved.resize(held_bytes + self.output.capacity())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    fn reserved(&mut self) -> &mut Reservation {
        &mut self.reserved
    }
}
