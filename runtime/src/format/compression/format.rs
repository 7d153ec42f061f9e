//! Encoded bytes, compressed.

use std::path::Path;
use std::sync::Arc;

use super::Compression;
use super::compressor::{Compressor, ENCODER_BYTES, PIECE_BYTES, failed};
use super::members::CompressedParts;
use crate::error::Result;
use crate::memory::{Memory, Reservation};
use crate::page::Input;
use crate::row::Schema;
use crate::source::{Encoder, Format, Parts};

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
