//! JSON lines as a source.

use std::sync::Arc;

use super::program::check;
use super::reader::JsonReader;
use crate::error::{Error, Result};
use crate::format::contents::{BYTE_ORDER_MARK, beginning};
use crate::format::files::{InputFile, Inputs, describe};
use crate::format::rejects::Rejects;
use crate::format::splits::{cut, estimated_rows, split_bytes};
use crate::memory::Memory;
use crate::row::Schema;
use crate::source::{Lenient, RejectSink, Scan, Source, Split, SplitReader, Statistics};

/// What reading JSON lines leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct JsonOptions {
    /// Whether records that cannot be read are left out, and where they go; they end the job unless this is set.
    pub lenient: Option<Lenient>,
}

impl JsonOptions {
    /// Leaves bad records out.
    #[must_use]
    pub fn lenient(self, lenient: Lenient) -> Self {
        JsonOptions { lenient: Some(lenient) }
    }
}

/// Records of files of JSON lines.
pub struct JsonSource {
    path: String,
    shared: Arc<Shared>,
    /// Where the first line of each file begins.
    begins: Vec<u64>,
    rows: Option<f64>,
    split_bytes: u64,
}

/// What a source and its readers know together.
pub(super) struct Shared {
    pub(super) files: Arc<[InputFile]>,
    pub(super) schema: Schema,
    pub(super) rejects: Option<Arc<Rejects>>,
}

impl JsonSource {
    /// The records of the files that `path` names. Fields are found by the names of the record's.
    ///
    /// # Errors
    /// Where there is no such file, it cannot be read, or the record holds what JSON cannot.
    pub fn new(path: &str, schema: &Schema, options: JsonOptions) -> Result<Self> {
        Self::of(Inputs::at(path)?, schema, options)
    }

    /// The same of files that were looked up.
    ///
    /// # Errors
    /// As [`JsonSource::new`].
    pub fn of(inputs: Inputs, schema: &Schema, options: JsonOptions) -> Result<Self> {
        let Inputs { path, files } = inputs;
        check(schema, schema.shape()).map_err(|reason| Error::Plan(format!("cannot read JSON: {reason}")))?;
        let begins = files.iter().map(begin_of).collect::<Result<_>>()?;
        let (rows, split_bytes) = (estimated_rows(&files)?, split_bytes(&files));
        let rejects = options.lenient.map(|lenient| Rejects::new(lenient, files.clone()));
        let shared = Arc::new(Shared { files, schema: schema.clone(), rejects });
        Ok(JsonSource { path, shared, begins, rows, split_bytes })
    }

    /// The same with splits of about so many bytes.
    #[must_use]
    pub fn with_split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
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
        Ok(Box::new(JsonReader::new(self.shared.clone(), &scan.live, memory)?))
    }
}

/// Behind the mark that some programs put before UTF-8.
fn begin_of(file: &InputFile) -> Result<u64> {
    // What is damaged is said where it is read.
    let (bytes, _) = match beginning(file, BYTE_ORDER_MARK.len()) {
        Err(Error::Data { .. }) => return Ok(0),
        bytes => bytes?,
    };
    Ok(if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() as u64 } else { 0 })
}
