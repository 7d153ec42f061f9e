//! Reads native files.

use std::sync::Arc;

use crate::chunks::Chunks;
use crate::files::{InputFile, Inputs, beginning, describe, version_of};
use crate::splits::split_bytes;
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::row::Schema;
use runtime::source::{
    ColumnFit, RangeReader, RangeSource, Sample, Scan, Split, SplitList, Statistics, TableSource, sample_splits,
    spread_evenly,
};

use super::frame::{HEAD_BYTES, Head, PREFIX_BYTES, SplitName, header_bytes, leaves_of};
use super::mapping::FileMapping;
use super::reader::{NativeInput, NativeReader};

/// Source of the records of native files. A split is a range of blocks.
pub struct NativeSource {
    path: String,
    shared: Arc<NativeInput>,
    blocks: Vec<Blocks>,
    split_bytes: u64,
}

/// The blocks of a file.
struct Blocks {
    /// Offset of each block, then of the end. For a compressed file, only that of the first block.
    starts: Vec<u64>,
    rows: Option<u64>,
}

impl NativeSource {
    /// Creates a source of the records of listed files. Reads their headers and the heads of their
    /// blocks. Fields are found by name, and only if a scan reads them.
    ///
    /// # Errors
    /// Fails if a file cannot be read, is damaged, or is not a native file.
    pub fn of(inputs: Inputs, schema: &Schema) -> Result<Self> {
        let Inputs { path, files } = inputs;
        let (mut mappings, mut blocks) = (Vec::new(), Vec::new());
        for file in &*files {
            let (mapping, begin) = read_header(file, schema)?;
            let compressed = Blocks { starts: vec![begin], rows: None };
            blocks.push(if file.compression().is_none() { find_blocks(file, &mapping, begin)? } else { compressed });
            mappings.push(mapping);
        }
        let split_bytes = split_bytes(&files);
        let shared = Arc::new(NativeInput { files, mappings, schema: schema.clone() });
        Ok(NativeSource { path, shared, blocks, split_bytes })
    }

    /// Sets the target size of splits, in bytes.
    #[must_use]
    pub fn with_split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
    }
}

fn damaged(file: &InputFile, at: u64, message: String) -> Error {
    Error::Data { path: file.path().to_path_buf(), place: format!(", byte {at}"), message }
}

/// Returns the header of a file, and its length in bytes.
fn read_header(file: &InputFile, schema: &Schema) -> Result<(FileMapping, u64)> {
    let (mut bytes, _) = beginning(file, PREFIX_BYTES)?;
    let length = header_bytes(&bytes).map_err(|message| damaged(file, 0, message))?;
    if bytes.len() < length {
        (bytes, _) = beginning(file, length)?;
    }
    let header = bytes.get(..length).ok_or_else(|| damaged(file, 0, "the file ends within its header".to_owned()))?;
    let leaves = leaves_of(header).map_err(|message| damaged(file, 0, message))?;
    let mut mapping = FileMapping::new(leaves, schema);
    mapping.is_split = SplitName::of(header).is_some();
    Ok((mapping, length as u64))
}

/// Finds the blocks of a file by the lengths in their heads.
fn find_blocks(file: &InputFile, mapping: &FileMapping, begin: u64) -> Result<Blocks> {
    let handle = file.open()?;
    let (mut starts, mut at, mut sum) = (vec![begin], begin, 0);
    let mut head = [0; HEAD_BYTES];
    loop {
        if file.read_at(&*handle, at, &mut head)? < HEAD_BYTES {
            return Err(damaged(file, at, "the file ends before its last block; it was cut, get it again".to_owned()));
        }
        match Head::read(&head, mapping.seed(at)).map_err(|message| damaged(file, at, message))? {
            Head::Block { rows, body_bytes, .. } => {
                sum += u64::from(rows);
                at += HEAD_BYTES as u64 + u64::from(body_bytes);
                starts.push(at);
            }
            Head::End { rows, blocks, .. } => {
                let message = match () {
                    () if rows != sum || blocks + 1 != starts.len() as u64 => {
                        format!("expected {rows} records in {blocks} blocks, found {sum} in {}", starts.len() - 1)
                    }
                    () if at + (HEAD_BYTES as u64) < file.bytes() => "bytes follow the end".to_owned(),
                    () => return Ok(Blocks { starts, rows: Some(rows) }),
                };
                return Err(damaged(file, at, format!("the file is damaged: {message}")));
            }
        }
    }
}

