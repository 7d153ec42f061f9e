//! Decodes blocks of records into columns.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::input::CsvInput;
use super::mapping::Positions;
use super::parse::{BadFields, Found, parse};
use super::scan::{Fields, Scanner};
use crate::error::Result;
use crate::format::BATCH_ROWS;
use crate::format::blocks::{Block, Blocks, CHUNK_BYTES, Next};
use crate::format::leaves::{Values, expected_in, retain};
use crate::format::rejects::{RejectLog, line_end};
use crate::format::wrong::{Wrong, shown};
use crate::memory::Memory;
use crate::page::{Batch, Columns, Utf8};
use crate::row::{LeafSet, LeafType};
use crate::source::{ReadRequest, Ready, Rejected, Split, SplitReader};

/// Reads splits of CSV files.
pub(super) struct CsvReader {
    shared: Arc<CsvInput>,
    live: LeafSet,
    reads_text: bool,
    scanner: Scanner,
    blocks: Blocks,
    current: Option<Current>,
    fields: Fields,
    /// Where the leaves stand in the records of the file that is read.
    positions: Positions,
    /// Validity leaves that are read or guard what is read: the leaf, the leaves that it guards, and its bytes.
    guards: Vec<Guard>,
    leaves: Vec<Option<Values>>,
    log: Option<RejectLog>,
    rows: usize,
}

struct Current {
    block: Block,
    text: Option<Utf8>,
    /// Where the next record begins.
    at: usize,
}

struct Guard {
    validity: usize,
    leaves: Vec<usize>,
    valid: Vec<u8>,
}

impl CsvReader {
    pub(super) fn new(shared: Arc<CsvInput>, live: &LeafSet, memory: &Memory) -> Result<Self> {
        let options = &shared.options;
        let types = shared.schema.types();
        let row_bytes: usize = live.iter().filter_map(|leaf| types.get(leaf)).map(|ty| ty.width()).sum();
        let quote = options.quote.filter(|_| options.multiline);
        let blocks = Blocks::new(shared.files.clone(), quote, memory, BATCH_ROWS * (row_bytes + 4 * types.len()))?;
        let guards = guards_of(&shared, live);
        let is_value = |leaf: usize| live.contains(leaf) && types[leaf] != LeafType::Valid;
        let leaves = (0..types.len()).map(|leaf| is_value(leaf).then(|| Values::new(types[leaf]))).collect();
        Ok(CsvReader {
            reads_text: shared.reads_text(live),
            scanner: Scanner::new(options),
            live: live.clone(),
            blocks,
            current: None,
            fields: Fields::default(),
            positions: Positions { of_leaf: Vec::new(), count: 0 },
            guards,
            leaves,
            log: shared.rejects.clone().map(|rejects| RejectLog::new(rejects, memory)).transpose()?,
            rows: 0,
            shared,
        })
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.leaves.iter_mut().flatten().for_each(Values::clear);
        self.guards.iter_mut().for_each(|guard| guard.valid.clear());
    }

    fn begin(&mut self, block: Block) -> Result<Option<Current>> {
        match self.reads_text.then(|| Utf8::check(block.bytes.clone())).transpose() {
            Ok(text) => return Ok(Some(Current { block, text, at: 0 })),
            Err(at) => match &mut self.log {
                None => return Err(self.blocks.file().not_utf8(&block.bytes, at, block.offset)),
                Some(log) => log.reject_bytes(block, &mut self.blocks)?,
            },
        }
        Ok(None)
    }

    /// Adds records of the current block to the batch, until either is at its end.
    fn read(&mut self, current: &mut Current) -> Result<()> {
        let block = current.block.clone();
        let bad = match self.scanner.scan(&block.bytes, current.at, BATCH_ROWS - self.rows, &mut self.fields) {
            Ok(next) => {
                current.at = next;
                None
            }
            Err(wrong) if self.log.is_none() => {
                return Err(self.blocks.file().data_error(block.offset + wrong.at as u64, wrong.message));
            }
            Err(wrong) => {
                let line = self.fields.drop_bad();
                current.at = block.bytes.len().min(line_end(&block.bytes, line) + 1);
                Some((line, wrong))
            }
        };
        self.parse(current)?;
        if let Some(log) = &mut self.log {
            if let Some((line, wrong)) = bad {
                log.reject(&block.bytes, block.offset, line, wrong)?;
            }
            if current.at == block.bytes.len() {
                log.end_block(&block.bytes);
            }
        }
        Ok(())
    }

