//! Writes CSV files.

use std::sync::Arc;

use smallvec::SmallVec;

use super::mapping::{CsvColumn, column_name, columns};
use super::options::CsvOptions;
use crate::cells::Cell;
use crate::concatenated::concatenated;
use crate::files::BYTE_ORDER_MARK;
use crate::row_encoder::row_encoder;
use crate::{TextEncoding, TimeForms};
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::output::Appending;
use runtime::page::{LeafReader, Row};
use runtime::row::{LeafType, Schema};
use runtime::source::{Encoder, Format, Parts};
use runtime::value::json::excerpt;
use runtime::value::{TimeFormat, Timestamp};

const DAY_MICROS: i64 = 86_400_000_000;

/// How CSV files are written. A field has quotes only if it needs them, for example if it reads as
/// a null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvFormat {
    /// `true` if the first record names the columns.
    pub header: bool,
    /// The byte between fields.
    pub delimiter: u8,
    /// The byte around fields that need it. With `None`, such fields are an error unless `escape`
    /// is set.
    pub quote: Option<u8>,
    /// The byte before a quote or an escape in a field, and before a delimiter if there are no
    /// quotes. With `None`, quotes are doubled.
    pub escape: Option<u8>,
    /// A line that would begin with this text begins with a quote instead.
    pub comment_prefix: Option<String>,
    /// The text of a null.
    pub null: String,
    /// `true` if quoted fields may hold newlines.
    pub multiline: bool,
    /// Formats of dates and timestamps other than ISO 8601.
    pub times: TimeForms,
    /// Only UTF-8 can be written. Another encoding is refused.
    pub encoding: TextEncoding,
}

impl Default for CsvFormat {
    fn default() -> Self {
        CsvFormat::of(CsvOptions::default())
    }
}

impl CsvFormat {
    /// Creates the format that these options read. Options that only affect reading are dropped.
    #[must_use]
    pub fn of(options: CsvOptions) -> Self {
        let multiline = options.is_multiline();
        let CsvOptions { delimiter, quote, escape, comment_prefix, header, null, times, encoding, .. } = options;
        CsvFormat { header, delimiter, quote, escape, comment_prefix, null, multiline, times, encoding }
    }

    /// Returns `true` if CSV can hold such records.
    #[must_use]
    pub fn holds(schema: &Schema) -> bool {
        columns(schema).is_ok()
    }

    /// # Errors
    /// Fails if files with these options could not be read back.
    fn check(&self) -> Result<()> {
        let CsvFormat { delimiter, quote, escape, ref null, .. } = *self;
        let comment_prefix = self.comment_prefix.clone();
        CsvOptions { delimiter, quote, escape, comment_prefix, ..CsvOptions::default() }.check()?;
        if self.encoding != TextEncoding::Utf8 {
            return Err(Error::Plan(format!(
                "CSV cannot be written in the encoding {:?}: it is written in UTF-8; convert the file afterwards: iconv -f UTF-8 -t …",
                self.encoding
            )));
        }
        let is_special = |byte: u8| byte == delimiter || Some(byte) == quote || matches!(byte, b'\n' | b'\r');
        if null.bytes().any(is_special) {
            return Err(Error::Plan(format!(
                "CSV cannot be written with the null `{}`: without quotes it must hold no delimiter, quote or newline",
                null.escape_debug()
            )));
        }
        if let Some(escape) = escape.filter(|&escape| null.as_bytes().ends_with(&[escape])) {
            return Err(Error::Plan(format!(
                "CSV cannot be written with the null `{}`: it must not end with the escape `{}`, which would take the delimiter after it as text",
                null.escape_debug(),
                escape.escape_ascii()
            )));
        }
        Ok(())
    }
}

impl Format for CsvFormat {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn appending(&self, _schema: &Schema) -> Appending {
        Appending::Lines
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        Ok(Some(concatenated(self.clone(), schema)))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        self.check()?;
        let columns = columns(schema).map_err(|reason| Error::Plan(format!("cannot write CSV: {reason}")))?;
        let forms = self.times.of(schema)?;
        let mut writer = FieldWriter { format: self.clone(), output: Vec::new(), failed: None };
        if self.header {
            for (index, column) in columns.iter().enumerate() {
                writer.separate(index);
                writer.text(column_name(schema, column.leaf));
            }
            writer.end_line(0);
        }
        let (types, head) = (schema.types(), std::mem::take(&mut writer.output));
        row_encoder(memory, head, move |input, output| {
            std::mem::swap(&mut writer.output, output);
            input.visit(|leaves, rows| {
                let cells = take_cells(leaves, &types);
                for position in 0..rows.len() {
                    write_row((&columns, &forms), &cells, rows.get(position), &mut writer);
                }
            });
            std::mem::swap(&mut writer.output, output);
            let failed = writer.failed.take();
            failed.map_or(Ok(()), |reason| Err(Error::Plan(format!("cannot write CSV: {reason}"))))
        })
    }
}

fn take_cells<'b>(mut leaves: LeafReader<'b>, types: &[LeafType]) -> SmallVec<[Cell<'b>; 16]> {
    types.iter().map(|&ty| Cell::take(&mut leaves, ty)).collect()
}

