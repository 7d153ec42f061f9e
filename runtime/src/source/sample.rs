//! Samples: rows of a source that are read before a run, for estimates.
//!
//! A sample consists of *places*: runs of neighbouring rows. Reading few places is cheap. Rows of
//! one place are often similar, so estimates of distinct values need the place of each row.

mod cache;
mod places;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::memory::{Budget, Memory};
use crate::page::{Batch, Input, Page, RowWriter, Selection};
use crate::row::{LeafSet, RowLayout, Schema};

use super::{CheckedReader, NoFilters, ReadProgress, ReaderContext, Scan, Source, Split, ThisThread};

pub use cache::samples_of;
pub use places::spread_evenly;

/// Most rows of a sample.
pub const SAMPLE_ROWS: usize = 4096;
/// The number of places in the data from which a sample is taken.
pub const SAMPLE_PLACES: usize = 32;
/// Consecutive rows of one place.
const RUN_ROWS: usize = 64;
/// Memory limit for the reader of a sample. Only a huge record needs as much.
const SAMPLE_MEMORY_BYTES: usize = 64 << 20;

/// Rows of one page and one place, in ascending order.
#[derive(Clone, Debug)]
pub struct SampledRows {
    /// The index of the page in [`Sample::pages`].
    pub page: usize,
    /// The number of the place.
    pub place: usize,
    /// The selected rows of the page.
    pub rows: Selection,
}

/// Sampled rows of a source, as pages of its live leaves.
#[derive(Clone)]
pub struct Sample {
    /// The pages, which may have more rows than the sample.
    pub pages: Arc<[Page]>,
    /// The rows of the sample, ordered by place.
    pub rows: Vec<SampledRows>,
    /// The number of rows that the sample represents: rows of the source that the scan's bounds do
    /// not exclude.
    pub population: f64,
    /// Value counts of leaves that were computed before.
    pub values: Arc<KnownValues>,
}

/// Estimates about the values of some leaves.
#[derive(Clone, Copy, Debug)]
pub struct ValueCounts {
    /// Distinct values in the population.
    pub distinct: f64,
    /// The share of rows with the most frequent value, from 0 to 1. It is 0 if no value
    /// occurs in more than half of the places, as in a file sorted by these leaves.
    pub hottest: f64,
}

/// A cache of value counts. Planning asks for the same leaves many times, and so do later plans
/// over the same data.
#[derive(Debug, Default)]
pub struct KnownValues(Mutex<HashMap<(Vec<usize>, u64), ValueCounts>>);

impl KnownValues {
    /// Returns the counts of these leaves for a population. Calls `count` if they are not cached.
    pub fn of(&self, leaves: Vec<usize>, population: f64, count: impl FnOnce() -> ValueCounts) -> ValueCounts {
        let key = (leaves, population.to_bits());
        if let Some(&known) = self.known().get(&key) {
            return known;
        }
        let found = count();
        self.known().insert(key, found);
        found
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(Vec<usize>, u64), ValueCounts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sample {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.iter().map(|sampled| sampled.rows.len()).sum()
    }

    /// Returns `true` if the sample has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(|sampled| sampled.rows.is_empty())
    }

    /// The bytes of the pages.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pages.iter().map(Page::bytes).sum()
    }

    /// Samples pages in memory, such as those of a collection. Selects pages at even distances, and
    /// rows at even distances in each of these.
    #[must_use]
    pub fn of_pages(pages: &Arc<[Page]>) -> Self {
        let population = pages.iter().map(Page::rows).sum::<usize>();
        let is_small = population <= SAMPLE_ROWS;
        let count = if is_small { pages.len() } else { pages.len().min(2 * SAMPLE_PLACES) };
        let each = if is_small { SAMPLE_ROWS } else { SAMPLE_ROWS / count };
        let chosen = (0..count).map(|number| number * pages.len() / count);
        let of_page = |page: usize| runs(pages[page].rows(), each).map(move |run| (page, run));
        let sampled =
            |(place, (page, run)): (usize, (usize, Range<usize>))| SampledRows { page, place, rows: all_of(run) };
        let rows = chosen.flat_map(of_page).enumerate().map(sampled).collect();
        Sample { pages: pages.clone(), rows, population: population as f64, values: Arc::default() }
    }
}

/// Selects about `max_rows` of `rows` rows: all of them, or runs of consecutive rows at even
/// distances.
///
/// Neighbouring rows are often alike. A run shows that, while every tenth row would not. Runs lie
/// at least a run apart. Otherwise a block of equal rows could reach into two runs, and its value
/// would count as one that occurs in two places.
fn runs(rows: usize, max_rows: usize) -> impl Iterator<Item = Range<usize>> {
    let max_runs = (rows / (2 * RUN_ROWS)).max(1);
    let (count, length) =
        if rows <= max_rows { (1, rows) } else { (max_rows.div_ceil(RUN_ROWS).min(max_runs), RUN_ROWS.min(max_rows)) };
    (0..count).map(move |run| {
        let first = run * (rows - length) / (count - 1).max(1);
        first..first + length
    })
}

