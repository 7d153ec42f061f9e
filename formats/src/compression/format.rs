//! A format whose files are compressed.

use std::path::Path;
use std::sync::Arc;

use super::Compression;
use super::encoder::CompressedEncoder;
use super::members::CompressedParts;
use runtime::error::Result;
use runtime::memory::Memory;
use runtime::row::Schema;
use runtime::source::{Encoder, Format, Parts};

/// Wraps a format in compression if the output's name ends with `.gz` or `.zst`. The name of a
/// folder applies to the files in it.
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
        Ok(Box::new(CompressedEncoder::new(self.format.encoder(schema, memory)?, self.compression, memory)?))
    }
}
