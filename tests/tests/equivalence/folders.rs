//! Partitioned folders, whose names are fields: round trips, and filters that skip folders.

use std::collections::BTreeSet;
use std::path::Path;

use dataflow::prelude::*;
use dataflow::{CsvOptions, Env, ProgressWhen, Result};
use tests::{Folder, embedded, local, on_each_engine, same_on_all_engines};

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Small,
    Large,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    id: u64,
    day: Option<Date>,
    place: String,
    kind: Kind,
    note: Option<String>,
    price: Decimal<2>,
}

/// Values that must be escaped in names of folders.
const PLACES: [&str; 8] = ["Köln", "a/b", "", "..", "x=y%", "_hidden", "new.tmp", "__HIVE_DEFAULT_PARTITION__"];

fn items() -> Vec<Item> {
    let item = |id: u64| Item {
        id,
        day: (!id.is_multiple_of(5)).then(|| Date::from_days(19_700 + (id % 5) as i32)),
        place: PLACES[id as usize * 7 % 8].to_owned(),
        kind: if id.is_multiple_of(3) { Kind::Small } else { Kind::Large },
        note: id.is_multiple_of(2).then(|| "a note that is rather long".repeat(id as usize % 3)),
        price: Decimal::from_scaled(id as i64),
    };
    (0..6_000).map(item).collect()
}

