//! Decodes blocks of CSV records into columns.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::input::CsvInput;
use super::mapping::Positions;
use super::options::CsvOptions;
use super::parse::{BadFields, FoundRecords, parse};
use super::scan::{Fields, Scanner};
use crate::BATCH_ROWS;
use crate::blocks::Blocks;
use crate::leaves::{Values, expected_in, retain};
use crate::line_reader::{LineDecoder, LineReader, Lines};
use crate::rejects::{RejectLog, line_end};
use runtime::error::Result;
use runtime::memory::Memory;
use runtime::page::{Batch, Columns, Utf8};
use runtime::row::{LeafSet, LeafType};
use runtime::source::Split;
use runtime::value::json::{ParseFault, excerpt};

/// Decodes CSV records.
pub(super) struct CsvDecoder {
    shared: Arc<CsvInput>,
    live: LeafSet,
    reads_text: bool,
    scanner: Scanner,
    fields: Fields,
    /// Columns of the leaves in the current file.
    positions: Positions,
    /// Validity leaves that are read, or that guard a leaf that is read.
    guards: Vec<Guard>,
    leaves: Vec<Option<Values>>,
    rows: usize,
}

struct Guard {
    validity: usize,
    leaves: Vec<usize>,
    valid: Vec<u8>,
}

/// Creates a reader of splits of CSV files.
///
/// # Errors
/// Fails if memory is refused.
pub(super) fn reader(shared: Arc<CsvInput>, live: &LeafSet, memory: &Memory) -> Result<LineReader<CsvDecoder>> {
    let options = &shared.options;
    let types = shared.schema.types();
    let row_bytes: usize = live.iter().filter_map(|leaf| types.get(leaf)).map(|ty| ty.width()).sum();
    let quote = options.quote.filter(|_| options.is_multiline());
    let blocks = Blocks::new(shared.files.clone(), quote, memory, BATCH_ROWS * (row_bytes + 4 * types.len()))?;
    let is_value = |leaf: usize| live.contains(leaf) && types[leaf] != LeafType::Valid;
    let log = shared.rejects.clone().map(|rejects| RejectLog::new(rejects, memory)).transpose()?;
    let decoder = CsvDecoder {
        reads_text: shared.reads_text(live),
        scanner: Scanner::new(options),
        live: live.clone(),
        fields: Fields::default(),
        positions: Positions { of_leaf: Vec::new(), count: 0 },
        guards: guards_of(&shared, live),
        leaves: (0..types.len()).map(|leaf| is_value(leaf).then(|| Values::new(types[leaf]))).collect(),
        rows: 0,
        shared,
    };
    Ok(LineReader::new(decoder, blocks, log))
}

impl CsvDecoder {
    /// Adds the records whose fields were found.
    fn parse(&mut self, lines: &mut Lines<'_, Option<Utf8>>) -> Result<()> {
        let CsvOptions { quote, escape, whole_floats, .. } = self.shared.options;
        let (block, text, fields) = (lines.bytes, lines.text.as_ref(), &self.fields);
        let found = FoundRecords { block, text, fields, quote, escape, whole_floats };
        let batch = self.rows..self.rows + self.fields.records();
        let null = self.shared.options.null.as_bytes();
        for guard in &mut self.guards {
            let positions: Vec<usize> = guard.leaves.iter().filter_map(|&leaf| self.positions.of_leaf[leaf]).collect();
            let is_valid = |record| positions.iter().any(|&position| !found.is_null(record, position, null));
            guard.valid.extend((0..self.fields.records()).map(|record| u8::from(is_valid(record))));
        }
        let mut bad = BadFields { is_strict: lines.is_strict(), ..BadFields::default() };
        for column in &self.shared.columns {
            let (Some(values), Some(position)) = (&mut self.leaves[column.leaf], self.positions.of_leaf[column.leaf])
            else {
                continue;
            };
            bad.leaf = column.leaf;
            let ty = self.shared.schema.leaves()[column.leaf].ty;
            let form = self.shared.forms[column.leaf].as_ref();
            parse(values, (ty, form), found, position, valid_of(&self.guards, column.guards.last(), &batch), &mut bad);
            if bad.is_strict && !bad.found.is_empty() {
                break;
            }
        }
        self.rows = batch.end;
        if bad.found.is_empty() { Ok(()) } else { self.drop_bad_records(bad.found, lines, batch) }
    }

