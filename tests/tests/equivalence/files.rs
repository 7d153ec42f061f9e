//! The same records through text, CSV, JSON and Parquet: what is written is read, in one file and in folders.

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
        for name in ["one.csv", "many/", "one.csv.gz", "many.zst/"] {
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
fn json_keeps_every_field() {
    for sales in sizes() {
        let folder = Folder::default();
        for name in ["one.jsonl", "many.gz/"] {
            let (path, env) = (folder.join(name), local(4));
            env.collection(&sales).unwrap().write_json(&path);
            env.run().unwrap();
            everywhere(sales.clone(), |env| env.read_json::<Sale>(&path)?.collect());
            everywhere(expected_by_name(&sales), |env| by_name(env.read_json(&path)?).collect());
        }
    }
}

/// Fields whose columns have other names, lists, and records in records.
#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Basket {
    #[record(name = "basket-id")]
    id: u64,
    prices: Vec<Decimal<2>>,
    digest: Vec<u8>,
    buyer: Option<Buyer>,
    at: Timestamp,
    place: (char, i16),
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Buyer {
    name: String,
    days: Vec<Date>,
}

fn baskets() -> Vec<Basket> {
    let price = |cents| Decimal::from_scaled(cents);
    let buyer = |id: u64| Buyer {
        name: "\"ä\"\n".repeat(id as usize % 9),
        days: vec![Date::from_days(id as i32); id as usize % 3],
    };
    let basket = |id: u64| Basket {
        id,
        prices: (0..id as i64 % 7).map(price).collect(),
        digest: vec![id as u8; id as usize % 20],
        buyer: (!id.is_multiple_of(3)).then(|| buyer(id)),
        at: Timestamp::from_micros(id as i64 * 1_000_001),
        place: (char::from(b' ' + (id % 90) as u8), -(id as i16)),
    };
    (0..9_000).map(basket).collect()
}

#[dataflow]
fn names_of_buyers(baskets: DataSet<Basket>) -> DataSet<(u64, String)> {
    baskets.filter(|b| b.prices.len() > 2).filter_map(|b| b.buyer.map(|buyer| (b.id, buyer.name)))
}

#[test]
fn json_holds_lists_and_nested_records() {
    let folder = Folder::default();
    let (path, env, baskets) = (folder.join("baskets.jsonl"), local(2), baskets());
    env.collection(&baskets).unwrap().write_json(&path);
    env.run().unwrap();
    let content = std::fs::read_to_string(&path).unwrap();
    let first = "{\"basket-id\":0,\"prices\":[],\"digest\":\"\",\"buyer\":null,\"at\":\"1970-01-01T00:00:00Z\",\"place\":[\" \",0]}";
    assert!(content.lines().any(|line| line == first), "{content:.400}");
    everywhere(baskets.clone(), |env| env.read_json::<Basket>(&path)?.collect());
    let kept = baskets.iter().filter(|basket| basket.prices.len() > 2);
    let expected = kept.filter_map(|basket| Some((basket.id, basket.buyer.clone()?.name))).collect();
    everywhere(expected, |env| names_of_buyers(env.read_json(&path)?).collect());
}

#[test]
fn lines_are_read_as_they_were_written() {
    for sales in sizes() {
        let folder = Folder::default();
        for name in ["one.txt", "many.gz/", "one.TXT.ZST"] {
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
