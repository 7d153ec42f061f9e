//! Drivers of a file that several tasks write, called in any order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use formats::{CsvFormat, NativeFormat, ParquetFormat, ParquetOptions};
use runtime::error::Error;
use runtime::kernel::{Outputs, ProcessLocals, TaskContext};
use runtime::memory::{Budget, Memory};
use runtime::operators::WriteFile;
use runtime::output::{Appending, Target};
use runtime::page::{RowWriter, windows};
use runtime::plan::unbounded_writer;
use runtime::row::{Datum, LeafSet, LeafType, RowLayout, Schema, SchemaBuilder, Shape};
use runtime::source::Format;
use runtime::strategy::{Cursor, Driver, Progress, Round};

const TASKS: usize = 3;

fn schema() -> Schema {
    SchemaBuilder::build(|b| Shape::Record {
        name: "Line",
        fields: vec![b.field("number", |b| b.leaf(LeafType::U64)), b.field("text", |b| b.leaf(LeafType::Text))],
    })
}

/// Bytes of text in each record.
const TEXT_BYTES: usize = 200;

struct Rig {
    folder: tempfile::TempDir,
    target: Target,
    budget: Arc<Budget>,
    drivers: Vec<Box<dyn Driver>>,
    contexts: Vec<TaskContext>,
    /// By task: the cursor of its end, or `None` after it has ended.
    cursors: [Option<Cursor>; TASKS],
}

impl Rig {
    fn new(format: impl Format + 'static, in_order: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::file(&folder.path().join("out").display().to_string());
        target.prepare(Appending::Never, &[]).unwrap();
        let factory = WriteFile::new(schema(), Arc::new(format), target.clone()).driver(TASKS, in_order).unwrap();
        let budget = Budget::new(64 << 20);
        let locals = ProcessLocals::default();
        let context = |subtask| {
            let alone = TaskContext::alone(Memory::new(budget.clone(), "a task"));
            TaskContext { locals: locals.clone(), ..alone.as_task(subtask, TASKS) }
        };
        let contexts: Vec<_> = (0..TASKS).map(context).collect();
        let drivers = contexts.iter().map(|context| factory.create(context).unwrap()).collect();
        Rig { folder, target, budget, drivers, contexts, cursors: [Some(0); TASKS] }
    }

    /// Passes records with these numbers to a task.
    fn feed(&mut self, task: usize, numbers: std::ops::Range<u64>) {
        let mut writer = unbounded_writer(schema().types());
        for number in numbers {
            let text = format!("{number:020}").repeat(TEXT_BYTES / 20);
            writer.append_datums(&[Datum::Fixed(number.into()), Datum::Bytes(text.into_bytes().into())]).unwrap();
        }
        writer.seal();
        for page in writer.take_sealed() {
            windows(&page.batch(), |input| {
                let (mut cursor, mut out) = (0, outputs());
                while self.drivers[task].on_batch(0, input, &mut cursor, &mut out)? != Progress::Done {}
                Ok::<_, Error>(())
            })
            .unwrap();
        }
    }

    /// Ends the input of a task. Returns `true` if the task has ended.
    fn end(&mut self, task: usize) -> bool {
        let round = Round { number: 1 };
        let Some(mut cursor) = self.cursors[task] else { return true };
        // The task writes without waiting. If it is still pending after these calls, it waits for
        // other tasks.
        let mut end = || self.drivers[task].on_round_end(0, round, &mut cursor, &mut outputs()).unwrap();
        let has_ended = (0..4).any(|_| end() == Progress::Done);
        self.cursors[task] = (!has_ended).then_some(cursor);
        has_ended
    }

    fn file(self) -> Vec<u8> {
        self.target.finish(true).unwrap();
        std::fs::read(self.folder.path().join("out")).unwrap()
    }

    fn spilled_bytes(&self, task: usize) -> u64 {
        self.contexts[task].metrics.spilled_bytes.get()
    }
}

fn outputs() -> Outputs {
    let layout = Arc::new(RowLayout::new([], &LeafSet::none()));
    Outputs::new(RowWriter::new(layout, Memory::new(Budget::new(1 << 20), "nothing")))
}

/// Returns the numbers in a CSV file.
fn numbers(csv: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(csv).unwrap();
    let (head, records) = text.split_once('\n').unwrap();
    assert_eq!(head, "number,text");
    records.lines().map(|line| line.split_once(',').unwrap().0.parse().unwrap()).collect()
}

#[test]
fn tasks_encode_ahead_in_memory_and_then_on_disk() {
    let mut rig = Rig::new(CsvFormat::default(), true);
    // About 1.1 MiB each.
    rig.feed(1, 10_000..15_000);
    rig.feed(1, 15_000..25_000);
    assert_eq!(rig.spilled_bytes(1), 0, "there is memory");
    let others = Memory::new(rig.budget.clone(), "others");
    let reserved = others.reserve(50 << 20).unwrap();
    rig.feed(1, 25_000..35_000);
    let spilled = rig.spilled_bytes(1);
    assert!(spilled > 0, "others need the memory");
    drop(reserved);
    // The spilled bytes come before the new ones.
    rig.feed(1, 35_000..45_000);
    assert!(rig.spilled_bytes(1) > spilled);
    assert!(!rig.end(1), "it is not its turn");
    assert!(rig.end(2), "it has nothing");
    rig.feed(0, 0..10_000);
    assert!(rig.end(0) && rig.end(1));
    drop(std::mem::take(&mut rig.drivers));
    assert_eq!(rig.budget.used_bytes(), 0);
    assert!(numbers(&rig.file()).into_iter().eq(0..45_000));
}

