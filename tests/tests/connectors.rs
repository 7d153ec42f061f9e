//! Sources and sinks outside of the engine that break a rule of their interface, or use all of it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex, PoisonError};

use dataflow::connector::{
    Background, Batch, Columns, Commit, EngineError, EpochSink, Input, Position, Prepared, Progress, ReadProgress,
    ReaderContext, Reservation, RowFilters, Scan, Schema, Sink, Source, Split, SplitList, SplitReader, Transaction,
    Writer, WriterContext, schema_of,
};
use dataflow::prelude::*;
use tests::{Folder, within_two_minutes};

const ROWS: u64 = 1_000;
const BATCH_ROWS: u64 = 100;

/// The deviation of a source from the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    MissingColumn,
    SurplusColumn,
    TooFewValues,
    WrongWidth,
    CaughtUp,
    EqualNames,
    PanicInSplits,
    PanicInReader,
}

/// Pairs of a number and its square, in two splits.
struct Pairs {
    schema: Schema,
    fault: Fault,
    is_endless: bool,
}

impl Pairs {
    fn with(fault: Fault) -> Self {
        Pairs { schema: schema_of::<(u64, u64)>(), fault, is_endless: false }
    }
}

impl Source for Pairs {
    fn describe(&self) -> String {
        "pairs".to_owned()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn is_endless(&self) -> bool {
        self.is_endless
    }

    fn splits(&self, _: &Scan) -> Result<SplitList, EngineError> {
        assert!(self.fault != Fault::PanicInSplits, "no splits today");
        let name = |number: usize| if self.fault == Fault::EqualNames { 0 } else { number };
        let split = |number: usize| Split::named(format!("split-{}", name(number)), number);
        Ok(SplitList::complete((0..2).map(split).collect()))
    }

    fn reader_bytes(&self, _: &Scan) -> usize {
        16 * BATCH_ROWS as usize
    }

    fn reader(&self, _: &Scan, context: ReaderContext) -> Result<Box<dyn SplitReader>, EngineError> {
        assert!(self.fault != Fault::PanicInReader, "no reader today");
        let reserved = context.memory.reserve(self.reader_bytes(&Scan::default()))?;
        let (schema, fault) = (self.schema.clone(), self.fault);
        Ok(Box::new(PairsReader {
            schema,
            fault,
            next: 0,
            numbers: Vec::new(),
            squares: Vec::new(),
            _reserved: reserved,
        }))
    }
}

struct PairsReader {
    schema: Schema,
    fault: Fault,
    next: u64,
    numbers: Vec<u64>,
    squares: Vec<u64>,
    /// The memory of both.
    _reserved: Reservation,
}

impl SplitReader for PairsReader {
    fn open(&mut self, split: &Split, from: Option<&Position>) -> Result<(), EngineError> {
        self.next = from.and_then(Position::number).unwrap_or(split.part as u64);
        Ok(())
    }

    fn advance(&mut self, _: &mut dyn RowFilters) -> Result<ReadProgress, EngineError> {
        if self.fault == Fault::CaughtUp && self.next >= ROWS / 2 {
            return Ok(ReadProgress::CaughtUp);
        }
        self.numbers = (self.next..ROWS).step_by(2).take(BATCH_ROWS as usize).collect();
        self.squares = self.numbers.iter().map(|number| number * number).collect();
        self.next += 2 * self.numbers.len() as u64;
        Ok(if self.numbers.is_empty() { ReadProgress::End } else { ReadProgress::Batch { left_out: None } })
    }

    fn batch(&self) -> Result<Batch<'_>, EngineError> {
        let mut columns = Columns::new(self.numbers.len());
        let types: Vec<_> = self.schema.leaves().iter().map(|leaf| leaf.ty).collect();
        columns.plain(types[0], &self.numbers)?;
        match self.fault {
            Fault::MissingColumn => {}
            Fault::TooFewValues => columns.plain(types[1], &self.squares[1..])?,
            Fault::WrongWidth => columns.plain(types[1], &[1u32; BATCH_ROWS as usize])?,
            _ => columns.plain(types[1], &self.squares)?,
        }
        if self.fault == Fault::SurplusColumn {
            columns.plain(types[1], &self.squares)?;
        }
        Ok(columns.finish())
    }

