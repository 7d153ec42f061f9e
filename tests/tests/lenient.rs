//! Bad records that are skipped, counted and kept, on every engine.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use dataflow::prelude::*;
use dataflow::{CsvOptions, JsonOptions, Lenient};
use tests::{Folder, local, on_each_engine};

const ROWS: u64 = 120_000;

/// Every thousandth record is bad.
fn is_bad(row: u64) -> bool {
    row % 1_000 == 7
}

fn csv(folder: &Folder) -> String {
    let line = |row| if is_bad(row) { format!("{row},many\n") } else { format!("{row},{}\n", row % 10) };
    folder.file("rows.csv", "id,n\n".to_owned() + &(0..ROWS).map(line).collect::<String>())
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Numbered {
    id: u64,
    n: u8,
}

fn bad_lines(path: &str) -> Vec<String> {
    let mut lines: Vec<String> = std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    // Tasks write lines in the order in which they read them.
    lines.sort_by_key(|line| line.split([':', '\t']).nth(1).and_then(|number| number.parse::<u64>().ok()));
    lines
}

#[test]
fn bad_records_are_counted_once_and_kept_with_lines() {
    let folder = Folder::default();
    let (path, bad, sums) = (csv(&folder), folder.join("bad.txt"), folder.join("sums.csv"));
    let line = |row: u64| format!("{path}:{}\tcolumn `n`: expected u8, found `many`\t{row},many", row + 2);
    let expected: Vec<String> = (0..ROWS).filter(|&row| is_bad(row)).map(line).collect();
    on_each_engine(|engine, env| {
        let options = CsvOptions::default().lenient(Lenient::to(&bad));
        let rows = env.read_csv_with::<Numbered>(&path, options).unwrap();
        // Two consumers of one source.
        rows.group_by(|r| r.n).count().write_csv(&sums);
        rows.write_csv(folder.join("good.csv"));
        assert_eq!(env.run().unwrap().rejected_rows(), 120, "{engine}");
        assert_eq!(bad_lines(&bad), expected, "{engine}");
        let good = env.read_csv::<Numbered>(folder.join("good.csv")).unwrap();
        assert_eq!(good.count().unwrap(), ROWS - 120, "{engine}");
        assert_eq!(folder.names(), ["bad.txt", "good.csv", "rows.csv", "sums.csv"], "{engine}");
        std::fs::remove_file(&bad).unwrap();
    });
}

#[test]
fn reaching_the_limit_ends_the_job_and_leaves_nothing() {
    let folder = Folder::default();
    let (path, bad) = (csv(&folder), folder.join("bad.txt"));
    on_each_engine(|engine, env| {
        let options = CsvOptions::default().lenient(Lenient::to(&bad).at_most(119));
        env.read_csv_with::<Numbered>(&path, options).unwrap().write_csv(folder.join("good.csv"));
        let error = env.run().unwrap_err().to_string();
        for part in [
            "`read` at tests/tests/lenient.rs:",
            "column `n`: expected u8, found `many`",
            "which is 119 records at most",
        ] {
            assert!(error.contains(part), "{engine}: {error}");
        }
        assert_eq!(folder.names(), ["rows.csv"], "{engine}");
    });
}

#[test]
fn a_job_that_fails_elsewhere_keeps_no_bad_records() {
    let folder = Folder::default();
    let path = csv(&folder);
    let bad = folder.file("bad.txt", "from before");
    on_each_engine(|engine, env| {
        let options = CsvOptions::default().lenient(Lenient::to(&bad));
        let rows = env.read_csv_with::<Numbered>(&path, options).unwrap();
        let flow = rows.process(|row, out| {
            assert!(row.id != 99_999, "one too many");
            out.emit(row.id);
        });
        assert!(flow.collect().is_err(), "{engine}");
        assert_eq!(std::fs::read_to_string(&bad).unwrap(), "from before", "{engine}");
        assert_eq!(folder.names(), ["bad.txt", "rows.csv"], "{engine}");
    });
}

#[test]
fn a_file_of_bad_records_is_read_in_little_memory() {
    let folder = Folder::default();
    let (path, bad) = (folder.join("bad.csv.gz"), folder.join("bad.txt"));
    let env = local(1);
    // The file is compressed by a factor of 100: the bad records would exceed the budget if all
    // were buffered.
    env.collection((0..200_000).map(|_| ("no number", "a text"))).unwrap().write_csv(&path);
    env.run().unwrap();
    let env = Env::new(Options { parallelism: 2, memory_bytes: 24 << 20, ..local(1).options().clone() });
    let options = CsvOptions { header: true, ..CsvOptions::default() }.lenient(Lenient::to(&bad));
    let none = env.read_csv_with::<(u32, String)>(&path, options).unwrap();
    assert_eq!(none.count().unwrap(), 200_000, "nobody reads the number");
    none.write_csv(folder.join("none.csv"));
    assert_eq!(env.run().unwrap().rejected_rows(), 200_000);
    let content = std::fs::read_to_string(&bad).unwrap();
    assert_eq!(content.lines().count(), 200_000);
    assert!(content.ends_with("bad.csv.gz:200001\tcolumn `0`: expected u32, found `no number`\tno number,a text\n"));
}

#[test]
fn json_lines_can_be_read_leniently() {
    let folder = Folder::default();
    let line = |row| if is_bad(row) { format!("{{\"id\":{row}}}\n") } else { format!("{{\"id\":{row},\"n\":1}}\n") };
    let path = folder.file("rows.jsonl", (0..ROWS).map(line).collect::<String>());
    let bad = folder.join("bad.txt");
    on_each_engine(|engine, env| {
        let options = JsonOptions::default().lenient(Lenient::to(&bad));
        let good = env.read_json_with::<Numbered>(&path, options).unwrap().collect().unwrap();
        assert_eq!(good.len() as u64, ROWS - 120, "{engine}");
        let lines = bad_lines(&bad);
        assert_eq!(lines.len(), 120);
        assert_eq!(
            lines[1],
            format!(
                "{path}:1008\tcolumn `n`: expected u8, found no such field; make it an Option if it may be absent\t{{\"id\":1007}}"
            )
        );
    });
}

#[dataflow]
fn paired(rows: DataSet<Numbered>) -> DataSet<u64> {
    rows.join(rows).on(|l| l.id, |r| r.id).map(|l, r| l.id + u64::from(r.n))
}

/// A scan whose branches join again is repeated, unless it records bad lines.
#[test]
fn bad_records_of_joined_branches_are_counted_once() {
    let folder = Folder::default();
    let (path, bad) = (csv(&folder), folder.join("bad.txt"));
    for parallelism in [1, 2] {
        let env = local(parallelism);
        let options = CsvOptions::default().lenient(Lenient::to(&bad));
        paired(env.read_csv_with::<Numbered>(&path, options).unwrap()).write_text(folder.join("sums.txt"));
        assert_eq!(env.run().unwrap().rejected_rows(), 120);
        assert_eq!(bad_lines(&bad).len(), 120);
    }
}
