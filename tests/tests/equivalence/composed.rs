//! Arrays, boxes, generic records and lists of texts: in pages, as keys, and in files.

use std::cmp::Reverse;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Folder, Sale, inputs, local, on_each_engine, same_on_all_engines, small_inputs};

use crate::{cases, grouped};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair<A, B> {
    first: A,
    second: Option<B>,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Composed {
    id: u64,
    digits: [u8; 3],
    pair: Pair<String, [i64; 2]>,
    day: Box<Day>,
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Day {
    day: Date,
    price: Decimal<2>,
}

fn digits(id: u64) -> [u8; 3] {
    [(id % 3) as u8, (id % 2) as u8, 7]
}

fn composed(s: &Sale) -> Composed {
    Composed {
        id: s.id,
        digits: digits(s.id),
        pair: Pair { first: s.name.clone(), second: s.coupon.map(|coupon| [i64::from(coupon), s.amount]) },
        day: Box::new(Day { day: s.day, price: s.price }),
    }
}

#[dataflow]
fn made(sales: DataSet<Sale>) -> DataSet<Composed> {
    sales.map(|s| ComposedRef {
        id: s.id,
        digits: digits(s.id),
        pair: PairRef { first: s.name, second: s.coupon.map(|coupon| [i64::from(coupon), s.amount]) },
        day: Day { day: s.day, price: s.price },
    })
}

type Counted = (([u8; 3], String, Date), u64);

#[dataflow]
fn counts(records: DataSet<Composed>) -> DataSet<Counted> {
    records.filter(|r| r.digits[2] == 7).group_by(|r| (r.digits, r.pair.first, r.day.day)).count()
}

/// Reads elements of an array.
#[dataflow]
fn sums(records: DataSet<Composed>) -> DataSet<(u64, i64)> {
    records.filter_map(|r| r.pair.second.map(|[coupon, amount]| (r.id, coupon + amount + i64::from(r.digits[0]))))
}

#[dataflow]
fn joined(left: DataSet<Composed>, right: DataSet<Composed>) -> DataSet<(u64, u64)> {
    left.join(right).on(|l| (l.pair.second, l.digits), |r| (r.pair.second, r.digits)).map(|l, r| (l.id, r.id))
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn composed_records_pass_through_pages(input in inputs()) {
        let sales = input.sales();
        let records: Vec<Composed> = sales.iter().map(composed).collect();
        same_on_all_engines(records.clone(), |env| made(env.collection(&sales)?).collect());
        same_on_all_engines(records.clone(), |env| env.collection(&records)?.collect());
        let sum = |r: &Composed| Some((r.id, r.pair.second?.iter().sum::<i64>() + i64::from(r.digits[0])));
        same_on_all_engines(records.iter().filter_map(sum).collect(), |env| sums(made(env.collection(&sales)?)).collect());
        let groups = grouped(&records, |r| (r.digits, r.pair.first.clone(), r.day.day)).into_iter();
        let expected = groups.map(|(key, group)| (key, group.len() as u64)).collect();
        same_on_all_engines(expected, |env| counts(made(env.collection(&sales)?)).collect());
    }

    #[test]
    fn arrays_are_keys_of_joins(input in small_inputs()) {
        let left: Vec<Composed> = input.sales().iter().map(composed).collect();
        let right: Vec<Composed> = input.other(60).sales().iter().map(composed).collect();
        let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (l, r)));
        let key = |r: &Composed| r.pair.second.map(|second| (second, r.digits));
        let expected = pairs.filter(|(l, r)| key(l).is_some() && key(l) == key(r)).map(|(l, r)| (l.id, r.id)).collect();
        same_on_all_engines(expected, |env| joined(env.collection(&left)?, env.collection(&right)?).collect());
    }
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Page {
    id: u64,
    words: Vec<String>,
}

fn page(s: &Sale) -> Page {
    Page {
        id: s.id,
        words: s.name.chars().take(6).map(|letter| letter.to_string().repeat(s.id as usize % 5)).collect(),
    }
}

#[dataflow]
fn pages(sales: DataSet<Sale>) -> DataSet<Page> {
    sales.map(|s| {
        let words: Vec<String> =
            s.name.chars().take(6).map(|letter| letter.to_string().repeat(s.id as usize % 5)).collect();
        PageRef { id: s.id, words: Texts::from(&words) }
    })
}

#[dataflow]
fn words(pages: DataSet<Page>) -> DataSet<String> {
    pages.filter(|p| p.words.len() > 1 && !p.words.contains("ää")).flat_map(|p| p.words.iter())
}

#[dataflow]
fn pages_by_words(pages: DataSet<Page>) -> DataSet<(Vec<String>, u64)> {
    pages.group_by(|p| p.words).count()
}

#[dataflow]
fn sorted_by_words(pages: DataSet<Page>) -> DataSet<Page> {
    pages.sort(|p| (asc(p.words), desc(p.id)))
}

#[dataflow]
fn same_words(left: DataSet<Page>, right: DataSet<Page>) -> DataSet<(u64, u64, Vec<String>)> {
    left.join(right).on(|l| l.words, |r| r.words).map(|l, r| (l.id, r.id, l.words))
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn lists_of_texts_behave_like_other_values(input in inputs()) {
        let sales = input.sales();
        let made: Vec<Page> = sales.iter().map(page).collect();
        same_on_all_engines(made.clone(), |env| pages(env.collection(&sales)?).collect());
        let kept = made.iter().filter(|p| p.words.len() > 1 && !p.words.contains(&"ää".to_owned()));
        same_on_all_engines(kept.flat_map(|p| p.words.clone()).collect(), |env| words(env.collection(&made)?).collect());
        let groups = grouped(&made, |p| p.words.clone()).into_iter();
        let expected = groups.map(|(words, group)| (words, group.len() as u64)).collect();
        same_on_all_engines(expected, |env| pages_by_words(pages(env.collection(&sales)?)).collect());
        let mut expected = made.clone();
        expected.sort_by_key(|p| (p.words.clone(), Reverse(p.id)));
        on_each_engine(|engine, env| {
            let found = sorted_by_words(env.collection(&made).unwrap()).collect().unwrap();
            let differs = found.iter().zip(&expected).find(|(left, right)| left != right);
            assert!(found.len() == expected.len() && differs.is_none(), "{engine}: {differs:.500?}");
        });
    }

    #[test]
    fn lists_of_texts_are_keys_of_joins(input in small_inputs()) {
        let left: Vec<Page> = input.sales().iter().map(page).collect();
        let right: Vec<Page> = input.other(60).sales().iter().map(page).collect();
        let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (l, r)));
        let expected = pairs.filter(|(l, r)| l.words == r.words).map(|(l, r)| (l.id, r.id, l.words.clone())).collect();
        same_on_all_engines(expected, |env| same_words(env.collection(&left)?, env.collection(&right)?).collect());
    }
}

#[test]
fn arrays_are_columns_of_files() {
    let folder = Folder::default();
    // One task, because the parts of several tasks may be in any order in the file.
    let (csv, parquet, env) = (folder.join("days.csv"), folder.join("days.parquet"), local(1));
    let record = |id: u64| (id, digits(id), Day { day: Date::from_days(id as i32), price: Decimal::from_scaled(5) });
    let records: Vec<(u64, [u8; 3], Day)> = (0..20_000).map(record).collect();
    let flow = env.collection(&records).unwrap();
    flow.write_csv(&csv);
    flow.write_parquet(&parquet);
    env.run().unwrap();
    assert!(
        std::fs::read_to_string(&csv).unwrap().starts_with("0,1.0,1.1,1.2,2.day,2.price\n0,0,0,7,1970-01-01,0.05\n")
    );
    same_on_all_engines(records.clone(), |env| env.read_csv(&csv)?.collect());
    same_on_all_engines(records.clone(), |env| env.read_parquet(&parquet)?.collect());
}
