//! Decodes blocks of JSON lines into columns.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr;

use super::parse::Leaves;
use super::program::{Compiler, Node};
use crate::BATCH_ROWS;
use crate::blocks::Blocks;
use crate::files::{BYTE_ORDER_MARK, InputFile};
use crate::leaves::Values;
use crate::line_reader::{LineDecoder, LineReader, Lines};
use crate::rejects::{RejectLog, Rejects, line_end};
use runtime::error::Result;
use runtime::memory::Memory;
use runtime::page::{Batch, Columns, Utf8};
use runtime::row::{LeafSet, Schema};
use runtime::source::Split;
use runtime::value::TimeFormat;
use runtime::value::json::Tokens;

/// Input that a source shares with its readers.
pub(super) struct JsonInput {
    pub(super) files: Arc<[InputFile]>,
    /// By file: `true` if the file is one array, whose elements are the records.
    pub(super) arrays: Arc<[bool]>,
    pub(super) schema: Schema,
    pub(super) rejects: Option<Arc<Rejects>>,
    /// By leaf: the format of a date or timestamp that is not ISO 8601.
    pub(super) forms: Vec<Option<TimeFormat>>,
}

/// Decodes lines of JSON.
pub(super) struct JsonDecoder {
    shared: Arc<JsonInput>,
    root: Node,
    leaves: Leaves,
    rows: usize,
    /// Index of the file, until its first record was parsed. `None` for arrays, and for splits that
    /// do not begin a file.
    first_of: Option<usize>,
}

/// Creates a reader of splits of JSON lines.
///
/// # Errors
/// Fails if memory is refused.
pub(super) fn reader(shared: Arc<JsonInput>, live: &LeafSet, memory: &Memory) -> Result<LineReader<JsonDecoder>> {
    let types = shared.schema.types();
    let row_bytes: usize = live.iter().filter_map(|leaf| types.get(leaf)).map(|ty| ty.width()).sum();
    let blocks =
        Blocks::new(shared.files.clone(), None, memory, BATCH_ROWS * row_bytes)?.with_arrays(shared.arrays.clone());
    let mut compiler = Compiler::new(&shared.schema, live);
    let root = compiler.node(shared.schema.shape(), "");
    let value = |(leaf, &ty)| live.contains(leaf).then(|| Values::new(ty));
    let mut leaves = Leaves::new(types.iter().enumerate().map(value).collect(), compiler.members, &root);
    leaves.forms.clone_from(&shared.forms);
    let log = shared.rejects.clone().map(|rejects| RejectLog::new(rejects, memory)).transpose()?;
    Ok(LineReader::new(JsonDecoder { root, leaves, rows: 0, first_of: None, shared }, blocks, log))
}

impl LineDecoder for JsonDecoder {
    type Text = Utf8;

    fn check(&self, bytes: &Bytes) -> Result<Utf8, usize> {
        Utf8::check(bytes.clone())
    }

    fn open(&mut self, split: &Split) -> Result<()> {
        let is_first = split.range.start <= BYTE_ORDER_MARK.len() as u64 && !self.shared.arrays[split.part];
        self.first_of = is_first.then_some(split.part);
        Ok(())
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.leaves.values.iter_mut().flatten().for_each(Values::clear);
    }

    fn rows(&self) -> usize {
        self.rows
    }

    /// Skips empty lines.
    fn decode(&mut self, lines: &mut Lines<'_, Utf8>) -> Result<()> {
        let (text, bytes) = (lines.text, lines.bytes);
        for values in self.leaves.values.iter_mut().flatten() {
            if let Values::Text(column) = values {
                column.add_buffer(text.clone());
            }
        }
        while lines.at < bytes.len() && self.rows < BATCH_ROWS {
            let begin = lines.at;
            let end = line_end(bytes, begin);
            lines.at = (end + 1).min(bytes.len());
            if bytes[begin..end].iter().all(|byte| b" \t\r".contains(byte)) {
                continue;
            }
            let first_of = self.first_of.take();
            if self.root.is_live
                && let Err(mut fault) = self.leaves.read(&self.root, text, begin, end)
            {
                if let Some(part) = first_of {
                    let file = self.shared.files[part].path().display().to_string();
                    fault.message.push_str(&advice(&bytes[begin..end], fault.at - begin, &file));
                }
                lines.reject(begin, fault)?;
                self.leaves.values.iter_mut().flatten().for_each(|values| values.truncate(self.rows));
                continue;
            }
            self.rows += 1;
        }
        Ok(())
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.rows);
        for (leaf, values) in self.shared.schema.leaves().iter().zip(&self.leaves.values) {
            match values {
                Some(values) => values.put(leaf.ty, &mut columns)?,
                None => columns.dead(leaf.ty),
            }
        }
        Ok(columns.finish())
    }
}

/// Returns advice if the first line of a file is not a record because the file does not have one
/// record per line; `at` is the offset of the error in the line. Returns an empty text otherwise.
#[cold]
fn advice(line: &[u8], at: usize, file: &str) -> String {
    let converted = |command: &str| format!("; each line must be one record: {command} {file} > {file}.lines");
    if memchr(b'\r', line.get(..at).unwrap_or_default()).is_some() {
        return converted("its lines end with `\\r` alone, convert it: tr '\\r' '\\n' <");
    }
    let value = line.trim_ascii_start();
    if value.starts_with(b"[") {
        return converted("if the file is one array, convert it: jq -c '.[]'");
    }
    let mut tokens = Tokens::new(value, 0);
    // An error at the end of the line: the value continues on the next one.
    match tokens.skip() {
        Err(fault) if fault.at == value.len() => {
            converted("if a record spans several lines, convert the file: jq -c .")
        }
        _ => String::new(),
    }
}
