//! A source of numbers, in three splits.

use std::time::Duration;

use dataflow::connector::{
    Batch, Columns, EngineError, Position, ReadProgress, ReaderContext, RowFilters, Scan, Schema, Source, Split,
    SplitList, SplitReader, schema_of,
};

const SPLITS: u64 = 3;
const BATCH_ROWS: u64 = 100;
/// Time between two batches of a task.
const PAUSE: Duration = Duration::from_millis(2);

/// Counts from 0 to `end`, without `end`. Split `s` has the numbers `n` with `n % 3 == s`.
pub struct Counter {
    schema: Schema,
    end: u64,
}

impl Counter {
    /// Creates a source of the numbers below `end`.
    #[must_use]
    pub fn to(end: u64) -> Self {
        Counter { schema: schema_of::<u64>(), end }
    }
}

impl Source for Counter {
    fn describe(&self) -> String {
        format!("numbers below {}", self.end)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn is_endless(&self) -> bool {
        true
    }

    fn splits(&self, _: &Scan) -> Result<SplitList, EngineError> {
        let split = |number| Split::named(format!("split-{number}"), number as usize);
        Ok(SplitList::complete((0..SPLITS).map(split).collect()))
    }

    fn reader_bytes(&self, _: &Scan) -> usize {
        8 * BATCH_ROWS as usize
    }

    fn reader(&self, _: &Scan, context: ReaderContext) -> Result<Box<dyn SplitReader>, EngineError> {
        let schema = self.schema.clone();
        Ok(Box::new(CounterReader { context, schema, end: self.end, next: 0, numbers: Vec::new(), has_paused: false }))
    }
}

struct CounterReader {
    context: ReaderContext,
    schema: Schema,
    end: u64,
    /// The next number of the open split.
    next: u64,
    numbers: Vec<u64>,
    has_paused: bool,
}

impl SplitReader for CounterReader {
    fn open(&mut self, split: &Split, from: Option<&Position>) -> Result<(), EngineError> {
        self.next = from.and_then(Position::number).unwrap_or(split.part as u64);
        Ok(())
    }

    fn advance(&mut self, _: &mut dyn RowFilters) -> Result<ReadProgress, EngineError> {
        if self.next >= self.end {
            return Ok(ReadProgress::End);
        }
        self.has_paused = !self.has_paused;
        if self.has_paused {
            // The task is woken afterwards. This thread continues with other tasks.
            self.context.blocking.submit(Box::new(|| std::thread::sleep(PAUSE)));
            return Ok(ReadProgress::Pending);
        }
        self.numbers = (self.next..self.end).step_by(SPLITS as usize).take(BATCH_ROWS as usize).collect();
        self.next += SPLITS * self.numbers.len() as u64;
        Ok(ReadProgress::Batch { left_out: None })
    }

    fn batch(&self) -> Result<Batch<'_>, EngineError> {
        let mut columns = Columns::new(self.numbers.len());
        columns.plain(self.schema.leaves()[0].ty, &self.numbers)?;
        Ok(columns.finish())
    }

    fn position(&self) -> Position {
        self.next.into()
    }
}
