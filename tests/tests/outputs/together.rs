//! One file that several tasks write: it equals the file of one task, in the flow's order if it has
//! one.

use std::fmt::Debug;
use std::fs;

use dataflow::prelude::*;
use dataflow::{Env, ParquetOptions, Report, Result};
use proptest::prelude::*;
use runtime::error::Error;
use tests::{Folder, Item, PARALLELISM, Shape, embedded, local, same_records, same_sequence, with_memory};

use super::{Command, folder};

/// Fixed-size values, for binary files.
#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    key: u64,
    value: i64,
}

/// An item as one text, for text files.
#[dataflow]
fn lines(items: DataSet<Item>) -> DataSet<String> {
    items.map(|i| format!("{:020} {} {}", i.key, i.value, i.text))
}

#[dataflow]
fn numbers(items: DataSet<Item>) -> DataSet<Number> {
    items.map(|i| Number { key: i.key, value: i.value })
}

#[dataflow]
fn sorted(items: DataSet<Item>) -> DataSet<Item> {
    items.sort(|i| i.key)
}

/// Small row groups, so that each task writes several.
fn small_groups() -> ParquetOptions {
    ParquetOptions { row_group_rows: 3_000, ..ParquetOptions::default() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Csv,
    Json,
    Binary,
    Native,
    Parquet,
}

impl Format {
    const ALL: [Format; 6] = [Format::Text, Format::Csv, Format::Json, Format::Binary, Format::Native, Format::Parquet];

    /// Returns `true` if equal records are encoded to equal bytes in any task.
    fn is_plain(self) -> bool {
        !matches!(self, Format::Native | Format::Parquet)
    }

    fn write(self, items: DataSet<Item>, path: &str) {
        match self {
            Format::Text => lines(items).write_text(path),
            Format::Csv => items.write_csv(path),
            Format::Json => items.write_json(path),
            Format::Binary => numbers(items).write_binary(path),
            Format::Native => items.write_native(path),
            Format::Parquet => items.write_parquet_with(path, small_groups()),
        }
    }

    /// The records of a file in its order, as lines to compare.
    fn read(self, path: &str) -> Vec<String> {
        fn shown<T: Record + Debug>(flow: Result<DataSet<T>>) -> Vec<String> {
            flow.and_then(|flow| flow.collect()).unwrap().iter().map(|record| format!("{record:?}")).collect()
        }
        let env = local(1);
        match self {
            Format::Text => shown(env.read_text(path)),
            Format::Csv => shown::<Item>(env.read_csv(path)),
            Format::Json => shown::<Item>(env.read_json(path)),
            Format::Binary => shown::<Number>(env.read_binary(path)),
            Format::Native => shown::<Item>(env.read_native(path)),
            Format::Parquet => shown::<Item>(env.read_parquet(path)),
        }
    }
}

/// An output and its options.
#[derive(Clone, Debug)]
struct Case {
    format: Format,
    /// The suffix of the file name.
    end: &'static str,
    rows: u64,
    seed: u64,
    in_order: bool,
    tasks: usize,
    is_scarce: bool,
}

impl Case {
    fn run(&self, env: &Env, input: &str, output: &str) -> Result<Report> {
        let items = env.read_native(input)?;
        self.format.write(if self.in_order { sorted(items) } else { items }, output);
        env.run()
    }

    /// Writes with the local engine, in minimum memory if `is_scarce`, and with the embedded
    /// engine. Compares both files.
    fn check(&self) {
        let folder = Folder::default();
        let input = folder.join("input/");
        let ample = local(5);
        ample.collection(Shape::Distinct.items(self.rows, self.seed)).unwrap().rebalance().write_native(&input);
        ample.run().unwrap();
        let [output, expected] = ["local", "embedded"].map(|name| folder.join(&format!("{name}.out{}", self.end)));
        self.run(&embedded(), &input, &expected).unwrap();
        let memory_bytes = match self.run(&with_memory(self.tasks, 1), &input, &output) {
            _ if !self.is_scarce => 2 << 30,
            Err(error) => match error.cause() {
                Error::TooLittleMemory { need, .. } => *need,
                _ => panic!("{error}"),
            },
            Ok(_) => panic!("a byte was enough"),
        };
        self.run(&with_memory(self.tasks, memory_bytes), &input, &output).unwrap();
        self.compare(&output, &expected);
        assert_eq!(folder.names().len(), 3, "{self:?}: {:?}", folder.names());
    }

    fn compare(&self, output: &str, expected: &str) {
        let what = format!("{self:?}");
        let records = [output, expected].map(|path| self.format.read(path));
        let [actual, wanted] = &records;
        if self.in_order {
            same_sequence(&what, actual, wanted);
        } else {
            same_records(&what, actual.clone(), wanted.clone());
        }
        if self.end.is_empty() && self.format.is_plain() {
            let [actual, wanted] = [output, expected].map(|path| fs::read(path).unwrap());
            assert!(!self.in_order || actual == wanted, "{what}: other bytes");
            assert_eq!(actual.len(), wanted.len(), "{what}");
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let ends = |format: Format| match format {
        Format::Parquet => Just("").boxed(),
        _ => prop::sample::select(vec!["", ".gz", ".zst"]).boxed(),
    };
    let rows = prop_oneof![1 => Just(0), 1 => 1..20u64, 2 => 1_000..9_000u64, 4 => 30_000..90_000u64];
    let format = prop::sample::select(Format::ALL.to_vec());
    let format = format.prop_flat_map(move |format| (Just(format), ends(format)));
    let tasks = prop::sample::select(PARALLELISM.to_vec());
    (format, rows, any::<u64>(), any::<bool>(), tasks, any::<bool>()).prop_map(
        |((format, end), rows, seed, in_order, tasks, is_scarce)| Case {
            format,
            end,
            rows,
            seed,
            in_order,
            tasks,
            is_scarce,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn several_tasks_write_the_file_of_one_task(case in cases()) {
        case.check();
    }
}

#[test]
fn each_format_keeps_the_order_of_a_sort() {
    for format in Format::ALL {
        for is_scarce in [false, true] {
            Case { format, end: "", rows: 60_000, seed: 3, in_order: true, tasks: 4, is_scarce }.check();
        }
    }
}

#[test]
fn an_empty_flow_writes_a_complete_file() {
    for format in Format::ALL {
        let ends = if format == Format::Parquet { vec![""] } else { vec!["", ".gz", ".zst"] };
        for end in ends {
            Case { format, end, rows: 0, seed: 3, in_order: false, tasks: 4, is_scarce: true }.check();
        }
    }
}

#[test]
fn other_tools_read_files_compressed_by_several_tasks() {
    let folder = folder();
    let path = folder.join("out.csv.gz");
    let env = local(4);
    env.collection(0..400_000u64).unwrap().rebalance().write_csv(&path);
    env.run().unwrap();
    let read = Command::new("gzip").args(["--decompress", "--stdout", &path]).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let text = String::from_utf8(read.stdout).unwrap();
    let (head, numbers) = text.split_once('\n').unwrap();
    let mut numbers: Vec<u64> = numbers.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(head, "value");
    assert!(numbers.into_iter().eq(0..400_000));
}

#[test]
fn all_tasks_write_a_file_but_only_one_a_terminal() {
    let (env, folder) = (local(2), folder());
    let numbers = env.collection(0..10u64).unwrap();
    numbers.write_parquet(folder.join("one.parquet"));
    numbers.print();
    let plan = env.explain().unwrap();
    let line = |words: &str| plan.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{plan}"));
    assert!(line("one.parquet").contains("write parquet together      2 "), "{plan}");
    assert!(line("print  ").contains("print                       1 "), "{plan}");
}

#[test]
fn a_full_disk_ends_the_job() {
    for in_order in [false, true] {
        let folder = Folder::default();
        let input = folder.join("input/");
        let env = local(4);
        env.collection(Shape::Distinct.items(60_000, 1)).unwrap().rebalance().write_native(&input);
        env.run().unwrap();
        let items = env.read_native::<Item>(&input).unwrap();
        (if in_order { sorted(items) } else { items }).write_csv("/dev/full");
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("cannot write /dev/full"), "{error}");
    }
}
