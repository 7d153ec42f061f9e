//! CSV files, written.

use smallvec::SmallVec;

use super::mapping::{Column, column_name, columns};
use super::options::check_delimiter;
use crate::error::{Error, Result};
use crate::format::cells::Cell;
use crate::memory::{Memory, Reservation};
use crate::page::{Input, LeafReader, Row};
use crate::row::{LeafType, Schema};
use crate::source::{Encoder, Format};

const QUOTE: u8 = b'"';

/// How CSV files are written. Fields are quoted where they must be; a null is an empty field, and an empty text beside nulls is `""`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvFormat {
    /// Whether the first record names the columns.
    pub header: bool,
    /// Between fields.
    pub delimiter: u8,
}

impl Default for CsvFormat {
    fn default() -> Self {
        CsvFormat { header: true, delimiter: b',' }
    }
}

impl Format for CsvFormat {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        check_delimiter(self.delimiter)?;
        let columns = columns(schema).map_err(|reason| Error::Plan(format!("cannot write CSV: {reason}")))?;
        let mut writer = FieldWriter { delimiter: self.delimiter, output: Vec::new() };
        if self.header {
            for (index, column) in columns.iter().enumerate() {
                writer.separate(index);
                writer.text(column_name(schema, column.leaf));
            }
            writer.output.push(b'\n');
        }
        Ok(Box::new(CsvEncoder { types: schema.types(), columns, writer, reserved: memory.reserve(0)? }))
    }
}

struct CsvEncoder {
    types: Vec<LeafType>,
    columns: Vec<Column>,
    writer: FieldWriter,
    reserved: Reservation,
}

impl Encoder for CsvEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        let (types, columns, writer) = (&self.types, &self.columns, &mut self.writer);
        input.visit(|leaves, rows| {
            let cells = take_cells(leaves, types);
            for position in 0..rows.len() {
                write_row(columns, &cells, rows.get(position), writer);
            }
        });
        self.reserved.resize(self.writer.output.capacity())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.writer.output
    }
}

fn take_cells<'b>(mut leaves: LeafReader<'b>, types: &[LeafType]) -> SmallVec<[Cell<'b>; 16]> {
    types.iter().map(|&ty| Cell::take(&mut leaves, ty)).collect()
}

#[inline]
fn write_row<'b>(columns: &[Column], cells: &[Cell<'b>], row: Row<'b>, writer: &mut FieldWriter) {
    for (index, column) in columns.iter().enumerate() {
        writer.separate(index);
        if !column.guards.iter().all(|&guard| cells[guard].is_valid(row)) {
            continue;
        }
        match (&cells[column.leaf], cells[column.leaf].text(row)) {
            // Unquoted, it would be a null, or a line that looks empty.
            (_, Some("")) if !column.guards.is_empty() || columns.len() == 1 => writer.output.extend([QUOTE, QUOTE]),
            (_, Some(text)) => writer.text(text),
            (Cell::Char(char), None) => {
                let char = char::from_u32(char.read(row)).unwrap_or(char::REPLACEMENT_CHARACTER);
                writer.text(char.encode_utf8(&mut [0; 4]));
            }
            (Cell::Bytes(bytes), None)
                if bytes.read(row).is_empty() && (!column.guards.is_empty() || columns.len() == 1) =>
            {
                writer.output.extend([QUOTE, QUOTE]);
            }
            (cell, None) => cell.write(row, &mut writer.output),
        }
    }
    writer.output.push(b'\n');
}

/// Writes fields, quoted where they must be.
struct FieldWriter {
    delimiter: u8,
    output: Vec<u8>,
}

impl FieldWriter {
    #[inline]
    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.output.push(self.delimiter);
        }
    }

    #[inline]
    fn text(&mut self, text: &str) {
        let delimiter = self.delimiter;
        let special = |byte: u8| (byte == delimiter) | (byte == QUOTE) | (byte == b'\n') | (byte == b'\r');
        // Without a way out of the loop it compiles to vector code, and most texts have nothing special.
        if text.bytes().fold(false, |found, byte| found | special(byte)) {
            self.quoted(text.as_bytes());
        } else {
            self.output.extend_from_slice(text.as_bytes());
        }
    }

    #[cold]
    fn quoted(&mut self, text: &[u8]) {
        self.output.push(QUOTE);
        for &byte in text {
            if byte == QUOTE {
                self.output.push(QUOTE);
            }
            self.output.push(byte);
        }
        self.output.push(QUOTE);
    }
}
