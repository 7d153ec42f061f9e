//! Errors that users see: one error, without delay, with its place, and without half-written
//! outputs.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::Command;

use dataflow::prelude::*;
use dataflow::{Env, Error, LogWriter, Result};
use tests::{Folder, Sale, local, on_each_engine};

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Order {
    id: u64,
    price: Decimal<2>,
    day: Date,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct OtherColumn {
    id: u64,
    colour: String,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct OtherType {
    id: String,
}

const ORDERS: &str = "id,price,day\n1,2.50,2024-01-01\n2,3.00,2024-01-02\n";

fn orders() -> impl Iterator<Item = Order> {
    (0..10_000).map(|id| Order { id, price: Decimal::from_scaled(5), day: Date::from_days(19_723) })
}

/// Checks that a pipeline fails on every engine with an error that contains all these parts.
fn fails_with(parts: &[&str], pipeline: impl Fn(&Env) -> Result<()>) {
    on_each_engine(|engine, env| has_parts(engine, &pipeline(env).unwrap_err(), parts));
}

fn has_parts(engine: &str, error: &Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{engine}: `{part}` is not in: {text}");
    }
    assert!(!text.contains("internal error") && text.lines().count() == 1, "{engine}: {text}");
}

/// A Parquet file of orders.
fn parquet(folder: &Folder) -> String {
    let (path, env) = (folder.join("orders.parquet"), local(1));
    env.collection(orders()).unwrap().write_parquet(&path);
    env.run().unwrap();
    path
}

fn read_orders(env: &Env, path: &str) -> Result<()> {
    env.read_csv::<Order>(path)?.collect().map(|_| ())
}

#[test]
fn missing_paths_are_reported() {
    let missing = Folder::default().join("missing.txt");
    fails_with(&["no input at", "missing.txt", "there is no such file or folder"], |env| {
        env.read_text(&missing).map(|_| ())
    });
    fails_with(&["no input at", "missing.txt"], |env| read_orders(env, &missing));
    fails_with(&["no input at", "missing.txt"], |env| env.read_parquet::<Order>(&missing).map(|_| ()));
}

#[test]
fn urls_are_rejected_where_paths_are_expected() {
    let parts = ["it is a URL, and no feature of this version", "`s3://`"];
    fails_with(&parts, |env| env.read_text("s3://bucket/lines.txt").map(|_| ()));
    fails_with(&parts, |env| env.read_log::<u32>("s3://bucket/log").map(|_| ()));
    for output in ["s3://bucket/numbers.csv", "s3://bucket/numbers/"] {
        fails_with(&parts, |env| {
            env.collection([1u32])?.write_csv(output);
            env.run().map(|_| ())
        });
    }
    for log in [LogWriter::<u32>::create("s3://bucket/log", 1), LogWriter::open("s3://bucket/log", 1)] {
        has_parts("log", &log.err().unwrap(), &parts);
    }
    let folder = Folder::default();
    let log = folder.join("log");
    LogWriter::<u32>::create(&log, 1).unwrap().seal_all().unwrap();
    let snapshots = Some("s3://bucket/snapshots".into());
    let env = Env::new(Options { snapshots, ..local(1).options().clone() });
    env.read_log::<u32>(&log).unwrap().write_csv(folder.join("out/"));
    has_parts("snapshots", &env.run().unwrap_err(), &parts);
    assert!(!std::path::Path::new("s3:").exists());
}

#[test]
fn patterns_and_folders_without_files_are_reported() {
    let folder = Folder::default();
    let pattern = folder.join("*.csv");
    fails_with(&["no input at", "*.csv", "no file matches the pattern"], |env| read_orders(env, &pattern));
    fails_with(&["no input at", "the folder holds no file to read"], |env| env.read_text(folder.join("")).map(|_| ()));
}

#[test]
fn truncated_parquet_files_are_reported() {
    let folder = Folder::default();
    let whole = std::fs::read(parquet(&folder)).unwrap();
    for length in [0, 3, 11, whole.len() / 2, whole.len() - 1] {
        let cut = folder.file("cut.parquet", &whole[..length]);
        fails_with(&["cut.parquet", "Parquet"], |env| env.read_parquet::<Order>(&cut)?.collect().map(|_| ()));
    }
}

#[test]
fn damaged_parquet_pages_are_reported() {
    let folder = Folder::default();
    let mut bytes = std::fs::read(parquet(&folder)).unwrap();
    let third = bytes.len() / 3;
    bytes[4..third].fill(0xff);
    let damaged = folder.file("damaged.parquet", bytes);
    fails_with(&["damaged.parquet", "`read` at tests/tests/bad_input.rs:"], |env| {
        env.read_parquet::<Order>(&damaged)?.collect().map(|_| ())
    });
}

#[test]
fn missing_columns_are_reported() {
    let folder = Folder::default();
    let (csv, parquet) = (folder.file("orders.csv", ORDERS), parquet(&folder));
    let parts = ["there is no column `colour`", "`id`", "`price`", "`day`"];
    fails_with(&[&parts[..], &["orders.csv"]].concat(), |env| env.read_csv::<OtherColumn>(&csv)?.collect().map(|_| ()));
    fails_with(&[&parts[..], &["orders.parquet"]].concat(), |env| {
        env.read_parquet::<OtherColumn>(&parquet)?.collect().map(|_| ())
    });
}

#[test]
fn columns_of_another_type_are_reported() {
    let folder = Folder::default();
    let parquet = parquet(&folder);
    fails_with(&["orders.parquet", "column `id`: expected String, found"], |env| {
        env.read_parquet::<OtherType>(&parquet)?.collect().map(|_| ())
    });
}

#[test]
fn invalid_csv_lines_are_reported() {
    let cases = [
        ("2,3.00\n", "bad.csv:4: expected 3 fields, found 2"),
        ("2,3.00,2024-01-02,5\n", "bad.csv:4: expected 3 fields, found 4"),
        ("x2,3.00,2024-01-02\n", "bad.csv:4: column `id`: expected u64, found `x2`"),
        (
            "2,3.005,2024-01-02\n",
            "bad.csv:4: column `price`: expected Decimal<2> (at most 2 digits after the point, of 18 in all), found `3.005`",
        ),
        ("2,3.00,2024-13-02\n", "bad.csv:4: column `day`: expected Date (a day like 2024-02-29), found `2024-13-02`"),
        (
            "2,,2024-01-02\n",
            "bad.csv:4: column `price`: expected Decimal<2> (at most 2 digits after the point, of 18 in all), found an empty field",
        ),
        ("-2,3.00,2024-01-02\n", "bad.csv:4: column `id`: expected u64, found `-2`"),
    ];
    let folder = Folder::default();
    for (line, expected) in cases {
        let path = folder.file("bad.csv", format!("{ORDERS}{line}3,1.00,2024-01-03\n"));
        fails_with(&[expected, "`read` at tests/tests/bad_input.rs:"], |env| read_orders(env, &path));
    }
}

#[test]
fn invalid_json_lines_are_reported() {
    let good = "{\"id\":1,\"price\":2.50,\"day\":\"2024-01-01\"}\n";
    let cases = [
        ("[]", "bad.jsonl:3: expected Order as an object, found `[]`"),
        (
            "{\"id\":2,\"day\":\"2024-01-01\"}",
            "column `price`: expected Decimal<2> (at most 2 digits after the point, of 18 in all), found no such field; make it an Option if it may be absent",
        ),
        (
            "{\"id\":2,\"price\":3.005,\"day\":\"2024-01-01\"}",
            "bad.jsonl:3: column `price`: expected Decimal<2> (at most 2 digits after the point, of 18 in all), found `3.005`",
        ),
        (
            "{\"id\":2,\"price\":\"3\",\"day\":20240101}",
            "bad.jsonl:3: column `day`: expected Date (a day like 2024-02-29), found `20240101`",
        ),
        ("{\"id\":-2,\"price\":3,\"day\":\"2024-01-01\"}", "bad.jsonl:3: column `id`: expected u64, found `-2`"),
        (
            "{\"id\":2,\"price\":3,\"day\":null}",
            "column `day`: expected Date (a day like 2024-02-29), found null; make the field an Option to read it",
        ),
        ("{\"id\":2,\"id\":3}", "bad.jsonl:3: column `id`: the field stands twice in its object"),
        (
            "{\"id\":2,",
            "bad.jsonl:3: expected the name of a field in quotes, found the end of the line at byte 9 of the line",
        ),
    ];
    let folder = Folder::default();
    for (line, expected) in cases {
        let path = folder.file("bad.jsonl", format!("{good}\n{line}\n{good}"));
        fails_with(&[expected, "`read` at tests/tests/bad_input.rs:"], |env| {
            env.read_json::<Order>(&path)?.collect().map(|_| ())
        });
    }
}

#[test]
fn truncated_and_invalid_compressed_files_are_reported() {
    let folder = Folder::default();
    for (name, reason) in [
        ("orders.csv.gz", "the file ends within gzip data, or the checksum at its end does not match"),
        ("orders.csv.zst", "the file ends within a Zstandard frame"),
    ] {
        let (path, env) = (folder.join(name), local(1));
        env.collection(orders()).unwrap().write_csv(&path);
        env.run().unwrap();
        let whole = std::fs::read(&path).unwrap();
        let cut = folder.file(name, &whole[..whole.len() - 3]);
        let place = format!("{name}, byte {}: {reason}", whole.len() - 3);
        fails_with(&[&place, "it was cut or damaged, get it again"], |env| read_orders(env, &cut));
        let none = folder.file(name, ORDERS);
        fails_with(&[&format!("{name}, byte 0: expected a "), "as its name says"], |env| read_orders(env, &none));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_reported() {
    let folder = Folder::default();
    let lines = folder.file("lines.txt", b"good\nalso good\nb\xffd\n");
    fails_with(&["lines.txt:3", "expected UTF-8", "0xff"], |env| env.read_text(&lines)?.collect().map(|_| ()));
    let table = folder.file("table.csv", b"id,colour\n1,red\n2,r\xc3d\n");
    fails_with(&["table.csv:3", "UTF-8"], |env| env.read_csv::<OtherColumn>(&table)?.collect().map(|_| ()));
}

#[test]
fn an_invalid_line_late_in_a_job_ends_it() {
    let mut content = ORDERS.to_owned();
    (0..200_000).for_each(|id| content.push_str(&format!("{id},1.00,2024-01-02\n")));
    let line = 1 + content.lines().count();
    let folder = Folder::default();
    let path = folder.file("long.csv", content + "7,seven,2024-01-02\n");
    fails_with(&[&format!("long.csv:{line}: column `price`")], |env| read_orders(env, &path));
}

#[test]
fn outputs_that_cannot_be_written_are_reported() {
    let folder = Folder::default();
    let blocker = folder.file("blocker", "a file, not a folder");
    let below = format!("{blocker}/out.csv");
    fails_with(&["`write` at tests/tests/bad_input.rs:", "cannot create", "blocker/out.csv"], |env| {
        env.collection(orders())?.write_csv(&below);
        env.run().map(|_| ())
    });
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    let _ = folder.file("taken/part", "");
    for (name, reason) in [("taken", "it is a folder; end the path with `/`"), ("taken/", "exists and is not empty")] {
        fails_with(&["`write` at tests/tests/bad_input.rs:", reason], |env| {
            env.collection(orders())?.write_csv(folder.join(name));
            env.run().map(|_| ())
        });
    }
    assert_eq!(folder.names(), ["blocker", "taken"], "something was left behind");
}

#[dataflow]
fn explosive(orders: DataSet<Order>) -> DataSet<u64> {
    orders.map(|o| if o.id == 7_777 { panic!("the number is {}", o.id) } else { o.id })
}

#[dataflow]
fn refused(orders: DataSet<Order>) -> DataSet<Order> {
    let checked = orders
        .try_map(|o| if o.id == 7_777 && o.price.scaled() == 5 && o.day.year() > 0 { Err("too odd") } else { Ok(o) });
    checked
}

#[dataflow]
fn overflowing(orders: DataSet<Order>) -> DataSet<Decimal<4>> {
    orders.map(|o| o.price * Decimal::<2>::from_scaled(i64::MAX))
}

#[dataflow]
fn divided(orders: DataSet<Order>) -> DataSet<u64> {
    orders.filter(|o| 100 / o.id > 3).project(|o| o.id)
}

/// Declares a job that writes to a path.
type Declare = fn(&Env, &str) -> Result<()>;

/// Each closure fails. The error names the operator, its line in this file, and the cause.
fn closures_that_fail(folder: &Folder, name: &str) {
    let cases: [(Declare, &[&str]); 4] = [
        (
            |env, path| {
                explosive(env.collection(orders())?).write_parquet(path);
                Ok(())
            },
            &[
                "`map` at tests/tests/bad_input.rs:",
                "a closure panicked: the number is 7777 at tests/tests/bad_input.rs:",
            ],
        ),
        (
            |env, path| {
                refused(env.collection(orders())?).write_csv(path);
                Ok(())
            },
            &[
                "`checked` (try_map) at tests/tests/bad_input.rs:",
                "too odd, in the record Order { id: 7777, price: 0.05, day: 2024-01-01 }",
            ],
        ),
        (
            |env, path| {
                overflowing(env.collection(orders())?).write_parquet(path);
                Ok(())
            },
            &["`map` at tests/tests/bad_input.rs:", "overflow: 0.05 * 92233720368547758.07"],
        ),
        (
            |env, path| {
                divided(env.collection(orders())?).write_csv(path);
                Ok(())
            },
            &["`filter` at tests/tests/bad_input.rs:", "a closure panicked: attempt to divide by zero"],
        ),
    ];
    for (declare, parts) in cases {
        on_each_engine(|engine, env| {
            declare(env, &folder.join(name)).unwrap();
            has_parts(engine, &env.run().unwrap_err(), parts);
            assert_eq!(folder.names(), ["kept.csv"], "{engine}: something was left behind, or taken away");
        });
    }
}

#[test]
fn failing_closures_leave_no_file() {
    let folder = Folder::default();
    let _ = folder.file("kept.csv", "as it was");
    closures_that_fail(&folder, "new.csv");
    // An output that existed before is unchanged.
    closures_that_fail(&folder, "kept.csv");
    assert_eq!(std::fs::read_to_string(folder.path().join("kept.csv")).unwrap(), "as it was");
}

#[test]
fn failing_closures_leave_no_folder() {
    let folder = Folder::default();
    let _ = folder.file("kept.csv", "as it was");
    closures_that_fail(&folder, "new/");
}

#[test]
fn a_failing_sink_leaves_no_output_of_other_sinks() {
    let folder = Folder::default();
    on_each_engine(|engine, env| {
        let flow = env.collection(orders()).unwrap();
        flow.write_csv(folder.join("good.csv"));
        flow.write_parquet(folder.join("good/"));
        explosive(flow).write_csv(folder.join("bad.csv"));
        has_parts(engine, &env.run().unwrap_err(), &["the number is 7777"]);
        assert_eq!(folder.names(), [""; 0], "{engine}");
        // The environment can run other jobs afterwards.
        assert_eq!(env.collection(orders()).unwrap().count().unwrap(), 10_000, "{engine}");
    });
}

#[test]
fn a_sink_that_cannot_start_removes_started_outputs() {
    let folder = Folder::default();
    let blocker = folder.file("blocker", "a file, not a folder");
    on_each_engine(|engine, env| {
        let flow = env.collection(orders()).unwrap();
        flow.write_csv(folder.join("good/"));
        flow.write_csv(format!("{blocker}/out/"));
        has_parts(
            engine,
            &env.run().unwrap_err(),
            &["`write` at tests/tests/bad_input.rs:", "cannot create", "blocker"],
        );
        assert_eq!(folder.names(), ["blocker"], "{engine}");
    });
}

#[test]
fn unaggregated_fields_outside_the_key_are_rejected() {
    fails_with(&["is neither part of the key nor aggregated", "tests/tests/bad_input.rs:"], |env| {
        let none: [Sale; 0] = [];
        env.collection(none)?.group_by(|s| s.key).sum(|s| s.amount).collect().map(|_| ())
    });
}

#[dataflow]
fn odd_number(orders: DataSet<Order>) -> DataSet<u64> {
    orders.try_map(|o| if o.id == 7_777 { Err("too odd") } else { Ok(o.id) })
}

#[dataflow]
fn without_five(pairs: DataSet<(u64, i32)>) -> DataSet<u64> {
    pairs.try_filter(|p| if p.1 == 5 { Err("five") } else { Ok(true) }).project(|p| p.0)
}

#[test]
fn errors_show_the_fields_of_a_record_read_so_far() {
    let folder = Folder::default();
    let path = parquet(&folder);
    fails_with(&["too odd, in the record Order { id: 7777, .. }"], |env| {
        odd_number(env.read_parquet(&path)?).count().map(|_| ())
    });
    let pairs: Vec<(u64, i32)> = (1..9).zip(1..9).collect();
    fails_with(&["five, in the record (_, 5)"], |env| without_five(env.collection(&pairs)?).count().map(|_| ()));
}

/// The exit code and standard error of a process that runs a job.
fn process(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_job")).args(arguments).env("RUST_BACKTRACE", "1").output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_process_ends_with_one_message_and_code_1() {
    let folder = Folder::default();
    let input = folder.file("lines.txt", "12\n\n1x\n");
    let output = folder.join("out.csv");
    let cases = [
        ("numbers", input.as_str(), "invalid digit found in string"),
        ("explosive", input.as_str(), "a closure panicked: an empty line"),
        ("copy", "/there/is/no/such/file", "no input at /there/is/no/such/file"),
    ];
    for engine in ["local", "embedded"] {
        for (kind, input, message) in cases {
            let first = if kind == "numbers" { folder.file("bad.txt", "12\n1x\n") } else { input.to_owned() };
            let (code, text) = process(&["--engine", engine, "--parallelism", "2", kind, &first, &output]);
            assert_eq!(code, Some(1), "{engine}, {kind}: {text}");
            assert!(text.starts_with("Error: ") && text.contains(message), "{engine}, {kind}: {text}");
            assert_eq!(text.lines().count(), 1, "{engine}, {kind}: {text}");
        }
    }
    assert_eq!(folder.names(), ["bad.txt", "lines.txt"]);
}

#[test]
fn a_successful_process_prints_no_message() {
    let folder = Folder::default();
    let (input, output) = (folder.file("lines.txt", "12\n7\n"), folder.join("out.csv"));
    assert_eq!(process(&["numbers", &input, &output]), (Some(0), String::new()));
    assert_eq!(folder.names(), ["lines.txt", "out.csv"]);
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Wider {
    id: u64,
    price: Decimal<2>,
    day: Date,
    rate: f64,
}

type Read = fn(&Env, &str) -> Result<()>;

/// Each format, with a reader of orders.
const READERS: [(&str, Read); 5] = [
    ("csv", |env, path| env.read_csv::<Order>(path)?.collect().map(|_| ())),
    ("json", |env, path| env.read_json::<Order>(path)?.collect().map(|_| ())),
    ("parquet", |env, path| env.read_parquet::<Order>(path)?.collect().map(|_| ())),
    ("binary", |env, path| env.read_binary::<Order>(path)?.collect().map(|_| ())),
    ("native", |env, path| env.read_native::<Order>(path)?.collect().map(|_| ())),
];

const HERE: &str = "`read` at tests/tests/bad_input.rs:";

/// A file of orders in each format.
fn in_each_format(folder: &Folder) -> Vec<String> {
    let env = local(1);
    let flow = env.collection(orders()).unwrap();
    let paths: Vec<String> = READERS.iter().map(|(format, _)| folder.join(&format!("orders.{format}"))).collect();
    flow.write_csv(&paths[0]);
    flow.write_json(&paths[1]);
    flow.write_parquet(&paths[2]);
    flow.write_binary(&paths[3]);
    flow.write_native(&paths[4]);
    env.run().unwrap();
    paths
}

#[test]
fn unreadable_paths_are_reported_with_their_place_in_the_program() {
    let folder = Folder::default();
    let blocker = folder.file("blocker", "a file, not a folder");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    std::fs::create_dir(folder.path().join("inner/deep")).unwrap();
    let _ = folder.file("inner/deep/part", "");
    let _ = folder.file("inner/_part.tmp", "");
    for (_, read) in READERS {
        for (path, parts) in [
            (folder.join("missing"), &["no input at", "there is no such file or folder"][..]),
            (folder.join("*.none"), &["no input at", "no file matches the pattern"]),
            (folder.join("empty"), &["no input at", "the folder holds no file to read"]),
            (folder.join("inner"), &["the folders in it, but for those named `field=value`: write `**` to read them"]),
            ("/dev/null".to_owned(), &["no input at /dev/null", "neither a file nor a folder"]),
            (format!("{blocker}/part"), &["cannot read", "blocker/part", "Not a directory"]),
        ] {
            fails_with(&[parts, &[HERE]].concat(), |env| read(env, &path));
        }
    }
}

#[test]
fn files_of_another_format_are_rejected() {
    let folder = Folder::default();
    let paths = in_each_format(&folder);
    let csv = &paths[0];
    for (index, parts) in [
        (1, ["orders.csv:1", "expected Order as an object, found `id"]),
        (2, ["orders.csv", "not a Parquet file"]),
        (4, ["orders.csv, byte 0", "not a native file: expected `dfnf` at its start"]),
    ] {
        fails_with(&[&parts[..], &[HERE]].concat(), |env| READERS[index].1(env, csv));
    }
    fails_with(&["orders.parquet", HERE], |env| READERS[0].1(env, &paths[2]));
}

#[test]
fn empty_files_have_no_record_or_are_invalid() {
    let folder = Folder::default();
    let empty = folder.file("empty", "");
    for (format, read) in READERS {
        match format {
            "parquet" => fails_with(&["not a Parquet file: it has only 0 bytes", HERE], |env| read(env, &empty)),
            "native" => fails_with(&["not a native file: it has only 0 bytes", HERE], |env| read(env, &empty)),
            _ => on_each_engine(|_, env| read(env, &empty).unwrap()),
        }
    }
    on_each_engine(|engine, env| assert_eq!(env.read_text(&empty).unwrap().count().unwrap(), 0, "{engine}"));
}

#[test]
fn truncated_files_are_reported_as_truncated() {
    let folder = Folder::default();
    let paths = in_each_format(&folder);
    for (index, expected) in [
        (0, "expected 3 fields, found 2"),
        (1, "a string is not closed on its line"),
        (2, "not a Parquet file, or not written to its end"),
        (
            3,
            "are left over behind the last record, as one of Order { id: u64, price: Decimal<2>, day: Date } has 20 bytes",
        ),
        (4, "the file ends before its last block; it was cut, get it again"),
    ] {
        let whole = std::fs::read(&paths[index]).unwrap();
        let less = if index == 0 { 12 } else { 7 };
        let cut = folder.file("cut", &whole[..whole.len() - less]);
        fails_with(&["/cut", expected, HERE], |env| READERS[index].1(env, &cut));
    }
}

#[test]
fn damaged_blocks_are_reported_as_damaged() {
    let folder = Folder::default();
    let path = &in_each_format(&folder)[4];
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = folder.file("damaged.native", bytes);
    let expected = "the block is damaged: its checksum does not fit; get the file again";
    fails_with(&["damaged.native, byte ", expected, HERE], |env| READERS[4].1(env, &damaged));
}

#[test]
fn wrong_columns_are_reported_before_the_first_record() {
    let folder = Folder::default();
    let paths = in_each_format(&folder);
    let missing = ["column `rate`", HERE];
    for (path, read) in paths.iter().zip::<[Read; 5]>([
        |env, path| env.read_csv::<Wider>(path)?.collect().map(|_| ()),
        |env, path| env.read_json::<Wider>(path)?.collect().map(|_| ()),
        |env, path| env.read_parquet::<Wider>(path)?.collect().map(|_| ()),
        |env, path| env.read_binary::<Wider>(path)?.collect().map(|_| ()),
        |env, path| env.read_native::<Wider>(path)?.collect().map(|_| ()),
    ]) {
        match path.ends_with("binary") {
            // Binary files have no column names: a record of another width leaves a remainder.
            true => fails_with(&["are left over behind the last record", HERE], |env| read(env, path)),
            false => fails_with(&missing, |env| read(env, path)),
        }
    }
    for (path, expected, read) in [
        (
            &paths[1],
            "column `id`: expected String, found `0`",
            (|env, path| env.read_json::<OtherType>(path)?.collect().map(|_| ())) as Read,
        ),
        (&paths[2], "column `id`: expected String, found UInt64", |env, path| {
            env.read_parquet::<OtherType>(path)?.collect().map(|_| ())
        }),
        (&paths[4], "column `id`: expected String, found u64", |env, path| {
            env.read_native::<OtherType>(path)?.collect().map(|_| ())
        }),
    ] {
        fails_with(&[expected, HERE], |env| read(env, path));
    }
}

#[test]
fn schemas_are_shown_next_to_file_columns() {
    let folder = Folder::default();
    let paths = in_each_format(&folder);
    let env = local(1);
    env.read_csv::<OtherColumn>(&paths[0]).unwrap().print();
    env.read_json::<OtherColumn>(&paths[1]).unwrap().print();
    env.read_parquet::<OtherColumn>(&paths[2]).unwrap().print();
    env.read_binary::<Order>(&paths[3]).unwrap().in_folders_by(|o| o.day).write_csv(folder.join("out"));
    env.read_native::<OtherColumn>(&paths[4]).unwrap().print();
    let text = env.schemas().replace(&folder.join(""), "");
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let here = |line: &str| lines.iter().any(|found| found.starts_with(line));
    for expected in [
        "read csv orders.csv, at tests/tests/bad_input.rs:",
        "id: u64 id text",
        "colour: String is missing; the columns are `id`, `price`, `day`",
        "price is not read",
        "read json orders.json, at ",
        "id: u64 id a number",
        "colour: String is not in the first record; the columns are",
        "read parquet orders.parquet, at ",
        "id: u64 id INT64 (UINT_64)",
        "colour: String there is no column `colour` (String)",
        "read binary orders.binary, at ",
        "price: Decimal<2> bytes 8..16 of 20 is read as it is",
        "write csv out in folders by day, at ",
        "day: Date day=… is written as a folder's name",
        "id: u64 id is written as csv",
        "read native orders.native, at ",
        "id: u64 id u64",
    ] {
        assert!(here(expected), "`{expected}` is not in:\n{text}");
    }
    // These jobs are only declared; the run fails.
    assert!(env.run().is_err());
}
