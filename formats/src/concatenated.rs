//! Formats whose files are a head followed by encoded records, with no end.

use std::sync::Arc;

use runtime::error::Result;
use runtime::memory::Memory;
use runtime::row::Schema;
use runtime::source::{Encoder, Format, Parts};

/// Returns the parts of a format whose encoder writes a head and then whole records. Several
/// encoders can write one such file.
pub(super) fn concatenated(format: impl Format + 'static, schema: &Schema) -> Arc<dyn Parts> {
    Arc::new(Concatenated { format, schema: schema.clone() })
}

struct Concatenated<F> {
    format: F,
    schema: Schema,
}

impl<F: Format> Parts for Concatenated<F> {
    fn head(&self) -> Result<Vec<u8>> {
        let memory = Memory::unbounded("the head of a file");
        Ok(std::mem::take(self.format.encoder(&self.schema, &memory)?.output()))
    }

    fn encoder(&self, _: usize, memory: &Memory) -> Result<Box<dyn Encoder>> {
        let mut encoder = self.format.encoder(&self.schema, memory)?;
        encoder.output().clear();
        Ok(encoder)
    }

    fn end(&self, _: u64) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
}
