//! Parquet files as a source.

use std::sync::Arc;

use super::fit::FileFit;
use super::footer::{column_range, read_footer};
use super::options::ParquetOptions;
use super::prune::is_excluded;
use super::reader::ParquetReader;
use crate::error::Result;
use crate::format::BATCH_ROWS;
use crate::format::files::{InputFile, Inputs, describe};
use crate::memory::Memory;
use crate::page::run_bytes;
use crate::row::Schema;
use crate::source::{ColumnFit, Scan, Source, Split, SplitReader, Statistics};

/// Records of Parquet files. Splits are row groups.
pub struct ParquetSource {
    path: String,
    files: Arc<[InputFile]>,
    fits: Arc<[FileFit]>,
    schema: Arc<Schema>,
}

impl ParquetSource {
    /// The records of files that were looked up; their footers are read here.
    ///
    /// Columns are looked up by the names of the record's fields, and only when a scan reads them: a file may lack columns that
    /// nobody reads.
    ///
    /// # Errors
    /// Where one of them cannot be read, or is no Parquet file.
    pub fn of(inputs: Inputs, schema: &Schema, options: ParquetOptions) -> Result<Self> {
        let Inputs { path, files } = inputs;
        let fit = |file: &InputFile| FileFit::new(file, read_footer(file)?, schema, options.ignore_case);
        let fits = files.iter().map(fit).collect::<Result<_>>()?;
        Ok(ParquetSource { path, files, fits, schema: Arc::new(schema.clone()) })
    }

    /// Row groups that a scan's bounds leave: file, row group, rows, and compressed bytes of the live columns.
    fn groups<'s>(&'s self, scan: &'s Scan) -> impl Iterator<Item = (usize, usize, i64, u64)> + 's {
        let each = self.fits.iter().zip(&*self.files).enumerate();
        each.flat_map(move |(part, (fit, file))| {
            let columns = fit.columns(&scan.live);
            let groups = fit.metadata.metadata().row_groups().iter().enumerate();
            groups.filter(move |(_, group)| !is_excluded(fit, &self.schema, group, &scan.bounds)).map(
                move |(index, group)| {
                    let range = |&column: &usize| column_range(group.column(column), file.bytes());
                    let bytes = columns.iter().filter_map(range).map(|range| range.end - range.start).sum();
                    (part, index, group.num_rows(), bytes)
                },
            )
        })
    }
}

impl Source for ParquetSource {
    fn describe(&self) -> String {
        describe("parquet", &self.path, &self.files)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn statistics(&self, scan: &Scan) -> Statistics {
        let (rows, bytes) = self.groups(scan).fold((0, 0), |sum, (_, _, rows, bytes)| (sum.0 + rows, sum.1 + bytes));
        Statistics { rows: Some(rows as f64), bytes }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        self.fits.first().map(|fit| fit.columns_of(&self.schema)).unwrap_or_default()
    }

    fn splits(&self, scan: &Scan) -> Result<Vec<Split>> {
        for (fit, file) in self.fits.iter().zip(&*self.files) {
            fit.plans(file, &scan.live)?;
        }
        let split = |(part, group, _, bytes)| Split { part, range: group as u64..group as u64 + 1, bytes };
        Ok(self.groups(scan).map(split).collect())
    }

    fn reader_bytes(&self, scan: &Scan) -> Result<usize> {
        let group = |(part, group, _, _): (usize, usize, i64, u64)| {
            let fit = &self.fits[part];
            let columns = fit.columns(&scan.live);
            let group = fit.metadata.metadata().row_group(group);
            let chunks = || columns.iter().map(|&column| group.column(column));
            // As they are read, and as they are decoded.
            let read: usize = chunks().map(|chunk| run_bytes(chunk.compressed_size() as usize)).sum();
            let decoded = chunks().map(|chunk| chunk.uncompressed_size() as usize).sum::<usize>();
            (read + decoded).saturating_add(fit.list_bytes(&self.schema, &scan.live, group))
        };
        let columns = scan.live.iter().filter_map(|leaf| self.schema.leaves().get(leaf));
        let batch = BATCH_ROWS * columns.map(|leaf| leaf.ty.width()).sum::<usize>();
        Ok(self.groups(scan).map(group).max().unwrap_or(0).saturating_add(batch))
    }

    fn reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn SplitReader>> {
        let reader = ParquetReader::new(self.files.clone(), self.fits.clone(), self.schema.clone(), scan, memory)?;
        Ok(Box::new(reader))
    }
}
