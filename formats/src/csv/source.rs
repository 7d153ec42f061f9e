//! Reads CSV files.

use std::ops::Range;
use std::sync::Arc;

use memchr::memchr_iter;

use crate::files::{BYTE_ORDER_MARK, InputFile, Inputs, beginning, check_encoding, describe, version_of};
use crate::names::hint_about;
use crate::rejects::Rejects;
use crate::splits::{cut_at_records, estimated_rows, sample_lines, split_bytes};
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::row::Schema;
use runtime::source::{
    ColumnFit, RangeReader, RangeSource, RejectSink, Sample, Scan, SplitList, Statistics, TableSource,
};

use super::input::CsvInput;
use super::mapping::{CsvColumn, columns, is_nameless};
use super::options::CsvOptions;
use super::parse::unescaped;
use super::reader::reader;
use super::scan::{Scanner, first_record};

/// Largest size of a first record. If it is longer, a quote is probably not closed.
const LONGEST_HEADER_BYTES: usize = 16 << 20;

/// Source of the records of CSV files.
pub struct CsvSource {
    path: String,
    shared: Arc<CsvInput>,
    /// Offset of the first record of each file. `None` for a file without records.
    begins: Vec<Option<u64>>,
    rows: Option<f64>,
    split_bytes: u64,
}

impl CsvSource {
    /// Creates a source of the records of listed files. Reads the first record of each file.
    ///
    /// Columns are found in the header by the names of fields (nested fields by dotted names), and
    /// only if a scan reads them. Without a header, and for tuples, they are the first columns.
    ///
    /// # Errors
    /// Fails if a file cannot be read, or if CSV cannot hold a field of the record.
    pub fn of(inputs: Inputs, schema: &Schema, options: CsvOptions) -> Result<Self> {
        let Inputs { path, files } = inputs;
        options.check()?;
        let files: Arc<[InputFile]> = files.iter().map(|file| file.with_encoding(options.encoding)).collect();
        let columns = columns(schema).map_err(|reason| Error::Plan(format!("cannot read CSV: {reason}")))?;
        let forms = options.times.of(schema)?;
        let (mut first, mut begins) = (Vec::new(), Vec::new());
        for file in &*files {
            let (fields, begin) = read_first(file, &options)?;
            first.push(fields);
            begins.push(begin);
        }
        let rows = estimated_rows(&files)?;
        let split_bytes = split_bytes(&files);
        let rejects = options.lenient.clone().map(|lenient| Rejects::new(lenient, files.clone(), Arc::default()));
        let shared = Arc::new(CsvInput { files, first, schema: schema.clone(), columns, options, rejects, forms });
        Ok(CsvSource { path, shared, begins, rows, split_bytes })
    }

    /// Sets the target size of splits, in bytes.
    #[must_use]
    pub fn with_split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
    }
}

impl RangeSource for CsvSource {
    fn describe(&self) -> String {
        describe("csv", &self.path, &self.shared.files)
    }

    fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    fn splits(&self, scan: &Scan) -> Result<SplitList> {
        let mut splits = Vec::new();
        let quote = self.shared.options.quote.filter(|_| self.shared.options.is_multiline());
        for (part, (file, &begin)) in self.shared.files.iter().zip(&self.begins).enumerate() {
            // An empty file has no header and no records. A file with only a header is still
            // checked.
            if begin.is_some() || self.shared.has_header(part) {
                self.shared.positions(part, &scan.live)?;
            }
            if let Some(begin) = begin {
                splits.extend(cut_at_records(part, file, begin, self.split_bytes, quote)?);
            }
        }
        Ok(SplitList::complete(splits))
    }

    fn range_reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn RangeReader>> {
        Ok(Box::new(reader(self.shared.clone(), &scan.live, memory)?))
    }
}

impl TableSource for CsvSource {
    fn statistics(&self, _scan: &Scan) -> Statistics {
        let bytes = |(file, begin): (&InputFile, &Option<u64>)| match (file.is_encoded(), begin) {
            (_, None) => 0,
            (true, Some(_)) => file.bytes(),
            (false, Some(begin)) => file.bytes() - begin,
        };
        Statistics { rows: self.rows, bytes: self.shared.files.iter().zip(&self.begins).map(bytes).sum() }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        let CsvInput { first, schema, columns, options, .. } = &*self.shared;
        let Some(header) = first.first() else { return Vec::new() };
        let by_name = options.header && !is_nameless(schema);
        let mut unread = vec![true; header.len()];
        let mut fit = |(index, column): (usize, &CsvColumn)| {
            let leaf = &schema.leaves()[column.leaf];
            let found = header.iter().position(|name| *name == leaf.path);
            let position = if by_name { found } else { (index < header.len()).then_some(index) };
            let Some(position) = position else {
                return ColumnFit::of(leaf, "", format!("is missing; {}", hint_about(&leaf.path, header)));
            };
            unread[position] = false;
            ColumnFit::of(leaf, named(header, position, options.header), "text")
        };
        let mut fits: Vec<ColumnFit> = columns.iter().enumerate().map(&mut fit).collect();
        let rest = unread.iter().enumerate().filter(|(_, unread)| **unread);
        fits.extend(rest.map(|(position, _)| ColumnFit::unread(named(header, position, options.header))));
        fits
    }

