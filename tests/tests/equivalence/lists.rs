//! Lists of records, and maps: built in closures, in pages, as keys, and in orders.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Folder, Sale, inputs, local, on_each_engine, same_on_all_engines, small_inputs};

use crate::{cases, grouped};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    name: String,
    counts: Vec<u64>,
    state: State,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Open,
    Sent { to: String },
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Basket {
    id: u64,
    items: Vec<Item>,
    prices: BTreeMap<String, Vec<(u64, bool)>>,
}

/// Up to five items. A few baskets have too many items for one page.
fn many(id: u64) -> u64 {
    if id.is_multiple_of(397) { 1_200 } else { id % 6 }
}

fn state(name: &str, number: u64) -> State {
    if number.is_multiple_of(3) { State::Open } else { State::Sent { to: name.repeat(number as usize % 4) } }
}

fn item(s: &Sale, number: u64) -> Item {
    let counts = (0..number % 3).collect();
    Item { name: s.name.repeat(number as usize % 3), counts, state: state(&s.name, number) }
}

fn basket(s: &Sale) -> Basket {
    let items = (0..many(s.id)).map(|number| item(s, number)).collect();
    let price = |number: u64| (s.name.repeat(number as usize), vec![(number, true), (s.id % 2, false)]);
    Basket { id: s.id % 50, items, prices: (0..s.id % 4).map(price).collect() }
}

#[dataflow]
fn made(sales: DataSet<Sale>) -> DataSet<Basket> {
    sales.map(|s| {
        let texts: Vec<(String, Vec<u64>, String)> = (0..many(s.id))
            .map(|n| (s.name.repeat(n as usize % 3), (0..n % 3).collect(), s.name.repeat(n as usize % 4)))
            .collect();
        let items: Vec<ItemRef> = texts
            .iter()
            .enumerate()
            .map(|(number, (name, counts, to))| ItemRef {
                name,
                counts,
                state: if number % 3 == 0 { StateRef::Open } else { StateRef::Sent { to } },
            })
            .collect();
        let prices: HashMap<String, [(u64, bool); 2]> =
            (0..s.id % 4).map(|n| (s.name.repeat(n as usize), [(n, true), (s.id % 2, false)])).collect();
        let prices: BTreeMap<&str, Vec<(u64, bool)>> =
            prices.iter().map(|(name, parts)| (name.as_str(), parts.to_vec())).collect();
        BasketRef { id: s.id % 50, items: List::from(&items), prices: Map::from(&prices) }
    })
}

#[dataflow]
fn larger(baskets: DataSet<Basket>) -> DataSet<(u64, Vec<Item>, u64)> {
    baskets
        .filter(|b| b.items.len() > 1 && b.prices.contains_key(""))
        .map(|b| (b.id, b.items, b.items.iter().map(|item| item.counts.len() as u64).sum::<u64>()))
}

#[dataflow]
fn items(baskets: DataSet<Basket>) -> DataSet<Item> {
    baskets.flat_map(|b| b.items)
}

#[dataflow]
fn entries(baskets: DataSet<Basket>) -> DataSet<(u64, String, u64)> {
    baskets.flat_map(|b| b.prices.iter().map(move |(name, parts)| (b.id, name, parts.len() as u64)))
}

#[dataflow]
fn by_items(baskets: DataSet<Basket>) -> DataSet<(Vec<Item>, u64)> {
    baskets.group_by(|b| b.items).count()
}

type Prices = BTreeMap<String, Vec<(u64, bool)>>;

#[dataflow]
fn by_prices(baskets: DataSet<Basket>) -> DataSet<(Prices, u64)> {
    baskets.map(|b| (b.prices, b.id)).group_by(|t| t.0).sum(|t| t.1)
}

#[dataflow]
fn distinct_items(baskets: DataSet<Basket>) -> DataSet<Vec<Item>> {
    baskets.map(|b| b.items).distinct()
}

#[dataflow]
fn sorted(baskets: DataSet<Basket>) -> DataSet<Basket> {
    baskets.sort(|b| (asc(b.items), desc(b.prices), asc(b.id)))
}

#[dataflow]
fn joined(left: DataSet<Basket>, right: DataSet<Basket>) -> DataSet<(u64, u64, Vec<Item>)> {
    left.join(right).on(|l| (l.items, l.prices), |r| (r.items, r.prices)).map(|l, r| (l.id, r.id, r.items))
}

/// The lists of a group, concatenated.
#[dataflow]
fn gathered(sales: DataSet<Sale>) -> DataSet<(String, Vec<(u64, Date)>)> {
    sales.group_by(|s| s.name).reduce_group(|group, out| {
        let (mut name, mut sales) = (String::new(), Vec::new());
        for s in group {
            name = s.name.to_owned();
            sales.push((s.id, s.day));
        }
        sales.sort();
        out.emit((name, sales));
    })
}

