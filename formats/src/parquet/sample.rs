//! Samples runs of rows of a row group. Only the pages that hold them are read.

use std::io::{BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::errors::Result as ParquetResult;
use parquet::file::reader::{ChunkReader, Length};

use super::checked::decoder;
use super::footer::catching_panics;
use super::reader::ParquetReader;
use super::writer_faults::always_compresses;
use runtime::error::{Error, Result};
use runtime::source::{RangeReader, Sampler};
use runtime::storage::{StoredObject, read_exact_at};

/// The rows of a row group that a sample takes: runs of consecutive rows, at equal distances among
/// the first rows of the group.
#[derive(Clone, Copy)]
pub(super) struct Runs {
    count: usize,
    /// Number of rows in a run.
    rows: usize,
    /// Number of first rows that contain the runs. A single run takes all of them.
    region: usize,
}

impl Runs {
    /// Creates one run of all `region` rows.
    pub(super) fn whole(region: usize) -> Self {
        Runs { count: 1, rows: region, region }
    }

    /// Creates at most `count` runs in `region` rows. Runs are at least a run apart. Otherwise a
    /// value whose rows extend from one run into the next would count as common to two places.
    pub(super) fn apart(count: usize, rows: usize, region: usize) -> Self {
        let count = count.min(region / (2 * rows));
        if count > 1 { Runs { count, rows, region } } else { Runs::whole(region.min(2 * rows)) }
    }

    fn selection(self) -> RowSelection {
        let Runs { count, rows, region } = self;
        if count == 1 {
            return vec![RowSelector::select(region)].into();
        }
        let run = |_| [RowSelector::select(rows), RowSelector::skip(region / count - rows)];
        (0..count).flat_map(run).collect::<Vec<_>>().into()
    }
}

impl ParquetReader {
    /// Samples some rows of a row group.
    ///
    /// # Errors
    /// Fails if they cannot be read.
    pub(super) fn sample(&mut self, (part, group): (usize, usize), runs: Runs, sampler: &mut Sampler) -> Result<()> {
        self.begin_sample(part, group);
        let (file, mapping, columns) = self.sampled();
        if columns.is_empty() {
            return Err(Error::Internal("nothing to sample".to_owned()));
        }
        if always_compresses(mapping.created_by()) {
            return Err(Error::Internal("the pages of this file must be changed first".to_owned()));
        }
        let input = Arc::new(OpenFile { length: file.bytes(), object: file.open()? });
        let batch_rows = runs.count * runs.rows;
        let mut decoder =
            decoder(mapping, group, columns, input, batch_rows, Some(runs.selection())).map_err(Error::Internal)?;
        while let Some(batch) = catching_panics(|| decoder.next().transpose()).map_err(Error::Internal)? {
            self.set_sampled_batch(batch)?;
            let batch = self.batch()?;
            for first in (0..batch.rows()).step_by(runs.rows) {
                sampler.take_place(&batch, first..batch.rows().min(first + runs.rows))?;
            }
        }
        Ok(())
    }
}

/// A file that is read in pieces.
struct OpenFile {
    length: u64,
    object: Arc<dyn StoredObject>,
}

/// Reads a file from an offset on.
pub(super) struct FromByte {
    object: Arc<dyn StoredObject>,
    at: u64,
}

impl Read for FromByte {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.object.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Length for OpenFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for OpenFile {
    type T = BufReader<FromByte>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        // The decoder reads the headers of pages through this reader.
        const HEAD_BYTES: usize = 1 << 10;
        let from = FromByte { object: self.object.clone(), at: start };
        Ok(BufReader::with_capacity(HEAD_BYTES, from))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let mut buffer = vec![0; length];
        read_exact_at(&*self.object, &mut buffer, start)?;
        Ok(buffer.into())
    }
}
