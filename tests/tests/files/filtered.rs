//! Filters that a file reader evaluates while it decodes. They see and keep the same records as
//! after the reader.

use dataflow::Accumulated;
use dataflow::accumulators::Count;
use dataflow::prelude::*;
use tests::{Folder, local, on_each_engine, same_on_all_engines};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sale {
    id: u64,
    quantity: u32,
    kind: String,
    note: Option<String>,
    discount: Option<u8>,
    day: Date,
}

const SALES: u64 = 50_000;

fn sale(id: u64) -> Sale {
    let kinds = ["by air", "by rail", "by a ship that takes its time", "on foot"];
    Sale {
        id,
        quantity: (id % 7) as u32,
        kind: kinds[(id * 31 % 4) as usize].to_owned(),
        note: (!id.is_multiple_of(3)).then(|| format!("note {} of many that are never the same", id / 2)),
        discount: (!id.is_multiple_of(5)).then_some((id % 11) as u8),
        day: Date::from_days((id / 100) as i32),
    }
}

fn sales() -> Vec<Sale> {
    (0..SALES).map(sale).collect()
}

/// Writes the sales to a file.
fn file(folder: &Folder) -> String {
    let (path, env) = (folder.join("sales.parquet"), local(2));
    env.collection(sales()).unwrap().write_parquet(&path);
    env.run().unwrap();
    path
}

/// Predicates on: one column twice, a nullable column, two columns, and a column with many distinct
/// values.
#[dataflow]
fn few(sales: DataSet<Sale>, last: Date) -> DataSet<(u64, Option<String>)> {
    sales
        .filter(|s| s.kind.starts_with("by") && s.kind != "by air" && s.day < last)
        .filter(|s| s.discount.is_none_or(|percent| percent > 3))
        .filter(|s| s.id % 5 != u64::from(s.quantity))
        .filter(|s| s.note.is_some_and(|note| note.contains('7')))
        .map(|s| (s.id, s.note))
}

#[test]
fn several_filters_keep_the_expected_records() {
    let (folder, last) = (Folder::default(), Date::from_days(400));
    let path = file(&folder);
    let is_kept = |s: &Sale| {
        s.kind.starts_with("by")
            && s.kind != "by air"
            && s.day < last
            && s.discount.is_none_or(|percent| percent > 3)
            && s.id % 5 != u64::from(s.quantity)
            && s.note.as_ref().is_some_and(|note| note.contains('7'))
    };
    let expected: Vec<_> = sales().into_iter().filter(is_kept).map(|s| (s.id, s.note)).collect();
    assert!(expected.len() > 1_000);
    same_on_all_engines(expected, |env| few(env.read_parquet(&path)?, last).collect());
}

/// The query reads no column, only the number of records.
#[test]
fn filtered_records_of_a_file_are_counted() {
    let folder = Folder::default();
    let path = file(&folder);
    let expected = sales().iter().filter(|s| s.kind == "on foot").count() as u64;
    on_each_engine(|engine, env| {
        let sales = env.read_parquet::<Sale>(&path).unwrap();
        let on_foot = on_foot(sales).count().unwrap();
        assert_eq!(on_foot, expected, "{engine}");
    });
}

#[dataflow]
fn on_foot(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.filter(|s| s.kind == "on foot")
}

/// The second filter would fail on records that the first one drops.
#[dataflow]
fn shares(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.filter(|s| s.quantity > 0).filter(|s| 12 / s.quantity > 3).project(|s| s.id)
}

#[dataflow]
fn unprotected(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.filter(|s| s.kind == "on foot").filter(|s| 12 / s.quantity > 3).project(|s| s.id)
}

#[test]
fn a_filter_never_sees_records_dropped_before() {
    let folder = Folder::default();
    let path = file(&folder);
    let expected = (0..SALES).filter(|id| (1..=3).contains(&(id % 7))).collect();
    same_on_all_engines(expected, |env| shares(env.read_parquet(&path)?).collect());
    on_each_engine(|engine, env| {
        let error = unprotected(env.read_parquet(&path).unwrap()).collect().unwrap_err().to_string();
        let place = "`filter` at tests/tests/files/filtered.rs:";
        assert!(error.starts_with(place) && error.contains("divide by zero"), "{engine}: {error}");
    });
}

/// Counts each record once, whether it keeps it or not, for any column.
#[dataflow]
fn seen(sales: DataSet<Sale>, seen: Accumulated<Count>) -> DataSet<u64> {
    sales
        .filter(|s| {
            seen.add(1);
            s.kind == "by rail"
        })
        .filter(|s| s.quantity == 2)
        .project(|s| s.id)
}

#[test]
fn a_counting_filter_sees_each_record_once() {
    let folder = Folder::default();
    let path = file(&folder);
    on_each_engine(|engine, env| {
        let counter = env.counter("seen");
        let kept = seen(env.read_parquet(&path).unwrap(), counter.clone()).count().unwrap();
        let expected = sales().iter().filter(|s| s.kind == "by rail" && s.quantity == 2).count() as u64;
        assert_eq!((kept, counter.value().unwrap()), (expected, SALES), "{engine}");
    });
}
