//! Rows of a source that are looked at before a run.
//!
//! A sample is made of *places*: rows that lie close to each other. Reading few places is what makes it cheap, and rows of one place are often alike,
//! so whoever counts values in a sample has to know which rows have a place in common.

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

/// How many rows a sample has at most.
pub const SAMPLE_ROWS: usize = 4096;
/// From how many parts of the data.
pub const SAMPLE_PLACES: usize = 32;
/// How many rows that follow each other make a place.
const RUN_ROWS: usize = 64;
/// What readers of samples may hold: places are small, so this is far more than any needs but one that meets a huge record.
const SAMPLE_MEMORY_BYTES: usize = 64 << 20;

/// Some rows of one page and one place, ascending.
#[derive(Clone, Debug)]
pub struct SampledRows {
    /// The page, by its number in the sample.
    pub page: usize,
    /// The place that they were read from.
    pub place: usize,
    /// The rows, by their numbers in the page.
    pub rows: Selection,
}

/// Some rows of a source, as pages of its live leaves.
#[derive(Clone)]
pub struct Sample {
    /// The pages.
    pub pages: Arc<[Page]>,
    /// The rows of the pages that are in the sample, place by place.
    pub rows: Vec<SampledRows>,
    /// How many rows they stand for: those of the source, as far as the scan's bounds do not exclude them.
    pub population: f64,
    /// What is known of the values of some of its leaves.
    pub values: Arc<KnownValues>,
}

/// What a sample tells of the values of some leaves.
#[derive(Clone, Copy, Debug)]
pub struct ValueCounts {
    /// How many different ones all rows have.
    pub distinct: f64,
    /// The share of the rows that have the most frequent one; none where each is seen in few places only, as in a file that is sorted by it.
    pub hottest: f64,
}

/// What is known of the values of leaves, once they were counted: planning asks for the same ones many times, and plans of other programs over the same data do, too.
#[derive(Debug, Default)]
pub struct KnownValues(Mutex<HashMap<(Vec<usize>, u64), ValueCounts>>);

impl KnownValues {
    /// Those of leaves and so many rows, counted where they are not known.
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
    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.iter().map(|part| part.rows.len()).sum()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(|part| part.rows.is_empty())
    }

    /// Bytes of its pages.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pages.iter().map(Page::bytes).sum()
    }

    /// Rows of whole pages that are there anyhow, such as those of a collection: of some pages, evenly, some rows, evenly.
    #[must_use]
    pub fn of_pages(pages: &Arc<[Page]>) -> Self {
        let population = pages.iter().map(Page::rows).sum::<usize>();
        let is_small = population <= SAMPLE_ROWS;
        let count = if is_small { pages.len() } else { pages.len().min(2 * SAMPLE_PLACES) };
        let each = if is_small { SAMPLE_ROWS } else { SAMPLE_ROWS / count };
        let chosen = (0..count).map(|number| number * pages.len() / count);
        let of_page = |page: usize| runs(pages[page].rows(), each).map(move |run| (page, run));
        let part =
            |(place, (page, run)): (usize, (usize, Range<usize>))| SampledRows { page, place, rows: all_of(run) };
        let rows = chosen.flat_map(of_page).enumerate().map(part).collect();
        Sample { pages: pages.clone(), rows, population: population as f64, values: Arc::default() }
    }
}

/// The rows to take where at most `most` of `rows` are wanted: all of them, or runs of consecutive rows at even distances.
///
/// Neighbouring rows are often alike, which a run shows and every tenth row would not show. Runs lie at least a run apart: a value whose rows reached
/// from one run into the next would count as one that two places have in common.
fn runs(rows: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let most_apart = (rows / (2 * RUN_ROWS)).max(1);
    let (count, length) =
        if rows <= most { (1, rows) } else { (most.div_ceil(RUN_ROWS).min(most_apart), RUN_ROWS.min(most)) };
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

/// Takes rows into a sample.
pub struct Sampler {
    writer: RowWriter,
    /// How many rows were taken from each place.
    places: Vec<usize>,
    /// How many records were seen.
    seen: u64,
}

impl Sampler {
    /// For records of which somebody reads these leaves.
    #[must_use]
    pub fn new(schema: &Schema, live: &LeafSet) -> Self {
        let writer = RowWriter::new(Arc::new(RowLayout::new(schema.types(), live)), memory());
        Sampler { writer, places: Vec::new(), seen: 0 }
    }

    /// Records that were shown to it.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes at most so many rows of a batch. It is shown all of them.
    ///
    /// # Errors
    /// Where memory is refused.
    pub fn take(&mut self, batch: &Batch<'_>, most: usize) -> Result<()> {
        self.seen += batch.rows() as u64;
        runs(batch.rows(), most).try_for_each(|run| self.take_place(batch, run))
    }

    /// Takes some rows of a batch that follow each other, as a place.
    ///
    /// # Errors
    /// As [`Sampler::take`].
    pub fn take_place(&mut self, batch: &Batch<'_>, rows: Range<usize>) -> Result<()> {
        self.places.push(rows.len());
        self.writer.append(&Input::new(batch, &all_of(rows)), None)
    }

    /// What was taken, of so many rows in all.
    #[must_use]
    pub fn finish(mut self, population: f64) -> Sample {
        self.writer.seal();
        let pages: Vec<Page> = self.writer.take_sealed().collect();
        let rows = placed(&pages, &self.places);
        Sample { pages: pages.into(), rows, population, values: Arc::default() }
    }
}

/// The rows of pages that were filled with so many rows of each place, in order.
#[must_use]
pub fn placed(pages: &[Page], places: &[usize]) -> Vec<SampledRows> {
    let mut parts = Vec::new();
    let (mut page, mut row) = (0, 0);
    for (place, &count) in places.iter().enumerate() {
        let mut left = count;
        while left > 0 && page < pages.len() {
            let end = pages[page].rows().min(row + left);
            if end > row {
                let mut rows = Selection::default();
                rows.set(row as u32..end as u32);
                parts.push(SampledRows { page, place, rows });
            }
            left -= end - row;
            row = end;
            if row == pages[page].rows() {
                (page, row) = (page + 1, 0);
            }
        }
    }
    parts
}

/// The rows of small splits, read with the source's own reader. Each split adds a number of rows that is proportional to its bytes.
///
/// # Errors
/// Where they cannot be read.
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

/// Reads an open split, until enough rows of it are taken.
fn read_split(
    reader: &mut CheckedReader,
    thread: &ThisThread,
    split: &Split,
    most: usize,
    sampler: &mut Sampler,
) -> Result<()> {
    let mut left = most;
    // A split without a known end, as a compressed file, is read until there are enough rows.
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
