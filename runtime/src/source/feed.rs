//! An endless source in memory, for tests.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::{Position, ReadProgress, ReaderContext, RowFilters, Scan, Source, Split, SplitList, SplitReader};
use crate::error::{Error, Result};
use crate::page::{Batch, Columns};
use crate::row::{LeafType, Schema, SchemaBuilder};
use crate::source::SplitPosition;

/// Bytes that are counted for a number, and for the end of a split.
const NUMBER_BYTES: u64 = 8;

/// Splits of batches of numbers. Clones share the splits.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    schema: Schema,
    state: Arc<Mutex<FeedState>>,
}

#[derive(Debug, Default)]
struct FeedState {
    splits: Vec<FeedSplit>,
    is_complete: bool,
    fails_to_sync: bool,
}

#[derive(Clone, Debug, Default)]
struct FeedSplit {
    batches: Vec<Vec<u64>>,
    is_sealed: bool,
}

impl FeedSplit {
    /// The bytes from a batch to the end of the split.
    fn bytes_from(&self, batch: usize) -> u64 {
        let numbers: u64 = self.batches.iter().skip(batch).map(|batch| batch.len() as u64).sum();
        let is_end_left = self.is_sealed && batch <= self.batches.len();
        NUMBER_BYTES * (numbers + u64::from(is_end_left))
    }
}

impl Feed {
    /// A source of empty splits.
    pub(crate) fn new(splits: usize) -> Self {
        let feed = Feed { schema: SchemaBuilder::build(|builder| builder.leaf(LeafType::U64)), state: Arc::default() };
        feed.add(splits);
        feed
    }

    pub(crate) fn name(split: usize) -> String {
        format!("split-{split}")
    }

    pub(crate) fn add(&self, splits: usize) {
        let mut state = self.state.lock().unwrap();
        let count = state.splits.len() + splits;
        state.splits.resize(count, FeedSplit::default());
    }

    /// Adds a batch.
    pub(crate) fn append(&self, split: usize, numbers: Range<u64>) {
        self.state.lock().unwrap().splits[split].batches.push(numbers.collect());
    }

    /// Ends the splits that exist.
    pub(crate) fn seal(&self) {
        self.state.lock().unwrap().splits.iter_mut().for_each(|split| split.is_sealed = true);
    }

    /// Ends the source.
    pub(crate) fn seal_all(&self) {
        self.seal();
        self.state.lock().unwrap().is_complete = true;
    }

    pub(crate) fn fail_to_sync(&self, fails: bool) {
        self.state.lock().unwrap().fails_to_sync = fails;
    }

    /// Bytes of all splits.
    pub(crate) fn bytes(&self) -> u64 {
        self.state.lock().unwrap().splits.iter().map(|split| split.bytes_from(0)).sum()
    }
}

impl Source for Feed {
    fn describe(&self) -> String {
        "feed".to_owned()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn is_endless(&self) -> bool {
        true
    }

    fn splits(&self, _: &Scan) -> Result<SplitList> {
        let state = self.state.lock().unwrap();
        let splits = (0..state.splits.len()).map(|split| Split::named(Feed::name(split), split)).collect();
        Ok(SplitList { splits, is_complete: state.is_complete })
    }

    fn reader_bytes(&self, _: &Scan) -> usize {
        0
    }

    fn reader(&self, _: &Scan, _: ReaderContext) -> Result<Box<dyn SplitReader>> {
        Ok(Box::new(FeedReader { feed: self.clone(), split: 0, next: 0, batch: Vec::new(), read_bytes: 0 }))
    }

    fn sync(&self, positions: &[SplitPosition]) -> Result<()> {
        match self.state.lock().unwrap().fails_to_sync {
            true => Err(Error::Internal(format!("{} cannot be synced", positions[0].split))),
            false => Ok(()),
        }
    }
}

/// Reads a feed. A position is the number of the next batch.
struct FeedReader {
    feed: Feed,
    split: usize,
    /// One more than the number of batches once the end was read.
    next: usize,
    batch: Vec<u64>,
    read_bytes: u64,
}

fn batch_at(position: Option<&Position>) -> usize {
    position.map_or(0, |position| position.number().unwrap() as usize)
}

impl SplitReader for FeedReader {
    fn open(&mut self, split: &Split, from: Option<&Position>) -> Result<()> {
        (self.split, self.next) = (split.part, batch_at(from));
        Ok(())
    }

    fn advance(&mut self, _: &mut dyn RowFilters) -> Result<ReadProgress> {
        let split = self.feed.state.lock().unwrap().splits[self.split].clone();
        let before = split.bytes_from(self.next);
        let progress = match split.batches.get(self.next) {
            Some(batch) => {
                self.batch.clone_from(batch);
                ReadProgress::Batch { left_out: None }
            }
            None if split.is_sealed => ReadProgress::End,
            None => return Ok(ReadProgress::CaughtUp),
        };
        self.next += 1;
        self.read_bytes += before - split.bytes_from(self.next);
        Ok(progress)
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.batch.len());
        columns.plain(LeafType::U64, &self.batch)?;
        Ok(columns.finish())
    }

    fn position(&self) -> Position {
        (self.next as u64).into()
    }

    fn available(&mut self, split: &Split, from: Option<&Position>) -> Result<Option<u64>> {
        Ok(Some(self.feed.state.lock().unwrap().splits[split.part].bytes_from(batch_at(from))))
    }

    fn take_read_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.read_bytes)
    }
}
