//! Reads Parquet files.

use std::sync::Arc;

use super::footer::{column_range, read_footer};
use super::mapping::FileMapping;
use super::options::ParquetOptions;
use super::prune::is_excluded;
use super::reader::ParquetReader;
use super::sample::Runs;
use crate::BATCH_ROWS;
use crate::files::{InputFile, Inputs, describe, version_of};
use runtime::error::Result;
use runtime::memory::Memory;
use runtime::page::run_bytes;
use runtime::row::Schema;
use runtime::source::{
    Bound, ColumnFit, RangeReader, RangeSource, SAMPLE_ROWS, Sample, Sampler, Scan, Split, SplitList, Statistics,
    TableSource, spread_evenly,
};

/// Source of the records of Parquet files. Splits are row groups.
pub struct ParquetSource {
    path: String,
    files: Arc<[InputFile]>,
    mappings: Arc<[FileMapping]>,
    schema: Arc<Schema>,
    ignores_case: bool,
}

/// Largest number of row groups in a sample.
const SAMPLED_GROUPS: usize = 4;
/// Bytes that are decompressed for a sample at most. If rows are wide, fewer row groups are read.
const SAMPLED_BYTES: usize = 3 << 20;
/// Rows of a page as most writers make them. At least one page is read to sample a row group.
const PAGE_ROWS: usize = 20_000;
/// Number of runs of rows in a sample.
const SAMPLED_RUNS: usize = 64;
/// The sampled rows are among this number of first rows of a row group, which is about a page.
const SAMPLED_REGION: usize = 1 << 14;

impl ParquetSource {
    /// Creates a source of the records of listed files. Reads their footers.
    ///
    /// Columns are found by the names of fields, and only if a scan reads them. So a file may lack
    /// columns that no scan reads.
    ///
    /// # Errors
    /// Fails if a file cannot be read, or is not a Parquet file.
    pub fn of(inputs: Inputs, schema: &Schema, options: ParquetOptions) -> Result<Self> {
        let Inputs { path, files } = inputs;
        let mapping = |file: &InputFile| FileMapping::new(file, read_footer(file)?, schema, options.ignore_case);
        let mappings = files.iter().map(mapping).collect::<Result<_>>()?;
        Ok(ParquetSource { path, files, mappings, schema: Arc::new(schema.clone()), ignores_case: options.ignore_case })
    }

    /// Returns the row groups that may satisfy the bounds of a scan: file, row group, rows, and
    /// compressed bytes of the live columns.
    fn groups<'s>(&'s self, scan: &'s Scan) -> impl Iterator<Item = (usize, usize, i64, u64)> + 's {
        let each = self.mappings.iter().zip(&*self.files).enumerate();
        each.flat_map(move |(part, (mapping, file))| {
            let columns = mapping.columns(&scan.live);
            let groups = mapping.metadata.metadata().row_groups().iter().enumerate();
            groups.filter(move |(_, group)| !is_excluded(mapping, &self.schema, group, &scan.bounds)).map(
                move |(index, group)| {
                    let range = |&column: &usize| column_range(group.column(column), file.bytes());
                    let bytes = columns.iter().filter_map(range).map(|range| range.end - range.start).sum();
                    (part, index, group.num_rows(), bytes)
                },
            )
        })
    }

    /// Returns the decompressed bytes per row in the live columns, according to the first row
    /// group.
    fn row_bytes(&self, scan: &Scan) -> usize {
        let Some((part, group, rows, _)) = self.groups(scan).next() else { return 0 };
        let (mapping, rows) = (&self.mappings[part], usize::try_from(rows).unwrap_or(1).max(1));
        let group = mapping.metadata.metadata().row_group(group);
        let columns = mapping.columns(&scan.live);
        columns.iter().map(|&column| group.column(column).uncompressed_size() as usize).sum::<usize>() / rows
    }
}