    fn position(&self) -> Position {
        self.next.into()
    }
}

#[dataflow]
fn sums(pairs: DataSet<(u64, u64)>) -> DataSet<u64> {
    pairs.filter(|p| p.0 % 2 == 0).map(|p| p.0 + p.1)
}

/// The expected records of `sums`.
fn expected() -> Vec<u64> {
    (0..ROWS).step_by(2).map(|number| number + number * number).collect()
}

fn engines() -> [Env; 3] {
    [
        Env::embedded(),
        Env::new(Options { parallelism: 1, ..Options::default() }),
        Env::new(Options { parallelism: 2, ..Options::default() }),
    ]
}

#[test]
fn a_source_of_two_columns_is_read() {
    for env in engines() {
        let mut found = sums(env.read_from(Pairs::with(Fault::None)).unwrap()).collect().unwrap();
        found.sort_unstable();
        assert_eq!(found, expected());
    }
}

#[test]
fn faults_of_a_reader_end_the_job() {
    let faults = [
        (Fault::MissingColumn, "a batch has 1 columns, and records have 2 leaves"),
        (Fault::SurplusColumn, "a batch has 3 columns, and records have 2 leaves"),
        (Fault::TooFewValues, "column 2 has 99 values of 8 bytes, and the batch 100 rows of u64"),
        (Fault::WrongWidth, "column 2 has 100 values of 4 bytes"),
        (Fault::PanicInSplits, "no splits today"),
        (Fault::PanicInReader, "no reader today"),
    ];
    for (fault, expected) in faults {
        for env in engines() {
            let error = sums(env.read_from(Pairs::with(fault)).unwrap()).collect().unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("connectors.rs"), "{fault:?}: {error}");
            assert!(!error.contains("internal error"), "{fault:?}: {error}");
        }
    }
}

#[test]
fn a_source_that_ends_cannot_catch_up() {
    for env in &engines()[1..] {
        let error = sums(env.read_from(Pairs::with(Fault::CaughtUp)).unwrap()).collect().unwrap_err().to_string();
        assert!(error.contains("returned `CaughtUp` for the split `split-"), "{error}");
    }
}

#[test]
fn splits_of_a_stream_have_names_of_their_own() {
    let folder = Folder::default();
    let env = Env::new(Options { parallelism: 2, ..Options::default() });
    let source = Pairs { is_endless: true, ..Pairs::with(Fault::EqualNames) };
    env.read_stream_from::<(u64, u64)>(source).unwrap().write_csv(format!("{}/", folder.join("out")));
    let error = env.run().unwrap_err().to_string();
    assert!(error.contains("two splits with the name `split-0`"), "{error}");
}

/// What a sink received, and the calls of its writers that break the rules.
#[derive(Default)]
struct Received {
    rows: Vec<u64>,
    prepared: Vec<u64>,
    violations: Vec<String>,
}

/// Collects numbers. Each call of a writer returns `Pending` before it succeeds.
#[derive(Clone, Default)]
struct SlowSink {
    received: Arc<Mutex<Received>>,
    commits: bool,
    fails_to_commit: bool,
}