impl RangeSource for NativeSource {
    fn describe(&self) -> String {
        describe("native", &self.path, &self.shared.files)
    }

    fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    fn splits(&self, scan: &Scan) -> Result<SplitList> {
        let mut splits = Vec::new();
        for (part, (file, blocks)) in self.shared.files.iter().zip(&self.blocks).enumerate() {
            self.shared.mappings[part].plans(file.path(), &scan.live)?;
            match file.compression() {
                None => splits.extend(cut(part, &blocks.starts, self.split_bytes)),
                Some(_) => splits.push(Split::of_file(part, blocks.starts[0]..u64::MAX, file.bytes())),
            }
        }
        Ok(SplitList::complete(splits))
    }

    fn reader_bytes(&self, _: &Scan) -> usize {
        let lengths = |blocks: &Blocks| blocks.starts.windows(2).map(|pair| pair[1] - pair[0]).max();
        // The sizes of the blocks of a compressed file are not known.
        let largest = self.blocks.iter().filter_map(lengths).max().unwrap_or(0) as usize;
        // Chunks that were read, a block that is assembled, and its decoded columns.
        2 * Chunks::bytes(&self.shared.files) + 3 * largest
    }

    fn range_reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn RangeReader>> {
        Ok(Box::new(NativeReader::new(self.shared.clone(), &scan.live, memory)?))
    }
}

impl TableSource for NativeSource {
    fn statistics(&self, _scan: &Scan) -> Statistics {
        let rows: Option<u64> = self.blocks.iter().map(|blocks| blocks.rows).sum();
        let bytes = self.shared.files.iter().map(InputFile::bytes).sum();
        Statistics { rows: rows.map(|rows| rows as f64), bytes }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        self.shared.mappings.first().map(|mapping| mapping.columns_of(&self.shared.schema)).unwrap_or_default()
    }

    /// Samples a few blocks. Each is read and checked as a whole.
    fn sample(&self, scan: &Scan) -> Option<Sample> {
        const BLOCKS: usize = 4;
        let population = self.statistics(scan).rows?;
        let of_file = |(part, blocks): (usize, &Blocks)| {
            let block = move |pair: &[u64]| Split::of_file(part, pair[0]..pair[1], pair[1] - pair[0]);
            blocks.starts.windows(2).map(block).collect::<Vec<_>>()
        };
        let all: Vec<Split> = self.blocks.iter().enumerate().flat_map(of_file).collect();
        let lengths: Vec<u64> = all.iter().map(|block| block.bytes).collect();
        let mut chosen: Vec<usize> = spread_evenly(&lengths, BLOCKS).into_iter().map(|(block, _)| block).collect();
        chosen.dedup();
        let splits: Vec<Split> = chosen.into_iter().map(|block| all[block].clone()).collect();
        Some(sample_splits(self, scan, &splits).ok()?.finish(population))
    }

    fn version(&self) -> Option<u128> {
        Some(version_of("native", &self.shared.files, &self.shared.schema, &()))
    }
}

/// Cuts a file into splits of whole blocks. Each has at least `target` bytes, except the last one.
fn cut(part: usize, starts: &[u64], target: u64) -> Vec<Split> {
    let (mut splits, mut begin) = (Vec::new(), starts[0]);
    for (index, &end) in starts.iter().enumerate().skip(1) {
        if end - begin >= target || index + 1 == starts.len() {
            splits.push(Split::of_file(part, begin..end, end - begin));
            begin = end;
        }
    }
    splits
}