impl RangeSource for ParquetSource {
    fn describe(&self) -> String {
        describe("parquet", &self.path, &self.files)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn splits(&self, scan: &Scan) -> Result<SplitList> {
        for (mapping, file) in self.mappings.iter().zip(&*self.files) {
            mapping.plans(file, &scan.live)?;
        }
        let split = |(part, group, _, bytes)| Split::of_file(part, group as u64..group as u64 + 1, bytes);
        Ok(SplitList::complete(self.groups(scan).map(split).collect()))
    }

    fn reader_bytes(&self, scan: &Scan) -> usize {
        let group = |(part, group, _, _): (usize, usize, i64, u64)| {
            let mapping = &self.mappings[part];
            let columns = mapping.columns(&scan.live);
            let group = mapping.metadata.metadata().row_group(group);
            let chunks = || columns.iter().map(|&column| group.column(column));
            // Compressed and decoded bytes.
            let read: usize = chunks().map(|chunk| run_bytes(chunk.compressed_size() as usize)).sum();
            let decoded = chunks().map(|chunk| chunk.uncompressed_size() as usize).sum::<usize>();
            (read + decoded).saturating_add(mapping.list_bytes(&self.schema, &scan.live, group))
        };
        let columns = scan.live.iter().filter_map(|leaf| self.schema.leaves().get(leaf));
        let batch = BATCH_ROWS * columns.map(|leaf| leaf.ty.width()).sum::<usize>();
        self.groups(scan).map(group).max().unwrap_or(0).saturating_add(batch)
    }

    fn range_reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn RangeReader>> {
        let ParquetSource { files, mappings, schema, .. } = self;
        Ok(Box::new(ParquetReader::new(files.clone(), mappings.clone(), schema.clone(), scan, memory)?))
    }
}

impl TableSource for ParquetSource {
    fn statistics(&self, scan: &Scan) -> Statistics {
        let (rows, bytes) = self.groups(scan).fold((0, 0), |sum, (_, _, rows, bytes)| (sum.0 + rows, sum.1 + bytes));
        Statistics { rows: Some(rows as f64), bytes }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        self.mappings.first().map(|mapping| mapping.columns_of(&self.schema)).unwrap_or_default()
    }

    /// Samples first rows of a few row groups. Later rows would need the decoding of all rows
    /// before.
    fn sample(&self, scan: &Scan) -> Option<Sample> {
        let with_rows =
            |(part, group, rows, _)| Some((part, group, u64::try_from(rows).ok().filter(|&rows| rows > 0)?));
        let groups: Vec<(usize, usize, u64)> = self.groups(scan).filter_map(with_rows).collect();
        let lengths: Vec<u64> = groups.iter().map(|&(_, _, rows)| rows).collect();
        let population: u64 = lengths.iter().sum();
        let affordable = SAMPLED_BYTES / (self.row_bytes(scan) * PAGE_ROWS).max(1);
        let places = affordable.clamp(1, SAMPLED_GROUPS);
        let chosen: Vec<(usize, Runs)> = if population <= SAMPLE_ROWS as u64 {
            lengths.iter().map(|&rows| Runs::whole(rows as usize)).enumerate().collect()
        } else {
            let places: Vec<usize> = spread_evenly(&lengths, places).into_iter().map(|(group, _)| group).collect();
            let of_group = |equal: &[usize]| {
                let region = lengths[equal[0]].min(SAMPLED_REGION as u64) as usize;
                let runs = SAMPLED_RUNS * equal.len() / places.len();
                (equal[0], Runs::apart(runs, SAMPLE_ROWS / SAMPLED_RUNS, region))
            };
            places.chunk_by(|one, next| one == next).map(of_group).collect()
        };
        let mut sampler = Sampler::new(&self.schema, &scan.live);
        let memory = Memory::unbounded("a sample");
        let mut reader =
            ParquetReader::new(self.files.clone(), self.mappings.clone(), self.schema.clone(), scan, &memory).ok()?;
        for (group, runs) in chosen {
            let (part, group, _) = groups[group];
            reader.sample((part, group), runs, &mut sampler).ok()?;
        }
        Some(sampler.finish(population as f64))
    }

    fn version(&self) -> Option<u128> {
        Some(version_of("parquet", &self.files, &self.schema, &self.ignores_case))
    }

    fn excludes(&self, split: &Split, bounds: &[Bound]) -> bool {
        let Some(mapping) = self.mappings.get(split.part) else { return false };
        let group = mapping.metadata.metadata().row_groups().get(split.range.start as usize);
        group.is_some_and(|group| is_excluded(mapping, &self.schema, group, bounds))
    }

    fn asks_filters(&self) -> bool {
        true
    }

    fn has_limits(&self, leaf: usize) -> bool {
        self.mappings.iter().any(|mapping| {
            let groups = mapping.metadata.metadata().row_groups();
            mapping
                .plan(leaf)
                .is_some_and(|plan| groups.iter().any(|group| group.column(plan.column).statistics().is_some()))
        })
    }
}
