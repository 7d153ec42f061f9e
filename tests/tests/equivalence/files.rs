//! The same records through text, CSV and Parquet: what is written is read, in one file and in folders.

use dataflow::prelude::*;
use tests::{Folder, Input, Keys, Sale, everywhere, local};

#[dataflow]
fn by_name(sales: DataSet<Sale>) -> DataSet<(String, Option<i32>, i64)> {
    sales.filter(|s| s.amount > -900).project(|s| (s.name, s.coupon, s.amount)).group_by(|s| (s.0, s.1)).sum(|s| s.2)
}

fn expected_by_name(sales: &[Sale]) -> Vec<(String, Option<i32>, i64)> {
    let kept: Vec<Sale> = sales.iter().filter(|s| s.amount > -900).cloned().collect();
    let groups = crate::grouped(&kept, |s| (s.name.clone(), s.coupon)).into_iter();
    groups.map(|((name, coupon), group)| (name, coupon, group.iter().map(|s| s.amount).sum())).collect()
}

/// An empty text and a null are one empty field of CSV, so options of text go by Parquet alone.
fn without_notes(sales: &[Sale]) -> Vec<Sale> {
    sales.iter().map(|s| Sale { note: None, ..s.clone() }).collect()
}

fn sizes() -> impl Iterator<Item = Vec<Sale>> {
    [0, 1, 20_000].into_iter().map(|rows| Input { rows, keys: Keys::Zipf, seed: 5 }.sales())
}

#[test]
fn parquet_keeps_every_field() {
    for sales in sizes() {
        let folder = Folder::default();
        for path in [folder.join("one.parquet"), folder.join("many/")] {
            let env = local(4);
            env.collection(&sales).unwrap().write_parquet(&path);
            env.run().unwrap();
            everywhere(sales.clone(), |env| env.read_parquet::<Sale>(&path)?.collect());
            everywhere(expected_by_name(&sales), |env| by_name(env.read_parquet(&path)?).collect());
        }
    }
}

#[test]
fn csv_keeps_every_field() {
    for sales in sizes().map(|sales| without_notes(&sales)) {
        let folder = Folder::default();
        for name in ["one.csv", "many/", "one.csv.gz", "one.csv.zst", "many.gz/", "many.zst/"] {
            let path = folder.join(name);
            let env = local(4);
            env.collection(&sales).unwrap().write_csv(&path);
            env.run().unwrap();
            everywhere(sales.clone(), |env| env.read_csv::<Sale>(&path)?.collect());
            everywhere(expected_by_name(&sales), |env| by_name(env.read_csv(&path)?).collect());
        }
    }
}

#[test]
fn lines_are_read_as_they_were_written() {
    for sales in sizes() {
        let folder = Folder::default();
        for name in ["one.txt", "many/", "one.txt.gz", "one.TXT.ZST", "many.gz/"] {
            let path = folder.join(name);
            let (env, lines): (_, Vec<String>) = (local(4), sales.iter().map(|s| s.name.clone()).collect());
            env.collection(&lines).unwrap().write_text(&path);
            env.run().unwrap();
            everywhere(lines, |env| env.read_text(&path)?.collect());
        }
    }
}

#[test]
fn a_sorted_flow_is_written_in_order() {
    let folder = Folder::default();
    let path = folder.join("sorted.txt");
    let mut lines: Vec<String> =
        Input { rows: 20_000, keys: Keys::Zipf, seed: 9 }.sales().into_iter().map(|s| s.name).collect();
    let env = local(4);
    env.collection(&lines).unwrap().sort(desc).write_text(&path);
    env.run().unwrap();
    lines.sort_by(|left, right| right.cmp(left));
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.lines().eq(lines.iter().map(String::as_str)));
}
