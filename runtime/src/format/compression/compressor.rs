//! A compressor of either kind.

use std::io::Write;

use super::Compression;
use crate::error::{Error, Result};

/// Encoded bytes that are compressed at once.
pub(super) const PIECE_BYTES: usize = 1 << 16;

/// Zstandard's own default: about as fast as the disk, and smaller than gzip.
const ZSTD_LEVEL: i32 = 3;

/// What both compressors take beside their output: Zstandard's default level has a window of 2 MiB and tables of about 2 MiB, gzip much less.
pub(super) const ENCODER_BYTES: usize = 4 << 20;

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
