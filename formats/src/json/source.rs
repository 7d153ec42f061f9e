//! Reads JSON lines.

use std::sync::Arc;

use memchr::memchr_iter;

use crate::TimeForms;
use crate::array_elements::ArrayRewriter;
use crate::files::{BYTE_ORDER_MARK, InputFile, Inputs, beginning, check_encoding, describe, version_of};
use crate::names::hint_about;
use crate::rejects::Rejects;
use crate::splits::{SMALL_INPUT_BYTES, cut_at_records, estimated_records, sample_lines, split_bytes};
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::row::{Field, Schema, Shape};
use runtime::source::{
    ColumnFit, Lenient, RangeReader, RangeSource, RejectSink, Sample, Scan, SplitList, Statistics, TableSource,
};

use super::program::{check, names_fields};
use super::reader::{JsonInput, reader};
use runtime::value::json::Tokens;

/// Options for reading JSON lines.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct JsonOptions {
    /// If set, bad records are skipped and logged. If `None`, the first one ends the job.
    pub lenient: Option<Lenient>,
    /// Formats of dates and timestamps outside of lists. The default is ISO 8601.
    pub times: TimeForms,
}

impl JsonOptions {
    /// Skips bad records and logs them.
    #[must_use]
    pub fn lenient(self, lenient: Lenient) -> Self {
        JsonOptions { lenient: Some(lenient), ..self }
    }

    /// Sets the formats of dates and timestamps: `TimeForms::default().dates("%d.%m.%Y")`.
    #[must_use]
    pub fn times(self, times: TimeForms) -> Self {
        JsonOptions { times, ..self }
    }
}

/// Source of the records of JSON lines, or of files that are one array of objects.
pub struct JsonSource {
    path: String,
    shared: Arc<JsonInput>,
    /// Offset of the first line of each file.
    begins: Vec<u64>,
    rows: Option<f64>,
    split_bytes: u64,
}

impl JsonSource {
    /// Creates a source of the records of listed files. Fields are found by name.
    ///
    /// # Errors
    /// Fails if a file cannot be read, or if JSON cannot hold a field of the record.
    pub fn of(inputs: Inputs, schema: &Schema, options: JsonOptions) -> Result<Self> {
        let Inputs { path, files } = inputs;
        check(schema, schema.shape()).map_err(|reason| Error::Plan(format!("cannot read JSON: {reason}")))?;
        let forms = options.times.of(schema)?;
        let has_names = names_fields(schema);
        let begins: Vec<(u64, bool)> = files.iter().map(begin_of).collect::<Result<_>>()?;
        let arrays: Arc<[bool]> = begins.iter().map(|&(_, is_array)| is_array && has_names).collect();
        let begins = begins.into_iter().map(|(begin, _)| begin).collect();
        let ends = |part: usize, piece: &[u8]| {
            let mut piece = piece.to_vec();
            if arrays[part] {
                // The reader reports damage.
                let _ = ArrayRewriter::default().rewrite(&mut piece);
            }
            memchr_iter(b'\n', &piece).count()
        };
        let (rows, split_bytes) = (estimated_records(&files, ends)?, split_bytes(&files));
        let rejects = options.lenient.map(|lenient| Rejects::new(lenient, files.clone(), arrays.clone()));
        let shared = Arc::new(JsonInput { files, arrays, schema: schema.clone(), rejects, forms });
        Ok(JsonSource { path, shared, begins, rows, split_bytes })
    }

    /// Sets the target size of splits, in bytes.
    #[must_use]
    pub fn with_split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
    }
}

impl JsonSource {
    /// Returns the Rust type of a value.
    fn named(&self, shape: &Shape) -> String {
        match shape {
            Shape::Leaf(leaf) => {
                self.shared.schema.leaves().get(*leaf).map_or(String::new(), |leaf| leaf.ty.to_string())
            }
            Shape::Record { name: "", .. } => "a tuple".to_owned(),
            Shape::Record { name, .. } | Shape::Enum { name, .. } => (*name).to_owned(),
            Shape::Optional(_, inner) => format!("Option<{}>", self.named(inner)),
        }
    }
}

impl RangeSource for JsonSource {
    fn describe(&self) -> String {
        describe("json", &self.path, &self.shared.files)
    }

    fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    fn splits(&self, _scan: &Scan) -> Result<SplitList> {
        let mut splits = Vec::new();
        for (part, (file, &begin)) in self.shared.files.iter().zip(&self.begins).enumerate() {
            // An array is one split, because the nesting of its brackets depends on all bytes
            // before.
            let split_bytes = if self.shared.arrays[part] { u64::MAX } else { self.split_bytes };
            splits.extend(cut_at_records(part, file, begin, split_bytes, None)?);
        }
        Ok(SplitList::complete(splits))
    }

    fn range_reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn RangeReader>> {
        Ok(Box::new(reader(self.shared.clone(), &scan.live, memory)?))
    }
}

impl TableSource for JsonSource {
    fn statistics(&self, _scan: &Scan) -> Statistics {
        Statistics { rows: self.rows, bytes: self.shared.files.iter().map(InputFile::bytes).sum() }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        let found = self
            .shared
            .files
            .first()
            .and_then(|file| first_fields(file, self.shared.arrays[0]).ok())
            .unwrap_or_default();
        let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
        let Shape::Record { name, fields } = self.shared.schema.shape() else { return Vec::new() };
        if name.is_empty() {
            return Vec::new();
        }
        let fit = |field: &Field| {
            let ty = self.named(&field.shape);
            let found = found.iter().find(|(name, _)| name == field.name);
            let column = found.map_or(String::new(), |(name, _)| name.clone());
            let found = found.map_or_else(
                || format!("is not in the first record; {}", hint_about(field.name, &names)),
                |(_, kind)| (*kind).to_owned(),
            );
            ColumnFit { field: format!("{}: {ty}", field.name), column, found }
        };
        let fits = fields.iter().map(fit);
        let unread = names.iter().filter(|name| !fields.iter().any(|field| field.name == name.as_str()));
        fits.chain(unread.map(ColumnFit::unread)).collect()
    }

    fn sample(&self, scan: &Scan) -> Option<Sample> {
        // A part of an array cannot be read, so such files are sampled as a whole or not at all.
        let total: u64 = self.shared.files.iter().map(InputFile::bytes).sum();
        if total > SMALL_INPUT_BYTES && self.shared.arrays.contains(&true) {
            return None;
        }
        let begins: Vec<Option<u64>> = self.begins.iter().copied().map(Some).collect();
        sample_lines(self, scan, &self.shared.files, &begins)
    }

    fn version(&self) -> Option<u128> {
        let JsonInput { files, schema, forms, .. } = &*self.shared;
        Some(version_of("json", files, schema, forms))
    }

    fn rejects(&self) -> Option<Arc<dyn RejectSink>> {
        self.shared.rejects.clone().map(|rejects| rejects as Arc<dyn RejectSink>)
    }
}

/// Returns the fields of a file's first record, and the kind of each value.
fn first_fields(file: &InputFile, is_array: bool) -> Result<Vec<(String, &'static str)>> {
    const PROBE_BYTES: usize = 1 << 16;
    let (mut bytes, _) = beginning(file, PROBE_BYTES)?;
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    if is_array {
        let _ = ArrayRewriter::default().rewrite(&mut bytes);
    }
    let line = bytes.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let mut tokens = Tokens::new(line, 0);
    let mut fields = Vec::new();
    let mut is_open = tokens.take(b'{');
    while is_open && tokens.peek() == b'"' {
        let Ok(name) = tokens.quoted() else { break };
        let name = String::from_utf8_lossy(&line[name.start..name.end]).into_owned();
        tokens.take(b':');
        let kind = match tokens.peek() {
            b'"' => "a string",
            b'{' => "an object",
            b'[' => "an array",
            b't' | b'f' => "true or false",
            b'n' => "null",
            _ => "a number",
        };
        fields.push((name, kind));
        is_open = tokens.skip().is_ok() && tokens.take(b',');
    }
    Ok(fields)
}

/// Returns the offset after the byte-order mark, and whether an array begins there.
fn begin_of(file: &InputFile) -> Result<(u64, bool)> {
    const PROBE_BYTES: usize = 1 << 12;
    // The reader reports damage.
    let (bytes, _) = match beginning(file, PROBE_BYTES) {
        Err(Error::Data { .. }) => return Ok((0, false)),
        bytes => bytes?,
    };
    check_encoding(file, &bytes)?;
    let begin = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    Ok((begin as u64, bytes[begin..].trim_ascii_start().starts_with(b"[")))
}
