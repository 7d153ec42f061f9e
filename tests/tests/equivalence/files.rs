//! Writes the same records in every format, to one file and to folders, and reads them back.

use dataflow::prelude::*;
use tests::{Folder, Input, Keys, Sale, local, same_on_all_engines};

#[dataflow]
fn by_name(sales: DataSet<Sale>) -> DataSet<(String, Option<i32>, i64)> {
    sales.filter(|s| s.amount > -900).project(|s| (s.name, s.coupon, s.amount)).group_by(|s| (s.0, s.1)).sum(|s| s.2)
}

fn expected_by_name(sales: &[Sale]) -> Vec<(String, Option<i32>, i64)> {
    let kept: Vec<Sale> = sales.iter().filter(|s| s.amount > -900).cloned().collect();
    let groups = crate::grouped(&kept, |s| (s.name.clone(), s.coupon)).into_iter();
    groups.map(|((name, coupon), group)| (name, coupon, group.iter().map(|s| s.amount).sum())).collect()
}

/// CSV writes an empty text and a null as the same empty field, so optional texts are tested with
/// Parquet only.
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
            same_on_all_engines(sales.clone(), |env| env.read_parquet::<Sale>(&path)?.collect());
            same_on_all_engines(expected_by_name(&sales), |env| by_name(env.read_parquet(&path)?).collect());
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
            same_on_all_engines(sales.clone(), |env| env.read_csv::<Sale>(&path)?.collect());
            same_on_all_engines(expected_by_name(&sales), |env| by_name(env.read_csv(&path)?).collect());
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
            same_on_all_engines(sales.clone(), |env| env.read_json::<Sale>(&path)?.collect());
            same_on_all_engines(expected_by_name(&sales), |env| by_name(env.read_json(&path)?).collect());
        }
    }
}

/// Fields with renamed columns, lists, and nested records.
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
    same_on_all_engines(baskets.clone(), |env| env.read_json::<Basket>(&path)?.collect());
    let kept = baskets.iter().filter(|basket| basket.prices.len() > 2);
    let expected = kept.filter_map(|basket| Some((basket.id, basket.buyer.clone()?.name))).collect();
    same_on_all_engines(expected, |env| names_of_buyers(env.read_json(&path)?).collect());
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Lists {
    basket: Basket,
    maybe: Option<Basket>,
    words: Vec<String>,
    more: Option<Vec<String>>,
    numbers: (Vec<u16>, Vec<i64>, Option<Vec<Date>>),
    two: [Vec<u32>; 2],
}

fn lists() -> Vec<Lists> {
    let words = |id: u64| (0..id % 4).map(|word| "wörd \"".repeat(word as usize)).collect::<Vec<_>>();
    let list = |(id, basket): (u64, Basket)| Lists {
        maybe: (id % 4 > 0).then(|| basket.clone()),
        basket,
        words: words(id),
        more: (id % 3 > 0).then(|| words(id + 1)),
        numbers: (
            (0..id as u16 % 5).collect(),
            vec![-(id as i64); id as usize % 3],
            (id % 2 == 0).then(|| vec![Date::from_days(id as i32)]),
        ),
        two: [vec![id as u32], vec![]],
    };
    (0..).zip(baskets()).take(3_000).map(list).collect()
}

#[dataflow]
fn longest(lists: DataSet<Lists>) -> DataSet<(u64, i64, String)> {
    lists.filter(|l| l.numbers.1.len() == 2).map(|l| (l.basket.id, l.numbers.1[0], l.words.get(1).unwrap_or("")))
}