impl SlowSink {
    fn received(&self) -> std::sync::MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct SlowWriter {
    sink: SlowSink,
    work: Background<()>,
    /// The call that returned `Pending`.
    pending: Option<&'static str>,
    buffered: Vec<u64>,
}

impl SlowWriter {
    /// Returns `true` if the call may proceed.
    fn proceed(&mut self, call: &'static str) -> Result<bool, EngineError> {
        if self.pending.is_some_and(|pending| pending != call) {
            let pending = self.pending.unwrap_or_default();
            self.sink.received().violations.push(format!("{call} after a pending {pending}"));
        }
        let Some(()) = self.work.take()? else { return Ok(false) };
        let is_new = self.pending.take().is_none();
        if is_new {
            self.pending = Some(call);
            self.work.submit((), |()| Ok(()));
            return Ok(false);
        }
        self.work.put(());
        Ok(true)
    }
}

impl Sink for SlowSink {
    fn describe(&self) -> String {
        "a slow sink".to_owned()
    }

    fn writer(&self, context: WriterContext) -> Result<Box<dyn Writer>, EngineError> {
        assert_eq!(context.schema.leaves().len(), 1);
        let work = Background::new((), &context.blocking);
        Ok(Box::new(SlowWriter { sink: self.clone(), work, pending: None, buffered: Vec::new() }))
    }

    fn as_epochs(&self) -> Option<&dyn EpochSink> {
        self.commits.then_some(self)
    }
}

impl Writer for SlowWriter {
    fn write(&mut self, rows: &Input<'_>) -> Result<Progress, EngineError> {
        if !self.proceed("write")? {
            return Ok(Progress::Pending);
        }
        let numbers = rows.selection().rows().iter().map(|&row| rows.batch().leaf_bits(0, row as usize) as u64);
        self.buffered.extend(numbers);
        Ok(Progress::Done)
    }

    fn flush(&mut self) -> Result<Progress, EngineError> {
        if self.sink.commits {
            return Ok(Progress::Done);
        }
        if !self.proceed("flush")? {
            return Ok(Progress::Pending);
        }
        self.sink.received().rows.append(&mut self.buffered);
        Ok(Progress::Done)
    }

    fn prepare(&mut self, _: u64) -> Result<Prepared, EngineError> {
        if !self.proceed("prepare")? {
            return Ok(Prepared::Pending);
        }
        self.sink.received().prepared.append(&mut self.buffered);
        Ok(Prepared::Transactions(vec![Transaction::from("numbers")]))
    }
}

impl EpochSink for SlowSink {
    fn commit(&self, _: u64, _: &[Transaction]) -> Result<Commit, EngineError> {
        if self.fails_to_commit {
            return Err(EngineError::User("the target is full".into()));
        }
        let mut received = self.received();
        let mut prepared = std::mem::take(&mut received.prepared);
        received.rows.append(&mut prepared);
        Ok(Commit::Done)
    }

    fn abort(&self, _: &[Transaction]) -> Result<(), EngineError> {
        self.received().prepared.clear();
        Ok(())
    }

    fn in_doubt(&self) -> Result<Vec<Transaction>, EngineError> {
        Ok(Vec::new())
    }
}

#[test]
fn a_pending_call_of_a_writer_is_repeated_before_others() {
    for commits in [false, true] {
        for env in engines() {
            let sink = SlowSink { commits, ..SlowSink::default() };
            sums(env.read_from(Pairs::with(Fault::None)).unwrap()).write_to(sink.clone());
            within_two_minutes("a slow sink", move || drop(env.run().unwrap()));
            let mut received = sink.received();
            received.rows.sort_unstable();
            assert_eq!(received.rows, expected(), "commits: {commits}");
            assert_eq!(received.violations, [""; 0], "commits: {commits}");
        }
    }
}

#[test]
fn files_get_no_names_if_a_sink_does_not_commit() {
    for env in engines() {
        let folder = Folder::default();
        let sink = SlowSink { commits: true, fails_to_commit: true, ..SlowSink::default() };
        let numbers = sums(env.read_from(Pairs::with(Fault::None)).unwrap());
        numbers.write_csv(folder.join("numbers.csv"));
        numbers.write_to(sink);
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("the target is full") && error.contains("numbers"), "{error}");
        assert!(!folder.path().join("numbers.csv").exists());
    }
}
