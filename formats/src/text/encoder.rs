//! Writes text files.

use std::sync::Arc;

use crate::cells::{Cell, is_writable};
use crate::concatenated::concatenated;
use crate::row_encoder::row_encoder;
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::output::Appending;
use runtime::row::Schema;
use runtime::source::{Encoder, Format, Parts};

/// Writes one value per line, for records of one field.
///
/// # Limits
/// Newlines within a text are not escaped: such a text becomes several lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextFormat;

impl Format for TextFormat {
    fn name(&self) -> &'static str {
        "text"
    }

    fn appending(&self, _schema: &Schema) -> Appending {
        Appending::Lines
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        Ok(Some(concatenated(*self, schema)))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        match schema.leaves() {
            [leaf] if is_writable(leaf.ty) => {
                let ty = leaf.ty;
                row_encoder(memory, Vec::new(), move |input, output| {
                    input.visit(|mut leaves, rows| {
                        let cell = Cell::take(&mut leaves, ty);
                        for position in 0..rows.len() {
                            cell.write(rows.get(position), output);
                            output.push(b'\n');
                        }
                    });
                    Ok(())
                })
            }
            _ => Err(Error::Plan(format!(
                "a text file holds one value a line, and the record is {}; write it as CSV or Parquet, or map it to a String",
                schema.describe()
            ))),
        }
    }
}