#[test]
fn the_last_task_ends_the_file_in_any_order() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        for in_order in [false, true] {
            let mut rig = Rig::new(CsvFormat::default(), in_order);
            for task in order {
                let begin = task as u64 * 10_000;
                rig.feed(task, begin..begin + 8_000);
                assert!(rig.end(task) || in_order, "{task} of {order:?}");
            }
            assert!((0..TASKS).all(|task| rig.end(task)), "{order:?}, in order: {in_order}");
            let mut found = numbers(&rig.file());
            if !in_order {
                found.sort_unstable();
            }
            let all: Vec<u64> = (0..TASKS as u64).flat_map(|task| task * 10_000..task * 10_000 + 8_000).collect();
            assert!(found == all, "{order:?}, in order: {in_order}");
        }
    }
}

#[test]
fn a_footer_has_the_final_offsets() {
    let options = ParquetOptions { row_group_rows: 2_000, ..ParquetOptions::default() };
    let mut rig = Rig::new(ParquetFormat::of(options), false);
    for round in 0..4u64 {
        for task in [2, 0, 1] {
            let begin = (round * 3 + task as u64) * 7_000;
            rig.feed(task, begin..begin + 7_000);
        }
    }
    for task in [1, 2, 0] {
        assert!(rig.end(task));
    }
    let file = rig.file();
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    let footer: ParquetMetaData = reader.parse_and_finish(&bytes::Bytes::from(file)).unwrap();
    assert_eq!(footer.file_metadata().num_rows(), 12 * 7_000);
    let pages = footer.page_index().unwrap();
    let mut at = 4;
    for (index, group) in footer.row_groups().iter().enumerate() {
        assert_eq!((group.file_offset(), group.ordinal()), (Some(at), Some(index as i32)));
        for (column, chunk) in group.columns().iter().enumerate() {
            assert_eq!(chunk.byte_range().0 as i64, at);
            let first = &pages.page_locations(index, column).unwrap()[0];
            assert_eq!(first.offset, chunk.data_page_offset());
            at += chunk.compressed_size();
        }
    }
    // All groups except the last of each task have the requested size.
    let small = footer.row_groups().iter().filter(|group| group.num_rows() < 2_000).count();
    assert!(small <= TASKS, "{small} small row groups");
}

/// Returns the numbers in a Parquet file, by row group.
fn groups(file: Vec<u8>) -> Vec<Vec<u64>> {
    let file = bytes::Bytes::from(file);
    let groups = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap().metadata().num_row_groups();
    let numbers = |group| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap();
        let batches = builder.with_row_groups(vec![group]).build().unwrap();
        let column = |batch: RecordBatch| batch.column(0).as_primitive::<UInt64Type>().values().to_vec();
        batches.flat_map(|batch| column(batch.unwrap())).collect()
    };
    (0..groups).map(numbers).collect()
}

#[test]
fn small_tasks_share_one_row_group() {
    for in_order in [false, true] {
        let mut rig = Rig::new(ParquetFormat::default(), in_order);
        for task in [2, 0, 1] {
            rig.feed(task, task as u64 * 100..task as u64 * 100 + 100);
            assert!(rig.end(task));
        }
        drop(std::mem::take(&mut rig.drivers));
        assert_eq!(rig.budget.used_bytes(), 0);
        assert_eq!(groups(rig.file()), [(0..300).collect::<Vec<_>>()]);
    }
}

#[test]
fn left_over_rows_keep_the_order() {
    for (sizes, expected) in [([5, 20_000, 7], vec![5, 20_000, 7]), ([5, 7, 20_000], vec![12, 20_000])] {
        let mut rig = Rig::new(ParquetFormat::default(), true);
        let mut begin = 0;
        for (task, size) in sizes.into_iter().enumerate() {
            rig.feed(task, begin..begin + size);
            begin += size;
        }
        for task in [2, 1, 0, 1, 2] {
            rig.end(task);
        }
        assert!(rig.cursors.iter().all(Option::is_none));
        let groups = groups(rig.file());
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), expected);
        assert!(groups.into_iter().flatten().eq(0..begin));
    }
}

#[test]
fn the_end_counts_the_rows_of_all_tasks() {
    let mut rig = Rig::new(NativeFormat, false);
    for task in 0..TASKS {
        rig.feed(task, 0..5_000 * task as u64);
    }
    for task in 0..TASKS {
        assert!(rig.end(task));
    }
    let file = rig.file();
    let end = file.last_chunk::<32>().unwrap();
    assert_eq!((&end[..4], u64::from_le_bytes(*end[8..].first_chunk().unwrap())), (&b"dfne"[..], 15_000));
}