    /// Removes bad records from the batch, or fails with the first one.
    #[cold]
    fn drop_bad_records(
        &mut self,
        mut bad: Vec<(usize, usize)>,
        lines: &mut Lines<'_, Option<Utf8>>,
        batch: Range<usize>,
    ) -> Result<()> {
        bad.sort_by_key(|&(record, _)| record);
        bad.dedup_by_key(|&mut (record, _)| record);
        let mut keep = vec![true; batch.len()];
        for (record, leaf) in bad {
            let position = self.positions.of_leaf[leaf].unwrap_or_default();
            let field = &lines.bytes[self.fields.range(record, position)];
            let found = &self.shared.schema.leaves()[leaf];
            let expected = expected_in(found.ty, self.shared.forms[leaf].as_ref());
            let fault = ParseFault::new(self.fields.start(record), unreadable(&found.path, position, &expected, field));
            lines.reject(fault.at, fault)?;
            keep[record] = false;
        }
        self.leaves.iter_mut().flatten().for_each(|values| values.retain(batch.start, &keep));
        self.guards.iter_mut().for_each(|guard| retain(&mut guard.valid, batch.start, &keep));
        self.rows = batch.start + keep.iter().filter(|&&kept| kept).count();
        Ok(())
    }
}

/// Returns the validity leaves that are read, or that guard a leaf that is read.
fn guards_of(shared: &CsvInput, live: &LeafSet) -> Vec<Guard> {
    let mut guards: Vec<Guard> = Vec::new();
    for column in &shared.columns {
        for &validity in &column.guards {
            match guards.iter_mut().find(|guard| guard.validity == validity) {
                Some(guard) => guard.leaves.push(column.leaf),
                None => guards.push(Guard { validity, leaves: vec![column.leaf], valid: Vec::new() }),
            }
        }
    }
    guards.retain(|guard| live.contains(guard.validity) || guard.leaves.iter().any(|&leaf| live.contains(leaf)));
    guards
}

fn valid_of<'g>(guards: &'g [Guard], validity: Option<&usize>, batch: &Range<usize>) -> Option<&'g [u8]> {
    let guard = guards.iter().find(|guard| Some(&guard.validity) == validity)?;
    guard.valid.get(batch.clone())
}

fn unreadable(path: &str, position: usize, expected: &str, field: &[u8]) -> String {
    let column = if path.is_empty() { format!("column {}", position + 1) } else { format!("column `{path}`") };
    if field.is_empty() {
        return format!(
            "{column}: expected {expected}, found an empty field; make the field an Option to read it as null"
        );
    }
    format!("{column}: expected {expected}, found {}", excerpt(field))
}

impl LineDecoder for CsvDecoder {
    /// `None` if no texts are read.
    type Text = Option<Utf8>;

    fn check(&self, bytes: &Bytes) -> Result<Option<Utf8>, usize> {
        self.reads_text.then(|| Utf8::check(bytes.clone())).transpose()
    }

    fn open(&mut self, split: &Split) -> Result<()> {
        self.positions = self.shared.positions(split.part, &self.live)?;
        self.fields = Fields::new(self.positions.count, self.shared.options.null_padding);
        Ok(())
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.leaves.iter_mut().flatten().for_each(Values::clear);
        self.guards.iter_mut().for_each(|guard| guard.valid.clear());
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn decode(&mut self, lines: &mut Lines<'_, Option<Utf8>>) -> Result<()> {
        match self.scanner.scan(lines.bytes, lines.at, BATCH_ROWS - self.rows, &mut self.fields) {
            Ok(next) => {
                lines.at = next;
                self.parse(lines)
            }
            Err(fault) if lines.is_strict() => lines.reject(fault.at, fault),
            Err(fault) => {
                let line = self.fields.drop_bad_record();
                lines.at = lines.bytes.len().min(line_end(lines.bytes, line) + 1);
                self.parse(lines)?;
                lines.reject(line, fault)
            }
        }
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.rows);
        for (index, leaf) in self.shared.schema.leaves().iter().enumerate() {
            let guard = self.guards.iter().find(|guard| guard.validity == index);
            match (&self.leaves[index], guard.filter(|_| self.live.contains(index))) {
                (Some(values), _) => values.put(leaf.ty, &mut columns)?,
                (None, Some(guard)) => columns.plain(leaf.ty, &guard.valid)?,
                (None, None) => columns.dead(leaf.ty),
            }
        }
        Ok(columns.finish())
    }
}
