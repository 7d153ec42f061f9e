//! Text files, written.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::cells::{Cell, is_writable};
use crate::format::concatenated::concatenated;
use crate::memory::{Memory, Reservation};
use crate::output::Appending;
use crate::page::Input;
use crate::row::{LeafType, Schema};
use crate::source::{Encoder, Format, Parts};

/// One value a line, for records of one field.
///
/// # Limits
/// A text is written as it is: one with a newline in it is several lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextFormat;

impl Format for TextFormat {
    fn name(&self) -> &'static str {
        "text"
    }

    fn appending(&self) -> Appending {
        Appending::Lines
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        Ok(Some(concatenated(*self, schema)))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        match schema.leaves() {
            [leaf] if is_writable(leaf.ty) => {
                Ok(Box::new(TextEncoder { ty: leaf.ty, output: Vec::new(), reserved: memory.reserve(0)? }))
            }
            _ => Err(Error::Plan(format!(
                "a text file holds one value a line, and the record is {}; write it as CSV or Parquet, or map it to a String",
                schema.describe()
            ))),
        }
    }
}

struct TextEncoder {
    ty: LeafType,
    output: Vec<u8>,
    reserved: Reservation,
}

impl Encoder for TextEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        let (ty, output) = (self.ty, &mut self.output);
        input.visit(|mut leaves, rows| {
            let cell = Cell::take(&mut leaves, ty);
            for position in 0..rows.len() {
                cell.write(rows.get(position), output);
                output.push(b'\n');
            }
        });
        self.reserved.resize(self.output.capacity())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        self.reserved.resize(self.output.capacity())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    fn reserved(&mut self) -> &mut Reservation {
        &mut self.reserved
    }
}