fn all_of(range: Range<usize>) -> Selection {
    let mut rows = Selection::default();
    rows.set(range.start as u32..range.end as u32);
    rows
}

/// Collects the rows of a sample.
pub struct Sampler {
    writer: RowWriter,
    /// The number of rows taken from each place.
    places: Vec<usize>,
    /// The number of records in the batches so far.
    seen: u64,
}

impl Sampler {
    /// A sampler of records with this schema and these live leaves.
    #[must_use]
    pub fn new(schema: &Schema, live: &LeafSet) -> Self {
        let writer = RowWriter::new(Arc::new(RowLayout::new(schema.types(), live)), memory());
        Sampler { writer, places: Vec::new(), seen: 0 }
    }

    /// The number of records in the batches so far, whether they were taken or not.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes about `max_rows` rows of a batch, and counts all of them as seen.
    ///
    /// # Errors
    /// Fails if memory is refused.
    pub fn take(&mut self, batch: &Batch<'_>, max_rows: usize) -> Result<()> {
        self.seen += batch.rows() as u64;
        runs(batch.rows(), max_rows).try_for_each(|run| self.take_place(batch, run))
    }

    /// Takes consecutive rows of a batch as one place.
    ///
    /// # Errors
    /// As [`Sampler::take`].
    pub fn take_place(&mut self, batch: &Batch<'_>, rows: Range<usize>) -> Result<()> {
        self.places.push(rows.len());
        self.writer.append(&Input::new(batch, &all_of(rows)), None)
    }

    /// Returns the sample. `population` is the number of rows that it represents.
    #[must_use]
    pub fn finish(mut self, population: f64) -> Sample {
        self.writer.seal();
        let pages: Vec<Page> = self.writer.take_sealed().collect();
        let rows = placed(&pages, &self.places);
        Sample { pages: pages.into(), rows, population, values: Arc::default() }
    }
}

/// Assigns the rows of pages to places. `places` has the number of rows of each place, in the order
/// in which they were written.
#[must_use]
pub fn placed(pages: &[Page], places: &[usize]) -> Vec<SampledRows> {
    let mut sampled_rows = Vec::new();
    let (mut page, mut row) = (0, 0);
    for (place, &count) in places.iter().enumerate() {
        let mut left = count;
        while left > 0 && page < pages.len() {
            let end = pages[page].rows().min(row + left);
            if end > row {
                let mut rows = Selection::default();
                rows.set(row as u32..end as u32);
                sampled_rows.push(SampledRows { page, place, rows });
            }
            left -= end - row;
            row = end;
            if row == pages[page].rows() {
                (page, row) = (page + 1, 0);
            }
        }
    }
    sampled_rows
}

/// Samples small splits with the reader of the source. Each split contributes rows in proportion to
/// its bytes.
///
/// # Errors
/// Fails if the splits cannot be read.
pub fn sample_splits(source: &dyn Source, scan: &Scan, splits: &[Split]) -> Result<Sampler> {
    let thread = Arc::new(ThisThread::default());
    let context = ReaderContext { memory: memory(), blocking: thread.clone() };
    let mut reader = CheckedReader::of(source, scan, context)?;
    let mut sampler = Sampler::new(source.schema(), &scan.live);
    let bytes: u64 = splits.iter().map(|split| split.bytes).sum();
    for split in splits {
        let share = SAMPLE_ROWS as f64 * split.bytes as f64 / bytes as f64;
        reader.open(split, None)?;
        read_split(&mut reader, &thread, split, (share as usize).max(1), &mut sampler)?;
    }
    Ok(sampler)
}

/// Takes up to `max_rows` rows of an open split.
fn read_split(
    reader: &mut CheckedReader,
    thread: &ThisThread,
    split: &Split,
    max_rows: usize,
    sampler: &mut Sampler,
) -> Result<()> {
    let mut left = max_rows;
    // A split without a known end, such as a compressed file, is read only until there are enough
    // rows. Others are read to the end, so that all their records are counted.
    let is_open = split.range.end == u64::MAX;
    loop {
        match reader.advance(&mut NoFilters)? {
            ReadProgress::Batch { .. } => {
                let batch = reader.batch()?;
                sampler.take(&batch, left)?;
                left -= left.min(batch.rows());
                if is_open && left == 0 {
                    return Ok(());
                }
            }
            ReadProgress::Pending => thread.wait(),
            ReadProgress::CaughtUp | ReadProgress::End => return Ok(()),
        }
    }
}

fn memory() -> Memory {
    Memory::new(Budget::new(SAMPLE_MEMORY_BYTES), "a sample")
}
