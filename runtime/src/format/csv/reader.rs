//! Decodes blocks of records into columns.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::mapping::Positions;
use super::parse::{Found, Values};
use super::scan::{Fields, Scanner};
use super::source::Shared;
use crate::error::Result;
use crate::format::BATCH_ROWS;
use crate::format::blocks::{Block, Blocks, CHUNK_BYTES, Next};
use crate::memory::Memory;
use crate::page::{Batch, Columns, Utf8};
use crate::row::{LeafSet, LeafType};
use crate::source::{ReadRequest, Ready, Split, SplitReader};

/// Reads splits of CSV files.
pub(super) struct CsvReader {
    shared: Arc<Shared>,
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
    pub(super) fn new(shared: Arc<Shared>, live: &LeafSet, memory: &Memory) -> Result<Self> {
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
            rows: 0,
            shared,
        })
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.leaves.iter_mut().flatten().for_each(Values::clear);
        self.guards.iter_mut().for_each(|guard| guard.valid.clear());
    }

    fn begin(&self, block: Block) -> Result<Current> {
        let text = match self.reads_text.then(|| Utf8::check(block.bytes.clone())).transpose() {
            Ok(text) => text,
            Err(at) => return Err(self.blocks.file().not_utf8(&block.bytes, at, block.offset)),
        };
        Ok(Current { block, text, at: 0 })
    }

    /// Adds records of the current block to the batch, until either is at its end.
    fn read(&mut self, current: &mut Current) -> Result<()> {
        let bytes = &current.block.bytes;
        let offset = current.block.offset;
        let most = BATCH_ROWS - self.rows;
        let file = self.blocks.file();
        current.at = self
            .scanner
            .scan(bytes, current.at, most, &mut self.fields)
            .map_err(|wrong| file.data_error(offset + wrong.at as u64, wrong.message))?;
        let found =
            Found { block: bytes, text: current.text.as_ref(), fields: &self.fields, quote: self.shared.options.quote };
        let batch = self.rows..self.rows + self.fields.records();
        let null = self.shared.options.null.as_bytes();
        for guard in &mut self.guards {
            let positions: Vec<usize> = guard.leaves.iter().filter_map(|&leaf| self.positions.of_leaf[leaf]).collect();
            let is_valid = |record| positions.iter().any(|&position| found.raw(record, position) != null);
            guard.valid.extend((0..self.fields.records()).map(|record| u8::from(is_valid(record))));
        }
        for column in &self.shared.columns {
            let (Some(values), Some(position)) = (&mut self.leaves[column.leaf], self.positions.of_leaf[column.leaf])
            else {
                continue;
            };
            let ty = self.shared.schema.leaves()[column.leaf].ty;
            let valid = valid_of(&self.guards, column.guards.last(), &batch);
            if let Err(record) = values.parse(ty, found, position, valid) {
                let at = offset + self.fields.start(record) as u64;
                let path = &self.shared.schema.leaves()[column.leaf].path;
                return Err(file.data_error(at, unreadable(path, position, ty, found.raw(record, position))));
            }
        }
        self.rows = batch.end;
        Ok(())
    }

    fn ready(&mut self, otherwise: Ready) -> Ready {
        if self.rows == 0 {
            return otherwise;
        }
        self.leaves.iter_mut().flatten().for_each(Values::seal);
        Ready::Batch
    }
}

/// The validity leaves that are read, or guard a leaf that is.
fn guards_of(shared: &Shared, live: &LeafSet) -> Vec<Guard> {
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

fn unreadable(path: &str, position: usize, ty: LeafType, field: &[u8]) -> String {
    let column = if path.is_empty() { format!("column {}", position + 1) } else { format!("column `{path}`") };
    let expected = match ty {
        LeafType::Tag(tag) => tag.expected(),
        ty => ty.to_string(),
    };
    if field.is_empty() {
        return format!(
            "{column}: expected {expected}, found an empty field; make the field an Option to read it as null"
        );
    }
    let shown: String = String::from_utf8_lossy(field).chars().take(40).collect();
    format!("{column}: expected {expected}, found `{shown}`")
}

impl SplitReader for CsvReader {
    fn open(&mut self, split: &Split) -> Result<()> {
        self.clear();
        self.current = None;
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
                self.read(&mut current)?;
                if current.at < current.block.bytes.len() {
                    self.current = Some(current);
                }
                if self.rows >= BATCH_ROWS {
                    return Ok(self.ready(Ready::Starved));
                }
            }
            // As in text files: a record that lay across two chunks is no batch of its own.
            if held_bytes as u64 >= CHUNK_BYTES / 2 && self.rows > 0 {
                return Ok(self.ready(Ready::Starved));
            }
            match self.blocks.next()? {
                Next::Block(block) => self.current = Some(self.begin(block)?),
                Next::Starved => return Ok(self.ready(Ready::Starved)),
                Next::End => return Ok(self.ready(Ready::End)),
            }
        }
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.rows);
        for (index, leaf) in self.shared.schema.leaves().iter().enumerate() {
            let guard = self.guards.iter().find(|guard| guard.validity == index);
            match (&self.leaves[index], guard.filter(|_| self.live.contains(index))) {
                (Some(values), _) => values.push(leaf.ty, &mut columns)?,
                (None, Some(guard)) => columns.plain(leaf.ty, &guard.valid)?,
                (None, None) => columns.dead(leaf.ty),
            }
        }
        Ok(columns.finish())
    }
}
