//! Drivers of an output whose files become visible epoch by epoch.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;

use formats::{
    CsvFormat, JsonFormat, LinesFormat, NativeFormat, ParquetFormat, TableFormat, compressed_by_name, input_files,
};
use runtime::error::{Error, Result};
use runtime::kernel::{Outputs, TaskContext};
use runtime::memory::{Budget, Memory};
use runtime::operators::WriteFile;
use runtime::output::{EpochSink, Target};
use runtime::page::{Input, RowWriter, windows};
use runtime::plan::{Endpoint, Operator, Table, unbounded_memory, unbounded_writer};
use runtime::row::{Datum, LeafSet, LeafType, RowLayout, Schema, SchemaBuilder, Shape};
use runtime::source::Format;
use runtime::strategy::{
    Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Properties, Recovery, Ship, Strategy,
};

use support::Later;

/// Encoded bytes that a task writes in one call.
const WRITE_BYTES: usize = 1 << 20;

fn schema() -> Schema {
    SchemaBuilder::build(|b| Shape::Record {
        name: "Line",
        fields: vec![b.field("number", |b| b.leaf(LeafType::U64)), b.field("text", |b| b.leaf(LeafType::Text))],
    })
}

fn rows(numbers: std::ops::Range<u64>) -> Vec<Vec<Datum>> {
    let text = |number: u64| Datum::Bytes(format!("{number:020}").into_bytes().into());
    numbers.map(|number| vec![Datum::Fixed(number.into()), text(number)]).collect()
}

/// Returns the content of a file of these records.
fn file_of(format: &dyn Format, numbers: std::ops::Range<u64>) -> Vec<u8> {
    let mut table = Table::new(schema().types());
    table.rows = rows(numbers);
    let mut encoder = format.encoder(&schema(), &unbounded_memory()).unwrap();
    table.windows(&LeafSet::all(2), |input| encoder.encode(input)).unwrap();
    encoder.finish().unwrap();
    std::mem::take(encoder.output())
}

fn outputs() -> Outputs {
    let layout = Arc::new(RowLayout::new([], &LeafSet::none()));
    Outputs::new(RowWriter::new(layout, Memory::new(Budget::new(1 << 20), "nothing")))
}

fn endpoint(sink: &dyn Operator) -> &dyn Endpoint {
    sink.as_endpoint().unwrap()
}

fn epochs(sink: &dyn Operator) -> &dyn EpochSink {
    endpoint(sink).epochs().unwrap()
}

/// Returns the only strategy of a sink whose input has two tasks.
fn strategy(sink: &dyn Operator) -> Strategy {
    let (inputs, live) = ([Estimate { rows: 1.0, row_bytes: 1.0, counted_values: 0.0 }], LeafSet::none());
    let planning = Planning {
        inputs: &inputs,
        live_inputs: &[],
        live: &live,
        properties: &[&Properties::anywhere(2)],
        output: inputs[0],
        constant: &[false],
        rounds: 1.0,
        tasks: 2,
        memory_bytes: 1 << 30,
        combines: true,
    };
    let mut strategies = sink.strategies(&planning);
    assert_eq!(strategies.len(), 1);
    strategies.pop().unwrap()
}

fn driver(sink: &dyn Operator) -> Arc<DriverFactory> {
    strategy(sink).driver
}

struct Rig {
    folder: tempfile::TempDir,
    sink: Arc<dyn Operator>,
    budget: Arc<Budget>,
    threads: Arc<Later>,
    drivers: Vec<Box<dyn Driver>>,
}

impl Rig {
    fn new(format: &Arc<dyn Format>, tasks: usize, epoch: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::folder(&format!("{}/", folder.path().join("out").display()), None);
        let sink = WriteFile::new(schema(), format.clone(), target).by_epochs().unwrap();
        sink.check().unwrap();
        endpoint(&*sink).prepare().unwrap();
        epochs(&*sink).recover(epoch - 1, &[]).unwrap();
        let (factory, budget, threads) = (driver(&*sink), Budget::new(64 << 20), Arc::new(Later::default()));
        assert_eq!(factory.recovery, Recovery::Restored);
        let create = |subtask| {
            let alone = TaskContext::alone(Memory::new(budget.clone(), "a task"));
            factory.create(&TaskContext { epoch, blocking: threads.clone(), ..alone.as_task(subtask, tasks) }).unwrap()
        };
        let drivers = (0..tasks).map(create).collect();
        Rig { folder, sink, budget, threads, drivers }
    }