/// The paths below a folder, relative to it.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match path.is_dir() {
            true => found.extend(files(&path).into_iter().map(|below| format!("{name}/{below}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

type Write = fn(&DataSet<Item>, &str);
type Read = fn(&Env, &str) -> Result<DataSet<Item>>;

const FORMATS: [(&str, Write, Read); 5] = [
    ("csv", |flow, path| flow.in_folders_by(|i| (i.place, i.day)).write_csv(path), |env, path| env.read_csv(path)),
    ("csv.gz", |flow, path| flow.in_folders_by(|i| i.kind).write_csv(path), |env, path| env.read_csv(path)),
    ("json", |flow, path| flow.in_folders_by(|i| (i.day, i.kind)).write_json(path), |env, path| env.read_json(path)),
    ("parquet", |flow, path| flow.in_folders_by(|i| i.place).write_parquet(path), |env, path| env.read_parquet(path)),
    (
        "native",
        |flow, path| flow.in_folders_by(|i| (i.kind, i.day)).write_native(path),
        |env, path| env.read_native(path),
    ),
];

#[dataflow]
fn dear(items: DataSet<Item>) -> DataSet<(String, Option<Date>)> {
    items.filter(|i| i.price.scaled() > 5_000).map(|i| (i.place, i.day))
}

#[test]
fn partitioned_folders_are_read_back_as_written() {
    let items = items();
    let expected: Vec<_> =
        items.iter().filter(|i| i.price.scaled() > 5_000).map(|i| (i.place.clone(), i.day)).collect();
    for (name, write, read) in FORMATS {
        let folder = Folder::default();
        let mut written = Vec::new();
        for (engine, env) in [("embedded", embedded()), ("one", local(1)), ("four", local(4))] {
            let path = folder.join(&format!("{engine}.{name}"));
            write(&env.collection(&items).unwrap(), &path);
            env.run().unwrap();
            let parts = files(Path::new(&path));
            written.push(parts.iter().map(|part| part.rsplit_once('/').unwrap().0.to_owned()).collect::<BTreeSet<_>>());
            assert_eq!(parts.len(), written[0].len(), "{engine}, {name}: a folder has one file");
            same_on_all_engines(items.clone(), |env| read(env, &path)?.collect());
            same_on_all_engines(expected.clone(), |env| dear(read(env, &path)?).collect());
        }
        assert!(written.iter().all(|folders| *folders == written[0]), "{name}: {written:?}");
    }
}

#[test]
fn folders_are_named_like_hive_partitions() {
    let folder = Folder::default();
    let (path, env) = (folder.join("out"), local(2));
    env.collection(&items()).unwrap().in_folders_by(|i| (i.day, i.place)).write_parquet(&path);
    env.run().unwrap();
    let parts = files(Path::new(&path));
    let days: BTreeSet<&str> = parts.iter().filter_map(|part| part.split('/').next()).collect();
    let expected =
        ["day=2023-12-10", "day=2023-12-11", "day=2023-12-12", "day=2023-12-13", "day=__HIVE_DEFAULT_PARTITION__"];
    assert_eq!(days.into_iter().collect::<Vec<_>>(), expected);
    let places: BTreeSet<&str> = parts.iter().filter_map(|part| part.split('/').nth(1)).collect();
    let expected = [
        "place=",
        "place=%2E.",
        "place=%5F_HIVE_DEFAULT_PARTITION__",
        "place=%5Fhidden",
        "place=Köln",
        "place=a%2Fb",
        "place=new%2Etmp",
        "place=x%3Dy%25",
    ];
    assert_eq!(places.into_iter().collect::<Vec<_>>(), expected);
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reading {
    sensor: u32,
    value: i64,
}

#[dataflow]
fn of_sensor(readings: DataSet<Reading>, sensor: u32) -> DataSet<i64> {
    readings.filter(|r| r.sensor == sensor && r.value > 10).map(|r| r.value)
}

#[dataflow]
fn written_and_kept(readings: DataSet<Reading>, path: String) -> DataSet<Reading> {
    readings.in_folders_by(|r| r.sensor).write_binary(path);
    readings.filter(|r| r.value < 10)
}

#[test]
fn filters_on_partition_fields_skip_folders() {
    let folder = Folder::default();
    let (path, env) = (folder.join("readings"), local(4));
    let readings: Vec<Reading> = (0..40_000).map(|n| Reading { sensor: n % 400, value: i64::from(n / 400) }).collect();
    let kept = written_and_kept(env.collection(&readings).unwrap(), path.clone());
    kept.write_csv(folder.join("kept.csv"));
    env.run().unwrap();
    assert_eq!(files(Path::new(&path)).len(), 400);
    same_on_all_engines((11..100).collect(), |env| of_sensor(env.read_binary(&path)?, 17).collect());
    let env = local(2);
    of_sensor(env.read_binary(&path).unwrap(), 17).write_text(folder.join("out.txt"));
    assert_eq!(env.run().unwrap().source_rows(), 100);
    assert_eq!(env.read_csv::<Reading>(folder.join("kept.csv")).unwrap().count().unwrap(), 4_000);
}

#[dataflow]
fn wide(numbers: DataSet<u32>) -> DataSet<(u32, String)> {
    numbers.map(|n| (n % 300, format!("{n:05}").repeat(600)))
}

#[test]
fn many_partitions_stay_within_the_memory_budget() {
    let folder = Folder::default();
    let path = folder.join("wide");
    // About 180 MB in folders of less than one megabyte each: encoders without a limit would buffer
    // all of it.
    let memory_bytes = 150 << 20;
    let env = Env::new(Options { parallelism: 1, memory_bytes, progress: ProgressWhen::Never, ..Options::default() });
    wide(env.collection(0..60_000u32).unwrap()).in_folders_by(|w| w.0).write_native(&path);
    env.run().unwrap();
    assert_eq!(files(Path::new(&path)).len(), 300);
    let read = local(2).read_native::<(u32, String)>(&path).unwrap().collect().unwrap();
    let number = |text: &str| text[..5].parse::<u32>().unwrap();
    assert!(read.len() == 60_000 && read.iter().all(|(key, text)| text.len() == 3_000 && number(text) % 300 == *key));
}

fn fails(flow: Result<DataSet<Item>>) -> String {
    flow.and_then(|flow| flow.collect()).unwrap_err().to_string()
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    city: String,
    zip: Option<u32>,
    floor: (u8, u8),
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shop {
    id: u64,
    place: Place,
    size: Size,
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Size {
    rooms: u8,
}

fn shops() -> Vec<Shop> {
    let shop = |id: u64| Shop {
        id,
        place: Place {
            city: PLACES[id as usize % 8].to_owned(),
            zip: (!id.is_multiple_of(3)).then_some(id as u32 % 4),
            floor: (id as u8 % 2, id as u8 % 3),
        },
        size: Size { rooms: id as u8 % 5 },
    };
    (0..1_000).map(shop).collect()
}

#[dataflow]
fn with_zip(shops: DataSet<Shop>, zip: u32) -> DataSet<(String, u8)> {
    shops.filter(|s| s.place.zip == Some(zip)).map(|s| (s.place.city, s.place.floor.1))
}

type WriteShops = fn(&DataSet<Shop>, &str);
type ReadShops = fn(&Env, &str) -> Result<DataSet<Shop>>;

/// Nested records of which some or all fields are partition fields.
const NESTED: [(&str, &str, WriteShops, ReadShops); 6] = [
    (
        "csv",
        "place.city=…/place.zip=…",
        |f, p| f.in_folders_by(|s| (s.place.city, s.place.zip)).write_csv(p),
        |e, p| e.read_csv(p),
    ),
    (
        "json",
        "place.floor.0=…/id=…",
        |f, p| f.in_folders_by(|s| (s.place.floor.0, s.id)).write_json(p),
        |e, p| e.read_json(p),
    ),
    ("parquet", "place.zip=…", |f, p| f.in_folders_by(|s| s.place.zip).write_parquet(p), |e, p| e.read_parquet(p)),
    (
        "native",
        "size.rooms=…/place.floor.1=…",
        |f, p| f.in_folders_by(|s| (s.size.rooms, s.place.floor.1)).write_native(p),
        |e, p| e.read_native(p),
    ),
    (
        "parquet",
        "place.city=…/place.zip=…/place.floor.0=…/place.floor.1=…",
        |f, p| f.in_folders_by(|s| (s.place.city, s.place.zip, s.place.floor.0, s.place.floor.1)).write_parquet(p),
        |e, p| e.read_parquet(p),
    ),
    ("json", "size.rooms=…", |f, p| f.in_folders_by(|s| s.size.rooms).write_json(p), |e, p| e.read_json(p)),
];

#[test]
fn fields_of_nested_records_can_be_partition_fields() {
    let shops = shops();
    let with_one = shops.iter().filter(|s| s.place.zip == Some(1));
    let expected: Vec<_> = with_one.map(|s| (s.place.city.clone(), s.place.floor.1)).collect();
    for (number, (format, folders, write, read)) in NESTED.into_iter().enumerate() {
        let folder = Folder::default();
        for (engine, env) in [("embedded", embedded()), ("one", local(1)), ("four", local(4))] {
            let path = folder.join(&format!("{engine}-{number}"));
            write(&env.collection(&shops).unwrap(), &path);
            env.run().unwrap();
            for part in files(Path::new(&path)) {
                let names = part.rsplit_once('/').unwrap().0.split('/').map(|name| name.split_once('=').unwrap().0);
                assert_eq!(names.map(|name| format!("{name}=…")).collect::<Vec<_>>().join("/"), folders, "{format}");
            }
            same_on_all_engines(shops.clone(), |env| read(env, &path)?.collect());
            same_on_all_engines(expected.clone(), |env| with_zip(read(env, &path)?, 1).collect());
        }
    }
}

#[test]
fn folders_that_do_not_match_the_record_are_reported() {
    let (header, line) = ("id,place,kind,note,price\n", "1,here,Small,,2.50\n");
    for (name, expected) in [
        ("day=2024-02-30", "folder `day=2024-02-30`: expected Date (a day like 2024-02-29), found `2024-02-30`"),
        ("week=7", "the file lies in no folder `day=…`, and others do"),
    ] {
        let folder = Folder::default();
        for name in ["day=2024-02-28", name] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            let _ = folder.file(&format!("{name}/part.csv"), format!("{header}{line}"));
        }
        on_each_engine(|engine, env| {
            let error = fails(env.read_csv(folder.join("")));
            let file = format!("{name}/part.csv: ");
            assert!(error.contains(&file) && error.contains(expected), "{engine}: {error}");
            assert!(error.contains("`read` at tests/tests/equivalence/folders.rs:"), "{engine}: {error}");
        });
    }
    // A null for a field that is no `Option`.
    let folder = Folder::default();
    std::fs::create_dir(folder.path().join("sensor=__HIVE_DEFAULT_PARTITION__")).unwrap();
    let _ = folder.file("sensor=__HIVE_DEFAULT_PARTITION__/part.csv", "value\n1\n");
    let error = local(1).read_csv::<Reading>(folder.join("")).err().unwrap().to_string();
    assert!(error.contains("found a null; make the field an Option"), "{error}");
}

#[test]
fn csv_options_round_trip() {
    let folder = Folder::default();
    for options in [
        CsvOptions { delimiter: b'|', quote: Some(b'\''), null: "-".to_owned(), ..CsvOptions::default() },
        CsvOptions { delimiter: b'\t', header: false, null: "NULL".to_owned(), ..CsvOptions::default() },
    ] {
        let path = folder.join(&format!("{}.csv", options.null));
        let texts = ["", "-", "NULL", "it's", "a|b\t", "two\nlines", "\"q\""];
        let rows: Vec<(u32, Option<String>)> =
            (0..500).map(|n| (n, (n % 8 > 0).then(|| texts[n as usize % 7].to_owned()))).collect();
        let env = local(2);
        env.collection(&rows).unwrap().write_csv_with(&path, options.clone());
        env.run().unwrap();
        same_on_all_engines(rows, |env| env.read_csv_with(&path, options.clone())?.collect());
    }
}

#[test]
fn values_that_csv_options_cannot_write_are_reported() {
    let folder = Folder::default();
    let none = CsvOptions { quote: None, ..CsvOptions::default() };
    let odd = CsvOptions { null: "a,b".to_owned(), ..CsvOptions::default() };
    let flat = CsvOptions { multiline: false, ..CsvOptions::default() };
    for (text, options, expected) in [
        ("a,b", none.clone(), "cannot write CSV: `a,b` needs quotes, and the options have none"),
        ("", none, "needs quotes"),
        ("x", odd, "CSV cannot be written with the null `a,b`"),
        ("a\nb", flat, "holds a newline, which `multiline: false` forbids"),
    ] {
        on_each_engine(|engine, env| {
            let rows = [(1u8, Some(text.to_owned()))];
            env.collection(rows).unwrap().write_csv_with(folder.join("out.csv"), options.clone());
            let error = env.run().unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("folders.rs:"), "{engine}: {error}");
        });
    }
    assert_eq!(folder.names(), [""; 0]);
}

#[derive(Record, Clone, Copy, Debug)]
struct Home {
    zip: u32,
}

/// Both `zip` fields have the partition name `home.zip`.
#[derive(Record, Clone, Copy, Debug)]
struct Resident {
    home: Home,
    #[record(name = "home.zip")]
    zip: u32,
}

#[test]
fn a_partition_name_shared_by_two_fields_is_rejected() {
    let folder = Folder::default();
    on_each_engine(|_, env| {
        let residents = env.collection([Resident { home: Home { zip: 1 }, zip: 2 }]).unwrap();
        residents.in_folders_by(|r| r.home.zip).write_json(folder.join("residents").as_str());
        let error = env.run().unwrap_err().to_string();
        assert!(error.contains("two fields have the name `home.zip`"), "{error}");
    });
}
