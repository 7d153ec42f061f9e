//! Existing outputs: overwritten, appended to, or the job is rejected.

use std::collections::BTreeSet;

use dataflow::prelude::*;
use dataflow::{CsvOptions, IfExists, Output, Result};

use super::{engines, failing, folder, lines, read};

const CHOICES: [IfExists; 3] = [IfExists::Overwrite, IfExists::Append, IfExists::Fail];

fn to(path: &str, if_exists: IfExists) -> Output {
    Output::to(path).if_exists(if_exists)
}

type Pairs = DataSet<(u64, u64)>;
type Write = fn(&Pairs, Output);
type Open = fn(&Env, &str) -> Result<Pairs>;

/// The formats that support appending, with their readers.
const APPENDED: [(&str, Write, Open); 4] = [
    ("csv", |flow, to| flow.write_csv(to), |env, path| env.read_csv(path)),
    ("jsonl", |flow, to| flow.write_json(to), |env, path| env.read_json(path)),
    ("bin", |flow, to| flow.write_binary(to), |env, path| env.read_binary(path)),
    (
        "tsv",
        |flow, to| flow.write_csv_with(to, CsvOptions { header: false, ..CsvOptions::default() }),
        |env, path| env.read_csv_with(path, CsvOptions { header: false, ..CsvOptions::default() }),
    ),
];

fn pairs(numbers: std::ops::Range<u64>) -> Vec<(u64, u64)> {
    numbers.map(|n| (n, n * n)).collect()
}

#[test]
fn records_are_appended_to_a_file() {
    let folder = folder();
    for (name, env) in engines() {
        for (end, write, open) in APPENDED {
            let path = folder.join(&format!("{name}.{end}"));
            for day in 0..3 {
                write(&env.collection(pairs(10 * day..10 * day + 10)).unwrap(), to(&path, IfExists::Append));
                env.run().unwrap();
                let mut found = open(&env, &path).unwrap().collect().unwrap();
                found.sort_unstable();
                assert_eq!(found, pairs(0..10 * day + 10), "{name}, {end}");
            }
        }
    }
    assert_eq!(folder.names().len(), 8);
}

#[test]
fn appended_records_start_on_their_own_line() {
    let folder = folder();
    for (_, env) in engines() {
        for (there, expected) in [("0\n", "0\n7\n"), ("0", "0\n7\n"), ("", "7\n"), ("\n", "\n7\n")] {
            let path = folder.file("lines.txt", there);
            env.collection(["7"]).unwrap().write_text(to(&path, IfExists::Append));
            env.run().unwrap();
            assert_eq!(read(&path), expected);
        }
        // An empty file has no header yet.
        let path = folder.file("empty.csv", "");
        env.collection([(7u64, 8u64)]).unwrap().write_csv(to(&path, IfExists::Append));
        env.run().unwrap();
        assert_eq!(read(&path), "0,1\n7,8\n");
    }
}

#[test]
fn a_failed_job_appends_nothing() {
    let folder = folder();
    let path = folder.file("n.csv", "value\n1\n");
    std::fs::create_dir(folder.path().join("out")).unwrap();
    let _ = folder.file("out/part-00000.csv", "old");
    for (_, env) in engines() {
        for if_exists in CHOICES {
            let numbers = failing(env.collection(0..10u64).unwrap());
            numbers.write_csv(to(&path, if_exists));
            numbers.write_csv(to(&folder.join("out/"), if_exists));
            env.run().unwrap_err();
        }
        assert_eq!(read(&path), "value\n1\n");
        assert_eq!(read(folder.join("out/part-00000.csv")), "old");
        assert_eq!(folder.names(), ["n.csv", "out"]);
    }
}

