//! JSON lines as a source.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::TimeForms;
use crate::format::files::{
    BYTE_ORDER_MARK, InputFile, Inputs, LOOK_BYTES, beginning, check_encoding, describe, version_of,
};
use crate::format::names::hint_about;
use crate::format::rejects::Rejects;
use crate::format::splits::{cut, estimated_rows, sample_lines, split_bytes};
use crate::memory::Memory;
use crate::row::{Field, Schema, Shape};
use crate::source::{ColumnFit, Lenient, RejectSink, Sample, Scan, Source, Split, SplitReader, Statistics};

use super::program::check;
use super::reader::{JsonInput, reader};
use super::tokens::Tokens;

/// What reading JSON lines leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct JsonOptions {
    /// Whether records that cannot be read are left out, and where they go; they end the job unless this is set.
    pub lenient: Option<Lenient>,
    /// How dates and timestamps are written, where not by ISO 8601; those in lists always are.
    pub times: TimeForms,
}

impl JsonOptions {
    /// Leaves bad records out.
    #[must_use]
    pub fn lenient(self, lenient: Lenient) -> Self {
        JsonOptions { lenient: Some(lenient), ..self }
    }

    /// With dates and timestamps in forms of their own: `TimeForms::default().dates("%d.%m.%Y")`.
    #[must_use]
    pub fn times(self, times: TimeForms) -> Self {
        JsonOptions { times, ..self }
    }
}

/// Records of files of JSON lines.
pub struct JsonSource {
    path: String,
    shared: Arc<JsonInput>,
    /// Where the first line of each file begins.
    begins: Vec<u64>,
    rows: Option<f64>,
    split_bytes: u64,
}

impl JsonSource {
    /// The records of files that were looked up. Fields are found by the names of the record's.
    ///
    /// # Errors
    /// Where one of them cannot be read, or the record holds what JSON cannot.
    pub fn of(inputs: Inputs, schema: &Schema, options: JsonOptions) -> Result<Self> {
        let Inputs { path, files } = inputs;
        check(schema, schema.shape()).map_err(|reason| Error::Plan(format!("cannot read JSON: {reason}")))?;
        let forms = options.times.of(schema)?;
        let begins = files.iter().map(begin_of).collect::<Result<_>>()?;
        let (rows, split_bytes) = (estimated_rows(&files)?, split_bytes(&files));
        let rejects = options.lenient.map(|lenient| Rejects::new(lenient, files.clone()));
        let shared = Arc::new(JsonInput { files, schema: schema.clone(), rejects, forms });
        Ok(JsonSource { path, shared, begins, rows, split_bytes })
    }

    /// The same with splits of about so many bytes.
    #[must_use]
    pub fn with_split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
    }
}

impl JsonSource {
    /// The type of a value, as the program calls it.
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

impl Source for JsonSource {
    fn describe(&self) -> String {
        describe("json", &self.path, &self.shared.files)
    }

    fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    fn statistics(&self, _scan: &Scan) -> Statistics {
        Statistics { rows: self.rows, bytes: self.shared.files.iter().map(InputFile::bytes).sum() }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        let found = self.shared.files.first().and_then(|file| first_fields(file).ok()).unwrap_or_default();
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
        let begins: Vec<Option<u64>> = self.begins.iter().copied().map(Some).collect();
        sample_lines(self, scan, &self.shared.files, &begins)
    }

    fn version(&self) -> Option<u128> {
        let JsonInput { files, schema, forms, .. } = &*self.shared;
        Some(version_of("json", files, schema, forms))
    }

    fn splits(&self, _scan: &Scan) -> Result<Vec<Split>> {
        let mut splits = Vec::new();
        for (part, (file, &begin)) in self.shared.files.iter().zip(&self.begins).enumerate() {
            splits.extend(cut(part, file, begin, self.split_bytes, None)?);
        }
        Ok(splits)
    }

    fn rejects(&self) -> Option<Arc<dyn RejectSink>> {
        self.shared.rejects.clone().map(|rejects| rejects as Arc<dyn RejectSink>)
    }

    fn reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn SplitReader>> {
        Ok(Box::new(reader(self.shared.clone(), &scan.live, memory)?))
    }
}

/// The fields of a file's first record, and what they are.
fn first_fields(file: &InputFile) -> Result<Vec<(String, &'static str)>> {
    const LOOK_BYTES: usize = 1 << 16;
    let (bytes, _) = beginning(file, LOOK_BYTES)?;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
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

/// Behind the mark that some programs put before UTF-8.
fn begin_of(file: &InputFile) -> Result<u64> {
    // What is damaged is said where it is read.
    let (bytes, _) = match beginning(file, LOOK_BYTES) {
        Err(Error::Data { .. }) => return Ok(0),
        bytes => bytes?,
    };
    check_encoding(file, &bytes)?;
    Ok(if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() as u64 } else { 0 })
}
