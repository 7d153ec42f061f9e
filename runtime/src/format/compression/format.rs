//! Encoded bytes, compressed.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::Compression;
use super::members::CompressedParts;
use crate::error::{Error, Result};
use crate::memory::{Memory, Reservation};
use crate::page::Input;
use crate::row::Schema;
use crate::source::{Encoder, Format, Parts};

/// Encoded bytes that are compressed at once.
pub(super) const PIECE_BYTES: usize = 1 << 16;

/// Zstandard's own default: about as fast as the disk, and smaller than gzip.
const ZSTD_LEVEL: i32 = 3;

/// What both compressors take beside their output: Zstandard's default level has a window of 2 MiB and tables of about 2 MiB, gzip much less.
pub(super) const ENCODER_BYTES: usize = 4 << 20;

/// The format, compressed where the output's name ends with `.gz` or `.zst`; a folder's name speaks for the files in it.
pub fn compressed_by_name(format: Arc<dyn Format>, path: &str) -> Arc<dyn Format> {
    match Compression::of(Path::new(path)) {
        Some(compression) => Arc::new(Compressed { format, compression }),
        None => format,
    }
}

struct Compressed {
    format: Arc<dyn Format>,
    compression: Compression,
}

impl Format for Compressed {
    fn name(&self) -> &'static str {
        self.format.name()
    }

    fn extension(&self) -> String {
        format!("{}.{}", self.format.extension(), self.compression.extension())
    }

    fn compresses_itself(&self) -> bool {
        self.format.compresses_itself()
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        let parts = self.format.parts(schema)?.filter(|_| self.compression.concatenates() && !self.compresses_itself());
        Ok(parts.map(|parts| Arc::new(CompressedParts::new(parts, self.compression)) as Arc<dyn Parts>))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        let compressor = Compressor::new(self.compression)?;
        let (encoder, reserved) = (self.format.encoder(schema, memory)?, memory.reserve(ENCODER_BYTES)?);
        Ok(Box::new(CompressedEncoder { encoder, compressor, reserved }))
    }
}

/// With a checksum, so that damage is found when the file is read.
fn zstd_encoder() -> std::io::Result<zstd::stream::write::Encoder<'static, Vec<u8>>> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

pub(super) fn failed(error: std::io::Error) -> Error {
    Error::Internal(format!("cannot compress: {error}"))
}

pub(super) enum Compressor {
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Compressor {
    pub(super) fn new(compression: Compression) -> Result<Self> {
        Ok(match compression {
            Compression::Gzip => {
                Compressor::Gzip(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default()))
            }
            Compression::Zstd => Compressor::Zstd(zstd_encoder().map_err(failed)?),
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Compressor::Gzip(encoder) => encoder.write_all(bytes),
            Compressor::Zstd(encoder) => encoder.write_all(bytes),
        }
    }

    pub(super) fn finish(&mut self) -> std::io::Result<()> {
        match self {
            Compressor::Gzip(encoder) => encoder.try_finish(),
            Compressor::Zstd(encoder) => encoder.do_finish(),
        }
    }

    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        match self {
            Compressor::Gzip(encoder) => encoder.get_mut(),
            Compressor::Zstd(encoder) => encoder.get_mut(),
        }
    }
}

struct CompressedEncoder {
    encoder: Box<dyn Encoder>,
    compressor: Compressor,
    reserved: Reservation,
}

impl CompressedEncoder {
    fn compress(&mut self) -> Result<()> {
        let encoded = self.encoder.output();
        self.compressor.write(encoded).map_err(failed)?;
        encoded.clear();
        self.reserved.resize(ENCODER_BYTES + self.compressor.output().capacity())
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
        self.compressor.finish().map_err(failed)
    }

    fn flush(&mut self) -> Result<()> {
        self.encoder.flush()?;
        self.compress()
    }

    fn kept_bytes(&self) -> usize {
        self.encoder.kept_bytes()
    }

    fn settle(&mut self) -> Result<()> {
        self.encoder.settle()?;
        self.reserved.resize(ENCODER_BYTES + self.compressor.output().capacity())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        self.compressor.output()
    }

    fn reserved(&mut self) -> &mut Reservation {
        &mut self.reserved
    }
}