#[test]
fn unappendable_outputs_are_rejected_before_the_first_record() {
    const ARRAY: &str = "\u{feff} \n[{\"0\":1,\"1\":2}]\n";
    let folder = folder();
    let other = folder.file("other.csv", "day,count\n1,2\n");
    let cut = folder.file("cut.csv", "0");
    let array = folder.file("array.json", ARRAY);
    for (_, env) in engines() {
        let refused = |write: &dyn Fn(&Pairs)| {
            write(&failing(env.collection([1u64]).unwrap()).map_to_pairs());
            env.run().unwrap_err().to_string()
        };
        let append = |name: &str| to(&folder.join(name), IfExists::Append);
        let errors = [
            refused(&|pairs| pairs.write_parquet(append("a.parquet"))),
            refused(&|pairs| pairs.write_native(append("a.native"))),
            refused(&|pairs| pairs.write_csv(append("a.csv.gz"))),
            refused(&|pairs| pairs.write_json(append("a.zst"))),
        ];
        for error in errors {
            assert!(error.contains("end the path with `/`") && error.contains("exists.rs:"), "{error}");
        }
        let error = refused(&|pairs| pairs.write_csv(to(&other, IfExists::Append)));
        assert!(error.contains("`day`") || error.contains("`day,"), "{error}");
        assert!(error.contains("`0,1`"), "{error}");
        let error = refused(&|pairs| pairs.write_csv(to(&cut, IfExists::Append)));
        assert!(error.contains("begins with `0`"), "{error}");
        named(failing(env.collection([1u64]).unwrap())).write_json(to(&array, IfExists::Append));
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("one JSON array"), "{error}");
    }
    assert_eq!(folder.names(), ["array.json", "cut.csv", "other.csv"]);
    assert_eq!(read(&array), ARRAY);
}

trait MapToPairs {
    fn map_to_pairs(&self) -> Pairs;
}

impl MapToPairs for DataSet<u64> {
    fn map_to_pairs(&self) -> Pairs {
        paired(self.clone())
    }
}

#[derive(Record, Clone, Copy, Debug)]
struct Named {
    n: u64,
}

#[dataflow]
fn named(numbers: DataSet<u64>) -> DataSet<Named> {
    numbers.map(|n| Named { n })
}

#[dataflow]
fn paired(numbers: DataSet<u64>) -> DataSet<(u64, u64)> {
    numbers.map(|n| (n, n))
}

#[test]
fn a_job_is_rejected_if_the_output_exists() {
    let folder = folder();
    for (name, env) in engines() {
        for end in [".csv", "/"] {
            let path = folder.join(&format!("{name}{end}"));
            let write = |env: &Env, flow: &DataSet<u64>| {
                flow.write_csv(to(&path, IfExists::Fail));
                env.run()
            };
            write(&env, &env.collection(0..3u64).unwrap()).unwrap();
            let error = write(&env, &failing(env.collection(0..3u64).unwrap())).unwrap_err().to_string();
            assert!(error.contains("exists"), "{error}");
        }
    }
    assert_eq!(folder.names().len(), 4);
}

#[test]
fn a_file_created_meanwhile_by_another_job_is_kept() {
    let folder = folder();
    for (name, env) in engines() {
        let path = folder.join(name);
        let made = path.clone();
        let make = std::sync::Arc::new(move || std::fs::write(&made, "other\n").unwrap());
        super::shared::filling(env.collection([1u64]).unwrap(), make.clone()).write_csv(to(&path, IfExists::Fail));
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("while the job ran"), "{error}");
        assert_eq!(read(&path), "other\n");
        // Appending adds the records after those of the other job.
        std::fs::remove_file(&path).unwrap();
        let text = super::shared::filling(env.collection([1u64]).unwrap(), make);
        text.write_csv_with(to(&path, IfExists::Append), CsvOptions { header: false, ..CsvOptions::default() });
        env.run().unwrap();
        assert_eq!(read(&path), "other\n1\n");
    }
    assert_eq!(folder.names(), ["embedded", "local"]);
}

