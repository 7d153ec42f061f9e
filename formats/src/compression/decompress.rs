//! Decompresses the bytes of a file.

use std::io::Write;

use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;
use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::{Compression, Damaged, LARGEST_WINDOW_LOG};
use runtime::error::{Error, Result};

/// Largest output of one Zstandard call: a block.
const BLOCK_BYTES: usize = 1 << 17;

/// Decompresses one file from its beginning: all members of gzip, all frames of Zstandard.
pub(crate) struct Decompressor {
    codec: Codec,
    compression: Compression,
    /// Bytes of the file that were used.
    used: u64,
}

enum Codec {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd {
        decoder: Decoder<'static>,
        /// `true` if the decoder may have output left without more input.
        holds_output: bool,
        /// `true` if a frame has ended and no other has begun.
        between_frames: bool,
    },
}

impl Decompressor {
    /// Creates a decompressor for the beginning of a file.
    ///
    /// # Errors
    /// Fails if the library cannot be set up.
    pub(crate) fn new(compression: Compression) -> Result<Self> {
        let codec = match compression {
            Compression::Gzip => Codec::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Compression::Zstd => Codec::Zstd { decoder: zstd_decoder()?, holds_output: false, between_frames: false },
        };
        Ok(Decompressor { codec, compression, used: 0 })
    }

    /// Returns the number of bytes of the file that were used.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    /// Appends decompressed bytes to `out` and removes the used bytes from `input`. Stops when
    /// `input` is empty or `out` has `enough` bytes. `out` may get one block more.
    ///
    /// # Errors
    /// Fails if the input is damaged or not in the compressed format.
    pub(crate) fn run(&mut self, input: &mut Bytes, out: &mut Vec<u8>, enough: usize) -> Result<(), Damaged> {
        while out.len() < enough && (!input.is_empty() || self.holds_output()) {
            let used = self.step(input, out).map_err(|error| self.damaged(&error))?;
            input.advance(used);
            self.used += used as u64;
        }
        Ok(())
    }

    fn holds_output(&self) -> bool {
        matches!(self.codec, Codec::Zstd { holds_output: true, .. })
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> std::io::Result<usize> {
        match &mut self.codec {
            Codec::Gzip(decoder) => {
                std::mem::swap(decoder.get_mut(), out);
                let used = decoder.write(input);
                std::mem::swap(decoder.get_mut(), out);
                used
            }
            Codec::Zstd { decoder, holds_output, between_frames } => {
                let begin = out.len();
                out.resize(begin + BLOCK_BYTES, 0);
                let status = decoder.run_on_buffers(input, &mut out[begin..]);
                let written = status.as_ref().map_or(0, |status| status.bytes_written);
                out.truncate(begin + written);
                let status = status?;
                *holds_output = written == BLOCK_BYTES;
                *between_frames = status.remaining == 0;
                Ok(status.bytes_read)
            }
        }
    }

    /// Ends the file and appends the rest of the output.
    ///
    /// # Errors
    /// Fails if the file is truncated or its checksum does not match.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Damaged> {
        let whole = match &mut self.codec {
            Codec::Gzip(decoder) => {
                std::mem::swap(decoder.get_mut(), out);
                let finished = decoder.try_finish();
                std::mem::swap(decoder.get_mut(), out);
                finished.is_ok()
            }
            Codec::Zstd { between_frames, .. } => *between_frames,
        };
        let compression = self.compression;
        let message = match compression {
            _ if whole => return Ok(()),
            Compression::Gzip => {
                format!("the file ends within {compression} data, or the checksum at its end does not match")
            }
            Compression::Zstd => format!("the file ends within a {compression} frame"),
        };
        Err(Damaged { at: self.used, message: message + "; it was cut or damaged, get it again" })
    }

    fn damaged(&self, error: &std::io::Error) -> Damaged {
        let compression = self.compression;
        let message = if self.used == 0 {
            format!("expected a {compression} file, as its name says, found something else ({error})")
        } else {
            format!("expected {compression} data, found damaged bytes ({error}); get the file again")
        };
        Damaged { at: self.used, message }
    }
}

fn zstd_decoder() -> Result<Decoder<'static>> {
    let failed = |error: std::io::Error| Error::Internal(format!("cannot set up Zstandard: {error}"));
    let mut decoder = Decoder::new().map_err(failed)?;
    decoder.set_parameter(DParameter::WindowLogMax(LARGEST_WINDOW_LOG)).map_err(failed)?;
    Ok(decoder)
}