    /// Calls a driver until it is done, and runs the blocking work in between.
    fn until_done(&mut self, task: usize, mut call: impl FnMut(&mut dyn Driver, &mut Cursor) -> Result<Progress>) {
        let mut cursor = 0;
        loop {
            match call(&mut *self.drivers[task], &mut cursor).unwrap() {
                Progress::Done => return,
                _ => self.threads.all(),
            }
        }
    }

    fn feed(&mut self, task: usize, numbers: std::ops::Range<u64>) {
        let mut writer = unbounded_writer(schema().types());
        rows(numbers).iter().for_each(|row| writer.append_datums(row).unwrap());
        writer.seal();
        for page in writer.take_sealed() {
            windows(&page.batch(), |input| {
                self.until_done(task, |driver, cursor| driver.on_batch(0, input, cursor, &mut outputs()));
                Ok::<_, Error>(())
            })
            .unwrap();
        }
    }

    /// Ends an epoch in all tasks. Returns the files that they have prepared.
    fn barrier(&mut self, epoch: u64) -> Vec<String> {
        self.ended(|driver, cursor| driver.on_barrier(epoch, cursor, &mut outputs()))
    }

    fn end(&mut self) -> Vec<String> {
        self.ended(|driver, cursor| driver.on_end(0, cursor, &mut outputs()))
    }

    fn ended(&mut self, call: impl Fn(&mut dyn Driver, &mut Cursor) -> Result<Progress>) -> Vec<String> {
        let mut prepared = Vec::new();
        for task in 0..self.drivers.len() {
            self.until_done(task, &call);
            prepared.extend(self.drivers[task].snapshotted().unwrap().prepared());
            assert!(self.drivers[task].snapshotted().unwrap().prepared().is_empty());
        }
        prepared
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// Returns the files in a folder.
    fn files(folder: PathBuf) -> BTreeMap<String, Vec<u8>> {
        let entries = folder.read_dir().unwrap().map(Result::<_, _>::unwrap);
        let files = entries.filter(|entry| entry.path().is_file());
        files.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
    }

    fn hidden(&self) -> BTreeMap<String, Vec<u8>> {
        Self::files(self.out().join(".dataflow-prepared"))
    }
}

#[test]
fn each_epoch_of_a_task_is_one_file() {
    let csv: Arc<dyn Format> = Arc::new(CsvFormat::default());
    let formats: [(Arc<dyn Format>, &str); 6] = [
        (csv.clone(), "csv"),
        (Arc::new(JsonFormat), "json"),
        (Arc::new(ParquetFormat::default()), "parquet"),
        (Arc::new(NativeFormat), "native"),
        (compressed_by_name(csv.clone(), "x.gz"), "csv.gz"),
        (compressed_by_name(csv, "x.zst"), "csv.zst"),
    ];
    for (format, extension) in formats {
        let mut rig = Rig::new(&format, 2, 7);
        let name = |task: usize, epoch: u64| format!("part-{task:05}-{epoch:010}.{extension}");
        rig.feed(0, 0..5);
        rig.feed(1, 10..13);
        let prepared = rig.barrier(7);
        assert_eq!(prepared, [name(0, 7), name(1, 7)]);
        // A task without rows has no file.
        rig.feed(1, 20..21);
        let mut expected = BTreeMap::new();
        assert_eq!(Rig::files(rig.out()), expected, "{extension}: nothing is committed yet");
        epochs(&*rig.sink).commit(1, &prepared).unwrap();
        expected.extend([(name(0, 7), file_of(&*format, 0..5)), (name(1, 7), file_of(&*format, 10..13))]);
        assert_eq!(Rig::files(rig.out()), expected, "{extension}");
        let prepared = rig.barrier(8);
        assert_eq!(prepared, [name(1, 8)]);
        epochs(&*rig.sink).commit(1, &prepared).unwrap();
        assert_eq!(rig.barrier(9), [""; 0]);
        rig.feed(0, 30..32);
        rig.feed(0, 32..40);
        let prepared = rig.end();
        assert_eq!(prepared, [name(0, 10)]);
        epochs(&*rig.sink).commit(1, &prepared).unwrap();
        expected.extend([(name(1, 8), file_of(&*format, 20..21)), (name(0, 10), file_of(&*format, 30..40))]);
        assert_eq!(Rig::files(rig.out()), expected, "{extension}");
        rig.drivers.clear();
        assert_eq!(rig.budget.used_bytes(), 0, "{extension}");
        endpoint(&*rig.sink).finish(true).unwrap();
        assert!(!rig.out().join(".dataflow-prepared").exists());
    }
}

#[test]
fn readers_of_the_folder_find_only_committed_files() {
    let mut rig = Rig::new(&(Arc::new(JsonFormat) as _), 1, 1);
    rig.feed(0, 0..5);
    let first = rig.barrier(1);
    let out = rig.out().display().to_string();
    let paths = ["", "/", "/*", "/*.json", "/**", "/**/*.json", "/../**/*.json", "/../*/*.json"]
        .map(|end| format!("{out}{end}"));
    paths.iter().for_each(|path| assert!(input_files(path).is_err(), "{path}"));
    epochs(&*rig.sink).commit(1, &first).unwrap();
    rig.feed(0, 5..10);
    rig.barrier(2);
    assert_eq!(rig.hidden().len(), 1);
    for path in &paths {
        let files = input_files(path).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.path().file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, first, "{path}");
    }
}

