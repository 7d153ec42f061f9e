//! Decodes blocks of lines into columns.

use std::sync::Arc;

use bytes::Bytes;

use super::parse::Leaves;
use super::program::{Compiler, Node};
use crate::error::Result;
use crate::format::BATCH_ROWS;
use crate::format::blocks::Blocks;
use crate::format::files::InputFile;
use crate::format::leaves::Values;
use crate::format::line_reader::{LineDecoder, LineReader, Lines};
use crate::format::rejects::{RejectLog, Rejects, line_end};
use crate::memory::Memory;
use crate::page::{Batch, Columns, Utf8};
use crate::row::{LeafSet, Schema};
use crate::value::TimeFormat;

/// What a source and its readers know together.
pub(super) struct JsonInput {
    pub(super) files: Arc<[InputFile]>,
    pub(super) schema: Schema,
    pub(super) rejects: Option<Arc<Rejects>>,
    /// How dates and timestamps are written, leaf by leaf, where not by ISO 8601.
    pub(super) forms: Vec<Option<TimeFormat>>,
}

/// Decodes lines of JSON.
pub(super) struct JsonDecoder {
    shared: Arc<JsonInput>,
    root: Node,
    leaves: Leaves,
    rows: usize,
}

/// Reads splits of JSON lines.
///
/// # Errors
/// Where memory is refused.
pub(super) fn reader(shared: Arc<JsonInput>, live: &LeafSet, memory: &Memory) -> Result<LineReader<JsonDecoder>> {
    let types = shared.schema.types();
    let row_bytes: usize = live.iter().filter_map(|leaf| types.get(leaf)).map(|ty| ty.width()).sum();
    let blocks = Blocks::new(shared.files.clone(), None, memory, BATCH_ROWS * row_bytes)?;
    let mut compiler = Compiler::new(&shared.schema, live);
    let root = compiler.node(shared.schema.shape(), "");
    let value = |(leaf, &ty)| live.contains(leaf).then(|| Values::new(ty));
    let mut leaves = Leaves::new(types.iter().enumerate().map(value).collect(), compiler.members, &root);
    leaves.forms.clone_from(&shared.forms);
    let log = shared.rejects.clone().map(|rejects| RejectLog::new(rejects, memory)).transpose()?;
    Ok(LineReader::new(JsonDecoder { root, leaves, rows: 0, shared }, blocks, log))
}

impl LineDecoder for JsonDecoder {
    type Text = Utf8;

    fn check(&self, bytes: &Bytes) -> Result<Utf8, usize> {
        Utf8::check(bytes.clone())
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.leaves.values.iter_mut().flatten().for_each(Values::clear);
    }

    fn rows(&self) -> usize {
        self.rows
    }

    /// An empty line is no record.
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
            if bytes[begin..end].iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if self.root.is_live
                && let Err(wrong) = self.leaves.read(&self.root, text, begin, end)
            {
                lines.reject(begin, wrong)?;
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