    fn sample(&self, scan: &Scan) -> Option<Sample> {
        sample_lines(self, scan, &self.shared.files, &self.begins)
    }

    fn version(&self) -> Option<u128> {
        let CsvInput { files, schema, options, .. } = &*self.shared;
        Some(version_of("csv", files, schema, options))
    }

    fn rejects(&self) -> Option<Arc<dyn RejectSink>> {
        self.shared.rejects.clone().map(|rejects| rejects as Arc<dyn RejectSink>)
    }
}

/// Returns the name of a column for messages.
fn named(header: &[String], position: usize, is_header: bool) -> String {
    if is_header { header[position].clone() } else { format!("column {}", position + 1) }
}

/// Returns the first record of a file, and the offset of the first record with values.
fn read_first(file: &InputFile, options: &CsvOptions) -> Result<(Vec<String>, Option<u64>)> {
    let scanner = Scanner::new(options);
    let mut wanted = 1 << 14;
    loop {
        let (bytes, is_whole) = beginning(file, wanted)?;
        check_encoding(file, &bytes)?;
        let mark = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let skipped = after_lines(&bytes, mark, options.skip_lines);
        let before = scanner.after_comments(&bytes, skipped.unwrap_or(bytes.len()));
        let content = &bytes[before..];
        match first_record(&scanner, content) {
            Ok((ranges, end)) if is_whole || end < content.len() => {
                check_returns(file, content, &ranges, end)?;
                let is_only = ranges.len() == 1;
                let name = |(position, range)| match header_name(&content[range], options) {
                    // Named as in Polars. pandas writes its index without a name.
                    name if options.header && name.is_empty() && !is_only => format!("column_{}", position + 1),
                    name => name,
                };
                let begin = if options.header { before + end } else { before };
                let begin = (!is_whole || begin < bytes.len()).then_some(begin as u64);
                return Ok((ranges.into_iter().enumerate().map(name).collect(), begin));
            }
            Err(fault) if is_return_alone(content, fault.at) => return Err(returns_alone(file)),
            Err(fault) if is_whole => return Err(file.data_error((before + fault.at) as u64, fault.message)),
            // The bytes end within the record.
            _ if wanted < LONGEST_HEADER_BYTES => {}
            _ if !content.contains(&b'\n') && content.contains(&b'\r') => return Err(returns_alone(file)),
            _ => return Err(file.data_error(0, "the first record has more than 16 MiB; is a quote in it not closed?")),
        }
        wanted *= 4;
    }
}

/// # Errors
/// Fails if lines end with `\r` alone. The file would be one line, and seem to hold only a header.
fn check_returns(file: &InputFile, content: &[u8], fields: &[Range<usize>], end: usize) -> Result<()> {
    let has_return =
        |field: &Range<usize>| !content[field.clone()].starts_with(b"\"") && content[field.clone()].contains(&b'\r');
    if end < content.len() || !fields.iter().any(has_return) {
        return Ok(());
    }
    Err(returns_alone(file))
}

/// Returns the offset after the next `lines` lines from `at` on, or `None` if there are fewer.
fn after_lines(bytes: &[u8], at: usize, lines: usize) -> Option<usize> {
    match lines.checked_sub(1) {
        None => Some(at),
        Some(last) => memchr_iter(b'\n', &bytes[at..]).nth(last).map(|newline| at + newline + 1),
    }
}

/// Returns `true` if a line ends here with `\r` alone.
fn is_return_alone(content: &[u8], at: usize) -> bool {
    matches!(content.get(at..), Some([b'\r', next, ..]) if *next != b'\n')
}

fn returns_alone(file: &InputFile) -> Error {
    let path = file.path().display();
    let message = format!(
        "the file is a single line, and within it stands `\\r`: its lines end with `\\r` alone, and must end with `\\n` or `\\r\\n`; convert it: tr '\\r' '\\n' < {path} > {path}.lines"
    );
    file.data_error(0, message)
}

fn header_name(field: &[u8], options: &CsvOptions) -> String {
    let name = match (options.quote, field) {
        (Some(quote), [first, inner @ .., _]) if *first == quote => unescaped(inner, options.quote, options.escape),
        _ => unescaped(field, None, options.escape),
    };
    String::from_utf8_lossy(&name).into_owned()
}