#[test]
fn recovery_removes_files_newer_than_the_snapshot() {
    let format: Arc<dyn Format> = Arc::new(JsonFormat);
    let mut rig = Rig::new(&format, 1, 7);
    rig.feed(0, 0..5);
    let held = rig.barrier(7);
    epochs(&*rig.sink).commit(1, &held).unwrap();
    rig.feed(0, 5..10);
    let newer = rig.barrier(8);
    epochs(&*rig.sink).commit(1, &newer).unwrap();
    assert_eq!(Rig::files(rig.out()).len(), 2);
    rig.drivers.clear();
    endpoint(&*rig.sink).finish(false).unwrap();
    endpoint(&*rig.sink).prepare().unwrap();
    epochs(&*rig.sink).recover(7, &held).unwrap();
    assert_eq!(Rig::files(rig.out()), BTreeMap::from([(held[0].clone(), file_of(&*format, 0..5))]));
}

#[test]
fn a_long_epoch_is_one_file() {
    let format: Arc<dyn Format> = Arc::new(JsonFormat);
    let mut rig = Rig::new(&format, 1, 1);
    rig.feed(0, 0..100_000);
    let written: usize = rig.hidden().values().map(Vec::len).sum();
    assert!(written > 2 * WRITE_BYTES, "{written} bytes were written before the barrier");
    let prepared = rig.barrier(1);
    let [file] = &prepared[..] else { panic!("{prepared:?}") };
    assert!(rig.hidden()[file] == file_of(&*format, 0..100_000));
}

#[test]
fn disk_writes_do_not_block_the_task_thread() {
    let mut rig = Rig::new(&(Arc::new(JsonFormat) as _), 1, 1);
    rig.feed(0, 0..5);
    let (mut cursor, driver) = (0, &mut rig.drivers[0]);
    let mut barrier = || driver.on_barrier(1, &mut cursor, &mut outputs()).unwrap();
    assert_eq!([barrier(), barrier(), barrier()], [Progress::Pending; 3]);
    assert_eq!(rig.hidden(), BTreeMap::new());
    assert_eq!(rig.drivers[0].snapshotted().unwrap().prepared(), [""; 0]);
    rig.threads.all();
    let name = "part-00000-0000000001.json".to_owned();
    assert_eq!(rig.hidden(), BTreeMap::from([(name.clone(), file_of(&JsonFormat, 0..5))]));
    assert_eq!(rig.drivers[0].on_barrier(1, &mut cursor, &mut outputs()).unwrap(), Progress::Done);
    assert_eq!(rig.drivers[0].snapshotted().unwrap().prepared(), [name]);
}