    /// Adds the records whose fields were found.
    fn parse(&mut self, current: &Current) -> Result<()> {
        let (block, quote) = (&current.block.bytes, self.shared.options.quote);
        let found = Found { block, text: current.text.as_ref(), fields: &self.fields, quote };
        let batch = self.rows..self.rows + self.fields.records();
        let null = self.shared.options.null.as_bytes();
        for guard in &mut self.guards {
            let positions: Vec<usize> = guard.leaves.iter().filter_map(|&leaf| self.positions.of_leaf[leaf]).collect();
            let is_valid = |record| positions.iter().any(|&position| found.raw(record, position) != null);
            guard.valid.extend((0..self.fields.records()).map(|record| u8::from(is_valid(record))));
        }
        let mut bad = BadFields { is_strict: self.log.is_none(), ..BadFields::default() };
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
        if bad.found.is_empty() { Ok(()) } else { self.leave_out(bad.found, current, batch) }
    }

    /// Takes bad records out of the batch, or ends the job with the first.
    #[cold]
    fn leave_out(&mut self, mut bad: Vec<(usize, usize)>, current: &Current, batch: Range<usize>) -> Result<()> {
        let Block { bytes, offset } = &current.block;
        bad.sort_by_key(|&(record, _)| record);
        bad.dedup_by_key(|&mut (record, _)| record);
        let mut keep = vec![true; batch.len()];
        for (record, leaf) in bad {
            let position = self.positions.of_leaf[leaf].unwrap_or_default();
            let field = &bytes[self.fields.range(record, position)];
            let found = &self.shared.schema.leaves()[leaf];
            let expected = expected_in(found.ty, self.shared.forms[leaf].as_ref());
            let wrong = Wrong::new(self.fields.start(record), unreadable(&found.path, position, &expected, field));
            match &mut self.log {
                None => return Err(self.blocks.file().data_error(offset + wrong.at as u64, wrong.message)),
                Some(log) => log.reject(bytes, *offset, wrong.at, wrong)?,
            }
            keep[record] = false;
        }
        self.leaves.iter_mut().flatten().for_each(|values| values.retain(batch.start, &keep));
        self.guards.iter_mut().for_each(|guard| retain(&mut guard.valid, batch.start, &keep));
        self.rows = batch.start + keep.iter().filter(|&&kept| kept).count();
        Ok(())
    }

    fn ready(&self, otherwise: Ready) -> Ready {
        if self.rows == 0 {
            return otherwise;
        }
        Ready::Batch
    }
}

/// The validity leaves that are read, or guard a leaf that is.
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
    format!("{column}: expected {expected}, found {}", shown(field))
}

impl SplitReader for CsvReader {
    fn open(&mut self, split: &Split) -> Result<()> {
        self.clear();
        self.current = None;
        if let Some(log) = &mut self.log {
            log.open(split);
        }
        self.blocks.open(split)?;
        self.positions = self.shared.positions(split.part, &self.live)?;
        self.fields = Fields::new(self.positions.count);
        Ok(())
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.blocks.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.blocks.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.clear();
        let mut held_bytes = 0;
        loop {
            if let Some(mut current) = self.current.take() {
                held_bytes += current.block.bytes.len() - current.at;
                // A bad record ends what is read at once.
                while current.at < current.block.bytes.len() && self.rows < BATCH_ROWS {
                    self.read(&mut current)?;
                }
                if current.at < current.block.bytes.len() {
                    self.current = Some(current);
                }
                if self.rows >= BATCH_ROWS {
                    return Ok(self.ready(Ready::Starved));
                }
            }
            // As in text files: a record that lay across two chunks is no batch of its own.
            // Bad records are not piled up either: their batch may be empty.
            if held_bytes as u64 >= CHUNK_BYTES / 2
                && (self.rows > 0 || self.log.as_ref().is_some_and(RejectLog::is_waiting))
            {
                return Ok(Ready::Batch);
            }
            match self.blocks.next()? {
                Next::Block(block) => self.current = self.begin(block)?,
                Next::Starved => return Ok(self.ready(Ready::Starved)),
                Next::End => return Ok(self.ready(Ready::End)),
            }
        }
    }

    fn take_rejected(&mut self) -> Vec<Rejected> {
        self.log.as_mut().map_or_else(Vec::new, RejectLog::take)
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
