//! Some rows of a row group, for a sample: runs of rows, of which only the pages are read that they lie in.

mod dictionary;

use std::io::{BufReader, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};

use self::dictionary::{Place, ShortChunk};
use super::checked::decoder;
use super::footer::guarded;
use super::reader::ParquetReader;
use super::writer_faults::always_compresses;
use runtime::error::{Error, Result};
use runtime::source::{RangeReader, Sampler};
use runtime::storage::{StoredObject, read_exact_at};

/// The rows of a row group that a sample takes: runs of consecutive rows, at even distances in the first rows of the group.
#[derive(Clone, Copy)]
pub(super) struct Runs {
    count: usize,
    /// Rows of a run.
    rows: usize,
    /// The number of first rows in which the runs lie. A single run takes all of them.
    region: usize,
}

impl Runs {
    /// All of `region` rows, as one run.
    pub(super) fn whole(region: usize) -> Self {
        Runs { count: 1, rows: region, region }
    }

    /// At most `count` runs in `region` rows. Runs lie at least a run apart: a value whose rows reached from one run into
    /// the next would count as one that two places have in common.
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
    /// Takes some rows of a row group.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub(super) fn sample(&mut self, (part, group): (usize, usize), runs: Runs, sampler: &mut Sampler) -> Result<()> {
        self.begin_sample(part, group);
        let (file, fit, columns) = self.sampled();
        if columns.is_empty() {
            return Err(Error::Internal("nothing to sample".to_owned()));
        }
        if always_compresses(fit.created_by()) {
            return Err(Error::Internal("the pages of this file must be changed first".to_owned()));
        }
        let input = OpenFile { length: file.bytes(), object: file.open()?, short: Vec::new() };
        let metadata = fit.metadata.metadata().row_group(group);
        let input = guarded(|| input.with_short_dictionaries(metadata, &columns, runs.region));
        let (input, batch_rows) = (Arc::new(input.map_err(Error::Internal)?), runs.count * runs.rows);
        let mut decoder =
            decoder(fit, group, columns, input, batch_rows, Some(runs.selection())).map_err(Error::Internal)?;
        while let Some(batch) = guarded(|| decoder.next().transpose()).map_err(Error::Internal)? {
            self.hold_sampled(batch)?;
            let batch = self.batch()?;
            for first in (0..batch.rows()).step_by(runs.rows) {
                sampler.take_place(&batch, first..batch.rows().min(first + runs.rows))?;
            }
        }
        Ok(())
    }
}

/// A file that is read in places as they are asked for.
struct OpenFile {
    length: u64,
    object: Arc<dyn StoredObject>,
    /// Column chunks that differ from those of the file.
    short: Vec<ShortChunk>,
}

impl OpenFile {
    /// The same for a reader of so many rows from the beginning of a row group on.
    fn with_short_dictionaries(self, group: &RowGroupMetaData, columns: &[usize], rows: usize) -> ParquetResult<Self> {
        let whole = Arc::new(self);
        let short = columns.iter().filter_map(|&column| ShortChunk::of(&whole, group.column(column), rows).transpose());
        let short = short.collect::<ParquetResult<_>>()?;
        Ok(OpenFile { length: whole.length, object: whole.object.clone(), short })
    }

    fn place(&self, start: u64) -> Place {
        self.short.iter().find_map(|chunk| chunk.place(start)).unwrap_or(Place::File(start))
    }
}

/// From a place on.
struct From {
    object: Arc<dyn StoredObject>,
    at: u64,
}

impl Read for From {
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
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        // What is read like this is the head of a page.
        const HEAD_BYTES: usize = 1 << 10;
        Ok(match self.place(start) {
            Place::Dictionary(bytes) => Box::new(bytes.reader()),
            Place::File(at) => Box::new(BufReader::with_capacity(HEAD_BYTES, From { object: self.object.clone(), at })),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self.place(start) {
            Place::Dictionary(bytes) if length <= bytes.len() => Ok(bytes.slice(..length)),
            Place::Dictionary(_) => Err(ParquetError::EOF("a dictionary that is shorter than its page".to_owned())),
            Place::File(at) => {
                let mut buffer = vec![0; length];
                read_exact_at(&*self.object, &mut buffer, at)?;
                Ok(buffer.into())
            }
        }
    }
}
