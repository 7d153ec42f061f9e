//! Shows records as lines on a terminal.

use super::{BatchRow, columns, write_cell};
use crate::csv::CsvFormat;
use crate::row_encoder::row_encoder;
use runtime::error::Result;
use runtime::memory::Memory;
use runtime::output::Appending;
use runtime::row::Schema;
use runtime::source::{Encoder, Format};

/// Writes one record per line, with tabs between values. A null is empty. Records that CSV can hold
/// are written as the CSV writer does.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinesFormat;

impl Format for LinesFormat {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn appending(&self, _schema: &Schema) -> Appending {
        Appending::Lines
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        let csv = CsvFormat { header: false, delimiter: b'\t', ..CsvFormat::default() };
        if CsvFormat::holds(schema) {
            return csv.encoder(schema, memory);
        }
        let (types, columns) = (schema.types(), columns(schema));
        let mut line = String::new();
        row_encoder(memory, Vec::new(), move |input, output| {
            for &row in input.selection().rows() {
                line.clear();
                let row = BatchRow { batch: input.batch(), types: &types, row: row as usize };
                for (index, column) in columns.iter().enumerate() {
                    line.push_str(if index == 0 { "" } else { "\t" });
                    write_cell(column, &row, &mut line);
                }
                line.push('\n');
                output.extend_from_slice(line.as_bytes());
            }
            Ok(())
        })
    }
}
