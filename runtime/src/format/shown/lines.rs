//! Records as lines on a terminal.

use super::{Column, RowOf, columns, write_cell};
use crate::error::Result;
use crate::format::CsvFormat;
use crate::memory::{Memory, Reservation};
use crate::page::Input;
use crate::row::{LeafType, Schema};
use crate::source::{Encoder, Format};

/// A record a line, its values with tabs between them; nothing for a null. What CSV can hold is written as CSV writes it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinesFormat;

impl Format for LinesFormat {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        let csv = CsvFormat { header: false, delimiter: b'\t', ..CsvFormat::default() };
        if CsvFormat::holds(schema) {
            return csv.encoder(schema, memory);
        }
        let (types, columns) = (schema.types(), columns(schema));
        Ok(Box::new(LinesEncoder { types, columns, output: Vec::new(), reserved: memory.reserve(0)? }))
    }
}

struct LinesEncoder {
    types: Vec<LeafType>,
    columns: Vec<Column>,
    output: Vec<u8>,
    reserved: Reservation,
}

impl Encoder for LinesEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        let mut line = String::new();
        for &row in input.selection().rows() {
            line.clear();
            let row = RowOf { batch: input.batch(), types: &self.types, row: row as usize };
            for (index, column) in self.columns.iter().enumerate() {
                line.push_str(if index == 0 { "" } else { "\t" });
                write_cell(column, &row, &mut line);
            }
            line.push('\n');
            self.output.extend_from_slice(line.as_bytes());
        }
        self.settle()
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