#[test]
fn write_errors_name_the_final_file() {
    let mut rig = Rig::new(&(Arc::new(JsonFormat) as _), 1, 1);
    fs::remove_dir(rig.out().join(".dataflow-prepared")).unwrap();
    rig.feed(0, 0..5);
    let mut cursor = 0;
    rig.drivers[0].on_barrier(1, &mut cursor, &mut outputs()).unwrap();
    rig.threads.all();
    let error = rig.drivers[0].on_barrier(1, &mut cursor, &mut outputs()).unwrap_err().to_string();
    assert!(error.contains("out/part-00000-0000000001.json: No such file"), "{error}");
}

#[test]
fn each_target_has_its_guarantee_with_snapshots() {
    let by_epochs = |format: Arc<dyn Format>, target| WriteFile::new(schema(), format, target).by_epochs();
    let json = || Arc::new(JsonFormat);
    let folder = by_epochs(json(), Target::folder("/tmp/out/", None)).unwrap();
    assert!(folder.as_endpoint().unwrap().epochs().is_some());
    assert_eq!(folder.details(), "json /tmp/out/, by epochs");
    assert!(by_epochs(json(), Target::file("/tmp/out.json")).is_none());
    // A format with an end cannot continue after it.
    assert!(by_epochs(Arc::new(ParquetFormat::default()), Target::file("-")).is_none());
    assert!(by_epochs(Arc::new(TableFormat { rows: 1, width: None }), Target::printed()).is_none());
    let streams = [
        by_epochs(json(), Target::file("/dev/null")),
        by_epochs(json(), Target::file("-")),
        by_epochs(Arc::new(LinesFormat), Target::printed()),
    ];
    let shown = ["json /dev/null, at least once", "json -, at least once", "at least once"];
    for (stream, shown) in streams.map(Option::unwrap).into_iter().zip(shown) {
        assert_eq!(stream.details(), shown);
        assert!(stream.as_endpoint().unwrap().epochs().is_none());
        let strategy = strategy(&*stream);
        assert_eq!((&strategy.edges[0].ship, strategy.tasks), (&Ship::Gather, 1));
        assert_eq!(strategy.driver.recovery, Recovery::Stateless);
    }
}

#[test]
fn rows_before_a_barrier_are_written_to_pipes_first() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let target = Target::file(&format!("/dev/fd/{}", writer.as_raw_fd()));
    let sink = WriteFile::new(schema(), Arc::new(JsonFormat), target).by_epochs().unwrap();
    endpoint(&*sink).prepare().unwrap();
    let context = TaskContext::alone(Memory::new(Budget::new(64 << 20), "a task"));
    let mut driver = driver(&*sink).create(&context).unwrap();
    let mut page = unbounded_writer(schema().types());
    rows(0..3).iter().for_each(|row| page.append_datums(row).unwrap());
    page.seal();
    let batch = |input: &Input<'_>| driver.on_batch(0, input, &mut 0, &mut outputs()).map(|_| ());
    windows(&page.take_sealed().next().unwrap().batch(), batch).unwrap();
    let mut cursor = 0;
    while driver.on_barrier(1, &mut cursor, &mut outputs()).unwrap() != Progress::Done {}
    // The pipe ends when all of its writers are dropped.
    drop((driver, writer));
    endpoint(&*sink).finish(true).unwrap();
    let mut read = Vec::new();
    reader.read_to_end(&mut read).unwrap();
    assert_eq!(read, file_of(&JsonFormat, 0..3));
}
