//! A field with the path of the file that a row comes from.

use dataflow::prelude::*;
use dataflow::{CsvOptions, Env, Lenient, Result};
use tests::{Folder, embedded, same_on_all_engines};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reading {
    #[record(source_file)]
    file: String,
    value: i64,
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Value {
    value: i64,
}

type Write = fn(&DataSet<Value>, &str);
type Read = fn(&Env, &str) -> Result<DataSet<Reading>>;

const FORMATS: [(&str, Write, Read); 6] = [
    ("csv", |flow, path| flow.write_csv(path), |env, path| env.read_csv(path)),
    ("csv.gz", |flow, path| flow.write_csv(path), |env, path| env.read_csv(path)),
    ("jsonl", |flow, path| flow.write_json(path), |env, path| env.read_json(path)),
    ("parquet", |flow, path| flow.write_parquet(path), |env, path| env.read_parquet(path)),
    ("bin", |flow, path| flow.write_binary(path), |env, path| env.read_binary(path)),
    ("native", |flow, path| flow.write_native(path), |env, path| env.read_native(path)),
];

#[dataflow]
fn of_the_second(readings: DataSet<Reading>, second: String) -> DataSet<(String, i64)> {
    readings.filter(|r| r.file == second).map(|r| (r.file, r.value))
}

#[dataflow]
fn by_file(readings: DataSet<Reading>) -> DataSet<(String, u64)> {
    readings.group_by(|r| r.file).count()
}

#[dataflow]
fn only_files(readings: DataSet<Reading>) -> DataSet<String> {
    readings.map(|r| r.file)
}

#[test]
fn every_format_fills_in_the_path() {
    for (ending, write, read) in FORMATS {
        let folder = Folder::default();
        let paths = ["one", "two"].map(|name| folder.join(&format!("{name}.{ending}")));
        for (path, first) in paths.iter().zip([0, 100]) {
            let env = embedded();
            write(&env.collection((first..first + 3).map(|value| Value { value })).unwrap(), path);
            env.run().unwrap();
        }
        let all = folder.join("*");
        let row = |path: &String, value| Reading { file: path.clone(), value };
        let expected: Vec<_> =
            [(0, 0), (0, 1), (0, 2), (1, 100), (1, 101), (1, 102)].map(|(file, value)| row(&paths[file], value)).into();
        same_on_all_engines(expected, |env| read(env, &all)?.collect());
        let second = [100, 101, 102].map(|value| (paths[1].clone(), value)).to_vec();
        same_on_all_engines(second, |env| of_the_second(read(env, &all)?, paths[1].clone()).collect());
        same_on_all_engines(paths.iter().map(|path| (path.clone(), 3)).collect(), |env| {
            by_file(read(env, &all)?).collect()
        });
        let files = paths.iter().flat_map(|path| [path.clone(), path.clone(), path.clone()]).collect();
        same_on_all_engines(files, |env| only_files(read(env, &all)?).collect());
    }
}

/// One field comes from the folder name, the other is the path. A column with the same name as the
/// field is ignored.
#[test]
fn the_path_ignores_folders_and_columns_of_its_name() {
    #[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Sale {
        day: Date,
        amount: i64,
        #[record(source_file)]
        file: String,
    }
    let folder = Folder::default();
    std::fs::create_dir(folder.path().join("day=2024-02-29")).unwrap();
    let path = folder.file("day=2024-02-29/a.csv", "amount,file\n7,x\n");
    let expected = vec![Sale { day: Date::from_days(19_782), amount: 7, file: path }];
    same_on_all_engines(expected, |env| env.read_csv::<Sale>(folder.path().to_str().unwrap())?.collect());
}

#[test]
fn a_record_with_only_the_path_counts_rows() {
    #[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct From {
        #[record(source_file)]
        file: String,
    }
    let folder = Folder::default();
    let path = folder.join("a.parquet");
    let env = embedded();
    env.collection([Value { value: 1 }, Value { value: 2 }]).unwrap().write_parquet(&path);
    env.run().unwrap();
    same_on_all_engines(vec![From { file: path.clone() }; 2], |env| env.read_parquet::<From>(&path)?.collect());
    let path = folder.file("a.jsonl", "{\"value\":1}\n{}\n");
    same_on_all_engines(vec![From { file: path.clone() }; 2], |env| env.read_json::<From>(&path)?.collect());
    let path = folder.file("a.csv", "value\n1\n2\n");
    same_on_all_engines(vec![From { file: path.clone() }; 2], |env| env.read_csv::<From>(&path)?.collect());
}

#[test]
fn bad_records_are_skipped_in_records_with_a_path() {
    let folder = Folder::default();
    let path = folder.file("a.csv", "value\n1\nx\n3\n");
    let options = CsvOptions::default().lenient(Lenient::to(folder.join("bad.txt")));
    let found = embedded().read_csv_with::<Reading>(&path, options).unwrap().collect().unwrap();
    assert_eq!(found, [1, 3].map(|value| Reading { file: path.clone(), value }));
}

/// The path is written like any other field. Reading the result sets it again.
#[test]
fn the_path_is_written_like_other_fields() {
    let folder = Folder::default();
    let (first, second) = (folder.file("a.csv", "value\n1\n"), folder.join("b.csv"));
    let env = embedded();
    env.read_csv::<Reading>(&first).unwrap().write_csv(&second);
    env.run().unwrap();
    assert_eq!(std::fs::read_to_string(&second).unwrap(), format!("file,value\n{first},1\n"));
    let found = embedded().read_csv::<Reading>(&second).unwrap().collect().unwrap();
    assert_eq!(found, [Reading { file: second, value: 1 }]);
}
