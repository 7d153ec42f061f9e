//! A compressor for either kind of compression.

use std::io::Write;

use super::{Compression, failed};
use runtime::error::Result;

/// Zstandard's default level: about as fast as a disk, and smaller than gzip.
const ZSTD_LEVEL: i32 = 3;

/// Writes a checksum, so that damage is found when the file is read.
fn zstd_encoder() -> std::io::Result<zstd::stream::write::Encoder<'static, Vec<u8>>> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
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