#[inline]
fn write_row<'b>(
    (columns, forms): (&[CsvColumn], &[Option<TimeFormat>]),
    cells: &[Cell<'b>],
    row: Row<'b>,
    writer: &mut FieldWriter,
) {
    let line = writer.output.len();
    for (index, column) in columns.iter().enumerate() {
        writer.separate(index);
        if !column.guards.iter().all(|&guard| cells[guard].is_valid(row)) {
            writer.output.extend_from_slice(writer.format.null.as_bytes());
            continue;
        }
        let begin = writer.output.len();
        match (&cells[column.leaf], cells[column.leaf].text(row)) {
            (_, Some(text)) => writer.text(text),
            (Cell::Char(char), None) => {
                let char = char::from_u32(char.read(row)).unwrap_or(char::REPLACEMENT_CHARACTER);
                writer.text(char.encode_utf8(&mut [0; 4]));
            }
            (Cell::Date(day), None) if let Some(form) = &forms[column.leaf] => {
                writer.time(form, day.read(row).into(), DAY_MICROS);
            }
            (Cell::Timestamp(time), None) if let Some(form) = &forms[column.leaf] => {
                writer.time(form, time.read(row), 1);
            }
            (cell, None) => cell.write(row, &mut writer.output),
        }
        writer.quote_if_ambiguous(begin, !column.guards.is_empty(), columns.len() == 1);
    }
    writer.end_line(line);
}

/// Writes fields, in quotes if needed.
struct FieldWriter {
    format: CsvFormat,
    output: Vec<u8>,
    /// The first error of a field.
    failed: Option<String>,
}

impl FieldWriter {
    #[inline]
    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.output.push(self.format.delimiter);
        }
    }

    #[inline]
    fn text(&mut self, text: &str) {
        let delimiter = self.format.delimiter;
        // Without quotes, the delimiter is compared twice instead.
        let quote = self.format.quote.unwrap_or(delimiter);
        let escape = self.format.escape.unwrap_or(delimiter);
        let special =
            |byte: u8| (byte == delimiter) | (byte == quote) | (byte == escape) | (byte == b'\n') | (byte == b'\r');
        // A loop without an exit compiles to vector code, and most texts have no special byte.
        if text.bytes().fold(false, |found, byte| found | special(byte)) {
            self.quoted(text.as_bytes());
        } else {
            self.output.extend_from_slice(text.as_bytes());
        }
    }

    /// Writes a date or timestamp in its own format; `count` is in units of `unit` microseconds.
    #[cold]
    fn time(&mut self, form: &TimeFormat, count: i64, unit: i64) {
        let time = count.checked_mul(unit).map(Timestamp::from_micros);
        match time.and_then(|time| form.write(time)) {
            Some(text) => self.text(&text),
            None => self.fail(format!("a year of more than four digits has no text of the form `{}`", form.text())),
        }
    }

    #[cold]
    fn quoted(&mut self, text: &[u8]) {
        let shown = excerpt(text);
        let CsvFormat { delimiter, quote, escape, .. } = self.format;
        let has_line_end = text.iter().any(|byte| b"\r\n".contains(byte));
        let Some(first) = escape.or(quote).filter(|_| quote.is_some() || (!text.is_empty() && !has_line_end)) else {
            self.fail(format!("{shown} needs quotes, and the options have none"));
            return;
        };
        if !self.format.multiline && text.contains(&b'\n') {
            let option = match (escape, &self.format.comment_prefix) {
                (Some(_), _) => "`escape`",
                (None, Some(_)) => "`comment_prefix`",
                (None, None) => "`multiline: false`",
            };
            self.fail(format!("{shown} holds a newline, which {option} forbids"));
        }
        self.output.extend(quote);
        let marks = [quote.unwrap_or(delimiter), escape.unwrap_or(first)];
        for &byte in text {
            if marks.contains(&byte) {
                self.output.push(first);
            }
            self.output.push(byte);
        }
        self.output.extend(quote);
    }

    /// Ends the line that begins at offset `begin`. Its first field is quoted if the line would be
    /// read as a comment, or if it begins with a byte-order mark. A reader drops that mark from a
    /// file's first line.
    #[inline]
    fn end_line(&mut self, begin: usize) {
        if self.format.comment_prefix.is_some() || self.output.get(begin) == BYTE_ORDER_MARK.first() {
            self.quote_first(begin);
        }
        self.output.push(b'\n');
    }

    #[cold]
    fn quote_first(&mut self, begin: usize) {
        let line = &self.output[begin..];
        let is_comment = self.format.comment_prefix.as_ref().is_some_and(|prefix| line.starts_with(prefix.as_bytes()));
        if !is_comment && !line.starts_with(BYTE_ORDER_MARK) {
            return;
        }
        // A field without quotes holds no delimiter.
        let length = line.iter().position(|&byte| byte == self.format.delimiter).unwrap_or(line.len());
        let is_null = line[..length] == *self.format.null.as_bytes();
        let Some(quote) = self.format.quote.filter(|quote| !is_null && line.first() != Some(quote)) else {
            let read_as = if is_comment { "as a comment" } else { "without its byte order mark" };
            let reason = format!("{} would be read {read_as}", excerpt(line));
            self.fail(reason);
            return;
        };
        self.output.insert(begin + length, quote);
        self.output.insert(begin, quote);
    }

    /// Quotes the field that begins at `begin` if it would be read as a null or as an empty line.
    #[inline]
    fn quote_if_ambiguous(&mut self, begin: usize, may_be_null: bool, is_alone: bool) {
        let field = &self.output[begin..];
        if (may_be_null && field == self.format.null.as_bytes()) || (is_alone && field.is_empty()) {
            match (self.format.quote, self.format.escape) {
                (None, Some(escape)) if !field.is_empty() => self.output.insert(begin, escape),
                _ => {
                    let field = self.output.split_off(begin);
                    self.quoted(&field);
                }
            }
        }
    }

    fn fail(&mut self, reason: String) {
        self.failed.get_or_insert(reason);
    }
}