#[test]
fn files_are_added_to_a_folder() {
    let folder = folder();
    for (name, env) in engines() {
        let (plain, keyed) = (folder.join(&format!("{name}-plain/")), folder.join(&format!("{name}-keyed")));
        for day in 0..3 {
            let flow = env.collection(pairs(10 * day..10 * day + 10)).unwrap();
            flow.write_parquet(to(&plain, IfExists::Append));
            let by_digit = flow.in_folders_by(|pair| pair.0);
            by_digit.write_native(to(&keyed, IfExists::Append));
            let twice = env.collection([(5u64, 25u64)]).unwrap();
            env.run().unwrap();
            twice.in_folders_by(|pair| pair.0).write_native(to(&keyed, IfExists::Append));
            env.run().unwrap();
            let found: BTreeSet<_> = env.read_parquet(&plain).unwrap().collect().unwrap().into_iter().collect();
            assert_eq!(found, pairs(0..10 * day + 10).into_iter().collect());
            let mut found = env.read_native::<(u64, u64)>(&keyed).unwrap().collect().unwrap();
            found.sort_unstable();
            let mut expected = pairs(0..10 * day + 10);
            expected.extend((0..=day).map(|_| (5, 25)));
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
        let mut files: Vec<String> = std::fs::read_dir(format!("{keyed}/0=5"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files.len(), 4, "{files:?}");
        assert!(files.iter().all(|file| file.starts_with("part-0000") && file.ends_with(".native")), "{files:?}");
    }
    assert_eq!(folder.names().len(), 4);
}

#[test]
fn a_folder_is_replaced_as_a_whole() {
    let folder = folder();
    for (name, env) in engines() {
        let path = folder.join(&format!("{name}/"));
        for numbers in [0..100, 5..7] {
            let flow = env.collection(pairs(numbers.clone())).unwrap();
            flow.in_folders_by(|pair| pair.0).write_csv(to(&path, IfExists::Overwrite));
            env.run().unwrap();
            let mut found = env.read_csv::<(u64, u64)>(&path).unwrap().collect().unwrap();
            found.sort_unstable();
            assert_eq!(found, pairs(numbers));
        }
        env.collection(["x"]).unwrap().write_text(to(&path, IfExists::Overwrite));
        env.run().unwrap();
        assert_eq!(env.read_text(&path).unwrap().collect().unwrap(), ["x"]);
    }
    assert_eq!(folder.names(), ["embedded", "local"]);
}

#[test]
fn a_folder_that_no_job_wrote_is_not_replaced() {
    let folder = folder();
    std::fs::create_dir_all(folder.path().join("home/documents")).unwrap();
    let _ = folder.file("home/documents/letter", "dear");
    for (_, env) in engines() {
        failing(env.collection([1u64]).unwrap()).write_csv(to(&folder.join("home/"), IfExists::Overwrite));
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("home/documents") && error.contains("no job wrote"), "{error}");
    }
    assert_eq!(read(folder.join("home/documents/letter")), "dear");
}

#[test]
fn foreign_files_are_kept_at_any_place_and_time() {
    let folder = folder();
    for (name, env) in engines() {
        let path = folder.join(&format!("{name}/"));
        let nested = format!("{path}day=1/hour=2/notes");
        std::fs::create_dir_all(&nested).unwrap();
        failing(env.collection([1u64]).unwrap()).write_csv(to(&path, IfExists::Overwrite));
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("day=1/hour=2/notes") && error.contains("no job wrote"), "{error}");
        std::fs::remove_dir(&nested).unwrap();
        // Created while the job runs.
        let letter = format!("{nested}/letter");
        let make = std::sync::Arc::new(move || {
            std::fs::create_dir_all(&nested).unwrap();
            std::fs::write(format!("{nested}/letter"), "dear").unwrap();
        });
        super::shared::filling(env.collection([1u64]).unwrap(), make).write_csv(to(&path, IfExists::Overwrite));
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("while the job ran"), "{error}");
        assert_eq!(read(&letter), "dear");
    }
    assert_eq!(folder.names(), ["embedded", "local"]);
}

#[test]
fn concurrent_jobs_append_their_records_without_mixing() {
    let folder = folder();
    let path = folder.join("all.csv");
    std::thread::scope(|scope| {
        for job in 0..4u64 {
            let path = &path;
            scope.spawn(move || {
                let env = tests::local(2);
                env.collection(1000 * job..1000 * job + 1000).unwrap().write_csv(to(path, IfExists::Append));
                env.run().unwrap();
            });
        }
    });
    let text = read(&path);
    let (header, rest) = text.split_once('\n').unwrap();
    let numbers: Vec<u64> = rest.lines().map(|line| line.parse().unwrap()).collect();
    let together = numbers.chunks(1000).map(|numbers| numbers.iter().map(|n| n / 1000).collect::<BTreeSet<_>>().len());
    assert!(header.parse::<u64>().is_err() && together.eq([1; 4]), "{header}");
    assert!(super::same_lines(rest, &lines(0..4000)));
}

#[test]
fn plans_show_the_choice_for_existing_outputs() {
    let folder = folder();
    for (choice, shown) in CHOICES.into_iter().zip(["overwritten", "appended to", "if it does not exist"]) {
        let env = tests::local(2);
        env.collection([1u64]).unwrap().write_csv(to(&folder.join("out.csv"), choice));
        assert!(env.explain().unwrap().contains(&format!("out.csv, {shown}")));
    }
    assert_eq!(folder.names(), [""; 0]);
}
