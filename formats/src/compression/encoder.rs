//! Encoded bytes, compressed: all of a file at once, or as members that stand by themselves.

use super::{Compression, Compressor, failed};
use runtime::error::Result;
use runtime::memory::{Memory, Reservation};
use runtime::page::Input;
use runtime::source::Encoder;

/// Encoded bytes that are compressed at a time.
const PIECE_BYTES: usize = 1 << 16;

/// Bytes of a compressor beside its output. Zstandard's default level has a window of 2 MiB and
/// tables of about 2 MiB. Gzip takes less.
const ENCODER_BYTES: usize = 4 << 20;

/// Encoded bytes of a member, and what a window of rows adds: gzip looks back 32 KiB and loses nothing by that, Zstandard loses a little.
const MEMBER_BYTES: usize = 1 << 20;

/// What a member takes while it grows, at most: one that cannot be made smaller, in a buffer that has doubled.
const HELD_BYTES: usize = ENCODER_BYTES + 2 * MEMBER_BYTES;

pub(super) struct CompressedEncoder {
    encoder: Box<dyn Encoder>,
    compressor: Compressor,
    /// Where others add to the file, too.
    members: Option<Members>,
    reserved: Reservation,
}

/// Whole members, behind which one grows.
struct Members {
    compression: Compression,
    whole: Vec<u8>,
    /// Encoded bytes in the member that grows.
    encoded_bytes: usize,
}

impl CompressedEncoder {
    /// For a whole file.
    pub(super) fn new(encoder: Box<dyn Encoder>, compression: Compression, memory: &Memory) -> Result<Self> {
        let (compressor, reserved) = (Compressor::new(compression)?, memory.reserve(ENCODER_BYTES)?);
        Ok(CompressedEncoder { encoder, compressor, members: None, reserved })
    }

    /// For a file that others add to.
    pub(super) fn of_members(encoder: Box<dyn Encoder>, compression: Compression, memory: &Memory) -> Result<Self> {
        let (compressor, reserved) = (Compressor::new(compression)?, memory.reserve(HELD_BYTES)?);
        let members = Some(Members { compression, whole: Vec::new(), encoded_bytes: 0 });
        Ok(CompressedEncoder { encoder, compressor, members, reserved })
    }

    fn compress(&mut self) -> Result<()> {
        let encoded = self.encoder.output();
        self.compressor.write(encoded).map_err(failed)?;
        if let Some(members) = &mut self.members {
            members.encoded_bytes += encoded.len();
        }
        encoded.clear();
        // Here, and nowhere else, records are whole.
        if self.members.as_ref().is_some_and(|members| members.encoded_bytes >= MEMBER_BYTES) {
            self.end_member()?;
        }
        self.pay()
    }

    fn end_member(&mut self) -> Result<()> {
        if let Some(Members { compression, whole, encoded_bytes }) = &mut self.members
            && std::mem::take(encoded_bytes) > 0
        {
            let mut ended = std::mem::replace(&mut self.compressor, Compressor::new(*compression)?);
            ended.finish().map_err(failed)?;
            whole.reserve_exact(ended.output().len());
            whole.append(ended.output());
        }
        self.pay()
    }

    fn pay(&mut self) -> Result<()> {
        let growing_bytes = ENCODER_BYTES + self.compressor.output().capacity();
        self.reserved.resize(match &self.members {
            None => growing_bytes,
            Some(members) => growing_bytes.max(HELD_BYTES) + members.whole.capacity(),
        })
    }
}

impl Encoder for CompressedEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        self.encoder.encode(input)?;
        if self.encoder.output().len() >= PIECE_BYTES { self.compress() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<()> {
        self.encoder.finish()?;
        self.compress()?;
        match self.members {
            None => self.compressor.finish().map_err(failed),
            Some(_) => self.end_member(),
        }
    }

    fn flush(&mut self) -> Result<()> {
        self.encoder.flush()?;
        self.compress()?;
        self.end_member()
    }

    fn kept_bytes(&self) -> usize {
        self.encoder.kept_bytes() + self.members.as_ref().map_or(0, |members| members.encoded_bytes)
    }

    fn shrink_reservation(&mut self) -> Result<()> {
        self.encoder.shrink_reservation()?;
        self.pay()
    }

    fn output(&mut self) -> &mut Vec<u8> {
        match &mut self.members {
            None => self.compressor.output(),
            Some(members) => &mut members.whole,
        }
    }

    fn reserved(&mut self) -> &mut Reservation {
        &mut self.reserved
    }
}