#[test]
fn json_and_parquet_keep_lists() {
    let lists = lists();
    let kept = lists.iter().filter(|l| l.numbers.1.len() == 2);
    let longest_of: Vec<(u64, i64, String)> =
        kept.map(|l| (l.basket.id, l.numbers.1[0], l.words.get(1).cloned().unwrap_or_default())).collect();
    let (folder, env) = (Folder::default(), local(2));
    let (json, parquet) = (folder.join("lists.jsonl"), folder.join("lists.parquet"));
    let flow = env.collection(&lists).unwrap();
    flow.write_json(&json);
    flow.write_parquet(&parquet);
    env.run().unwrap();
    same_on_all_engines(lists.clone(), |env| env.read_json::<Lists>(&json)?.collect());
    same_on_all_engines(lists.clone(), |env| env.read_parquet::<Lists>(&parquet)?.collect());
    same_on_all_engines(longest_of.clone(), |env| longest(env.read_json(&json)?).collect());
    same_on_all_engines(longest_of.clone(), |env| longest(env.read_parquet(&parquet)?).collect());
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OtherLists {
    words: Vec<i64>,
}

#[test]
fn lists_of_other_elements_are_rejected() {
    let (folder, env) = (Folder::default(), local(1));
    let path = folder.join("lists.parquet");
    env.collection(&lists()[..2]).unwrap().write_parquet(&path);
    env.run().unwrap();
    let error = local(1).read_parquet::<OtherLists>(&path).unwrap().collect().unwrap_err().to_string();
    assert!(error.contains("lists.parquet: column `words`: expected Vec<i64>, found a list of Utf8"), "{error}");
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Click { url: String, at: Option<Timestamp> },
    Moved(i32, i32),
    Idle,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Visit {
    id: u64,
    events: (Event, Option<Event>),
    tags: Vec<String>,
    basket: Option<Basket>,
}

fn visits() -> Vec<Visit> {
    let event = |id: u64| match id % 3 {
        0 => Event::Click {
            url: format!("/page/{id}"),
            at: id.is_multiple_of(2).then(|| Timestamp::from_micros(id as i64)),
        },
        1 => Event::Moved(id as i32, -1),
        _ => Event::Idle,
    };
    let visit = |(id, basket): (u64, Basket)| Visit {
        id,
        events: (event(id), id.is_multiple_of(5).then(|| event(id + 1))),
        tags: (0..id % 4).map(|tag| "tag ".repeat(tag as usize)).collect(),
        basket: (id % 7 > 2).then_some(basket),
    };
    (0..).zip(baskets()).map(visit).collect()
}

#[dataflow]
fn clicked(visits: DataSet<Visit>) -> DataSet<(u64, String)> {
    visits.filter(|v| v.id > 10).filter_map(|v| match v.events.0 {
        EventRef::Click { url, .. } => Some((v.id, url)),
        _ => None,
    })
}

#[test]
fn the_native_format_keeps_every_record() {
    let visits = visits();
    let clicks = visits.iter().filter(|visit| visit.id > 10).filter_map(|visit| match &visit.events.0 {
        Event::Click { url, .. } => Some((visit.id, url.clone())),
        _ => None,
    });
    let clicks: Vec<_> = clicks.collect();
    let folder = Folder::default();
    for name in ["one.native", "many/", "one.native.zst", "many.gz/"] {
        let (path, env) = (folder.join(name), local(4));
        env.collection(&visits).unwrap().write_native(&path);
        env.run().unwrap();
        same_on_all_engines(visits.clone(), |env| env.read_native::<Visit>(&path)?.collect());
        same_on_all_engines(clicks.clone(), |env| clicked(env.read_native(&path)?).collect());
    }
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Buy,
    Sell,
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trade {
    side: Side,
    id: i64,
    price: Decimal<4>,
    sizes: [u16; 3],
    at: (Date, bool, char),
}

#[dataflow]
fn sold(trades: DataSet<Trade>) -> DataSet<(i64, Decimal<4>)> {
    trades.filter(|t| t.side == Side::Sell).map(|t| (t.id, t.price))
}

#[test]
fn binary_files_keep_plain_records() {
    let trade = |id: i64| Trade {
        side: if id % 3 == 0 { Side::Sell } else { Side::Buy },
        id,
        price: Decimal::from_scaled(id * 7 - 1000),
        sizes: [id as u16, 1, 2],
        at: (Date::from_days(id as i32), id % 2 == 0, 'ä'),
    };
    let trades: Vec<Trade> = (0..20_000).map(trade).collect();
    let expected: Vec<_> = trades.iter().filter(|t| t.side == Side::Sell).map(|t| (t.id, t.price)).collect();
    let folder = Folder::default();
    for name in ["one.bin", "many/", "one.bin.gz", "many.zst/"] {
        let (path, env) = (folder.join(name), local(4));
        env.collection(&trades).unwrap().write_binary(&path);
        env.run().unwrap();
        same_on_all_engines(trades.clone(), |env| env.read_binary::<Trade>(&path)?.collect());
        same_on_all_engines(expected.clone(), |env| sold(env.read_binary(&path)?).collect());
        same_on_all_engines(vec![20_000], |env| Ok(vec![env.read_binary::<Trade>(&path)?.count()?]));
    }
    // Field sizes in bytes: 1, 8, 8, three times 2, 4, 1 and 4.
    assert_eq!(std::fs::metadata(folder.join("one.bin")).unwrap().len(), 32 * 20_000);
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
            same_on_all_engines(lines, |env| env.read_text(&path)?.collect());
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
