//! Compresses encoded bytes: a whole file as one stream, or as members that decompress on their
//! own.

use super::{Compression, Compressor, failed};
use runtime::error::Result;
use runtime::memory::{Memory, Reservation};
use runtime::page::Input;
use runtime::source::Encoder;

/// Encoded bytes that are compressed at a time.
const PIECE_BYTES: usize = 1 << 16;

/// Memory of a compressor, without its output. Zstandard's default level has a window of 2 MiB and
/// tables of about 2 MiB. Gzip takes less.
const ENCODER_BYTES: usize = 4 << 20;

/// Encoded bytes after which a member ends. gzip refers back 32 KiB at most, so its ratio does not
/// suffer. Zstandard's gets a little worse.
const MEMBER_BYTES: usize = 1 << 20;

/// Most memory of a growing member: incompressible data, in a buffer that has doubled.
const HELD_BYTES: usize = ENCODER_BYTES + 2 * MEMBER_BYTES;

pub(super) struct CompressedEncoder {
    encoder: Box<dyn Encoder>,
    compressor: Compressor,
    /// `Some` if other encoders also write to the file.
    members: Option<Members>,
    reserved: Reservation,
}

/// Finished members, followed by the one that grows.
struct Members {
    compression: Compression,
    whole: Vec<u8>,
    /// Encoded bytes in the growing member.
    encoded_bytes: usize,
}

impl CompressedEncoder {
    /// Creates an encoder for a whole file.
    pub(super) fn new(encoder: Box<dyn Encoder>, compression: Compression, memory: &Memory) -> Result<Self> {
        let (compressor, reserved) = (Compressor::new(compression)?, memory.reserve(ENCODER_BYTES)?);
        Ok(CompressedEncoder { encoder, compressor, members: None, reserved })
    }

    /// Creates an encoder for a file that other encoders also write to.
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
        // Only at this point does the output hold whole records.
        if self.members.as_ref().is_some_and(|members| members.encoded_bytes >= MEMBER_BYTES) {
            self.end_member()?;
        }
        self.resize_reservation()
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
        self.resize_reservation()
    }

    fn resize_reservation(&mut self) -> Result<()> {
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

    fn settle(&mut self) -> Result<()> {
        self.encoder.settle()?;
        self.resize_reservation()
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