proptest! {
    #![proptest_config(cases(2))]

    #[test]
    fn lists_are_made_and_read(input in inputs()) {
        let sales = input.sales();
        let baskets: Vec<Basket> = sales.iter().map(basket).collect();
        same_on_all_engines(baskets.clone(), |env| made(env.collection(&sales)?).collect());
        let of = |b: &Basket| (b.id, b.items.clone(), b.items.iter().map(|item| item.counts.len() as u64).sum::<u64>());
        let kept = baskets.iter().filter(|b| b.items.len() > 1 && b.prices.contains_key(""));
        same_on_all_engines(kept.map(of).collect(), |env| larger(env.collection(&baskets)?).collect());
        let all = baskets.iter().flat_map(|b| b.items.clone()).collect();
        same_on_all_engines(all, |env| items(made(env.collection(&sales)?)).collect());
        let prices = |b: &Basket| b.prices.iter().map(|(name, parts)| (b.id, name.clone(), parts.len() as u64)).collect::<Vec<_>>();
        same_on_all_engines(baskets.iter().flat_map(prices).collect(), |env| entries(made(env.collection(&sales)?)).collect());
    }

    #[test]
    fn lists_and_maps_are_keys_of_groups(input in inputs()) {
        let baskets: Vec<Basket> = input.sales().iter().map(basket).collect();
        let groups = grouped(&baskets, |b| b.items.clone());
        let counts = groups.iter().map(|(items, group)| (items.clone(), group.len() as u64)).collect();
        same_on_all_engines(counts, |env| by_items(env.collection(&baskets)?).collect());
        same_on_all_engines(groups.into_keys().collect(), |env| distinct_items(env.collection(&baskets)?).collect());
        let groups = grouped(&baskets, |b| b.prices.clone()).into_iter();
        let sums = groups.map(|(prices, group)| (prices, group.iter().map(|b| b.id).sum())).collect();
        same_on_all_engines(sums, |env| by_prices(env.collection(&baskets)?).collect());
    }

    #[test]
    fn lists_and_maps_are_sorted(input in inputs()) {
        let baskets: Vec<Basket> = input.sales().iter().map(basket).collect();
        let mut expected = baskets.clone();
        // Maps are ordered by their entries, as in Rust.
        expected.sort_by_key(|b| (b.items.clone(), Reverse(b.prices.clone()), b.id));
        on_each_engine(|engine, env| {
            let found = sorted(env.collection(&baskets).unwrap()).collect().unwrap();
            let differs = found.iter().zip(&expected).position(|(left, right)| left != right);
            assert!(found.len() == expected.len() && differs.is_none(), "{engine}: {differs:?}");
        });
    }

    #[test]
    fn lists_and_maps_are_keys_of_joins(input in small_inputs()) {
        let left: Vec<Basket> = input.sales().iter().map(basket).collect();
        let right: Vec<Basket> = input.other(60).sales().iter().map(basket).collect();
        let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (l, r)));
        let same = pairs.filter(|(l, r)| l.items == r.items && l.prices == r.prices);
        let expected = same.map(|(l, r)| (l.id, r.id, l.items.clone())).collect();
        same_on_all_engines(expected, |env| joined(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn groups_become_lists(input in inputs()) {
        let sales = input.sales();
        let of_group = |(name, group): (String, Vec<&Sale>)| {
            let mut sales: Vec<(u64, Date)> = group.iter().map(|s| (s.id, s.day)).collect();
            sales.sort();
            (name, sales)
        };
        let expected = grouped(&sales, |s| s.name.clone()).into_iter().map(of_group).collect();
        same_on_all_engines(expected, |env| gathered(env.collection(&sales)?).collect());
    }
}

/// All types that JSON supports: lists and maps of all kinds, but only enums without values.
#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shelf {
    id: u64,
    boxes: Vec<Carton>,
    labels: BTreeMap<String, Vec<String>>,
    numbers: Option<BTreeMap<u32, Option<Date>>>,
    grid: Vec<Vec<u8>>,
    flags: Vec<Option<bool>>,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Carton {
    #[record(name = "the name")]
    name: Option<String>,
    prices: Vec<Decimal<2>>,
    parts: BTreeMap<String, (u8, char)>,
}

fn shelf(id: u64) -> Shelf {
    let text = |number: u64| format!("a \"text\" with \n and ö, number {number}").split_off(number as usize % 4);
    let boxed = |number: u64| Carton {
        name: (!number.is_multiple_of(3)).then(|| text(number)),
        prices: (0..number as i64 % 3).map(Decimal::from_scaled).collect(),
        parts: (0..number % 3).map(|part| (text(part), (part as u8, 'ß'))).collect(),
    };
    Shelf {
        id,
        boxes: (0..if id == 7 { 2_500 } else { id % 4 }).map(boxed).collect(),
        labels: (0..id % 3).map(|label| (text(label), (0..label).map(text).collect())).collect(),
        numbers: (!id.is_multiple_of(5))
            .then(|| (0..id as u32 % 4).map(|n| (n * 7 % 5, (n > 1).then(|| Date::from_days(n as i32)))).collect()),
        grid: (0..id % 3).map(|row| vec![row as u8; row as usize]).collect(),
        flags: (0..id % 4).map(|flag| (flag > 0).then_some(flag > 1)).collect(),
    }
}

#[dataflow]
fn parts(shelves: DataSet<Shelf>) -> DataSet<(u64, String)> {
    shelves.flat_map(|s| s.boxes.iter().flat_map(move |b| b.parts.keys().map(move |name| (s.id, name))))
}

#[test]
fn json_holds_lists_and_maps() {
    let (folder, env) = (Folder::default(), local(1));
    let (path, shelves) = (folder.join("shelves.jsonl"), (0..900).map(shelf).collect::<Vec<_>>());
    env.collection(&shelves).unwrap().write_json(&path);
    env.run().unwrap();
    let content = std::fs::read_to_string(&path).unwrap();
    let second = "{\"id\":1,\"boxes\":[{\"the name\":null,\"prices\":[],\"parts\":{}}],\"labels\":{\"a \\\"text\\\" with \\n and ö, number 0\":[]},\
                  \"numbers\":[[0,null]],\"grid\":[\"\"],\"flags\":[null]}";
    assert_eq!(content.lines().nth(1), Some(second));
    same_on_all_engines(shelves.clone(), |env| env.read_json::<Shelf>(&path)?.collect());
    let names =
        |s: &Shelf| s.boxes.iter().flat_map(|b| b.parts.keys().map(|name| (s.id, name.clone()))).collect::<Vec<_>>();
    same_on_all_engines(shelves.iter().flat_map(names).collect(), |env| parts(env.read_json(&path)?).collect());
}

#[test]
fn json_errors_inside_a_list_name_their_place() {
    let folder = Folder::default();
    let path = folder.join("bad.jsonl");
    let line = |boxes: &str, labels: &str| {
        format!("{{\"id\":1,\"boxes\":{boxes},\"labels\":{labels},\"grid\":[],\"flags\":[]}}\n")
    };
    // Fields in any order, spaces, and unknown fields.
    std::fs::write(
        &path,
        line("[ {\"parts\":{\"b\":[2,\"y\"],\"a\":[1,\"x\"]},\"prices\":[1.5],\"more\":[{}]} ]", "{}"),
    )
    .unwrap();
    let parts = [("a", (1, 'x')), ("b", (2, 'y'))].map(|(name, part)| (name.to_owned(), part));
    let one = Carton { name: None, prices: vec![Decimal::from_scaled(150)], parts: parts.into() };
    let read = local(1).read_json::<Shelf>(&path).unwrap().collect().unwrap();
    assert_eq!((read.len(), &read[0].boxes), (1, &vec![one]));
    let wrong = [
        (line("{}", "{}"), "column `boxes`: expected Vec<Carton {"),
        (line("[1]", "{}"), "column `boxes`: expected Carton as an object, found `1`"),
        (line("[{\"prices\":[\"x\"],\"parts\":{}}]", "{}"), "column `boxes.prices`: expected Vec<Decimal<2>>"),
        (
            line("[{\"prices\":[]}]", "{}"),
            "column `boxes.parts`: expected BTreeMap<String, (u8, char)>, found no such field",
        ),
        (line("[null]", "{}"), "column `boxes`: expected Carton as an object, found null"),
        (line("[]", "{\"a\":[],\"a\":[]}"), "column `labels`: the key `a` stands twice"),
        (line("[]", "{\"a\":[1]}"), "column `labels`: expected Vec<String>, found `1`"),
        (line("[]", "[]"), "column `labels`: expected BTreeMap<String, Vec<String>>, found `[]`"),
    ];
    for (line, message) in wrong {
        std::fs::write(&path, &line).unwrap();
        let error = local(1).read_json::<Shelf>(&path).unwrap().collect().unwrap_err().to_string();
        assert!(error.contains("bad.jsonl:1") && error.contains(message), "{line}{error}");
    }
}
