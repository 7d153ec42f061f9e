//! `with_all`: each record of a flow with all records of another.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use dataflow::{ProgressWhen, Rows};
use proptest::prelude::*;
use tests::{
    Input, Keys, Sale, SaleRef, inputs, local, on_each_engine, same_on_all_engines, same_on_local_engines,
    within_two_minutes,
};

use crate::cases;

type Band = (i64, String);

/// The last band that begins at or below an amount, by a linear search.
fn band<'r>(bands: Rows<'r, Band>, amount: i64) -> Option<(i64, &'r str)> {
    bands.iter().filter(|band| band.0 <= amount).max()
}

#[dataflow]
fn mapped(sales: DataSet<Sale>, bands: DataSet<Band>) -> DataSet<(u64, Option<String>, u64)> {
    sales.with_all(bands).map(|s, bands| (s.id, band(bands, s.amount).map(|band| band.1), bands.len() as u64))
}

#[dataflow]
fn kept(sales: DataSet<Sale>, bands: DataSet<Band>) -> DataSet<String> {
    sales
        .filter(|s| s.coupon.is_none())
        .with_all(bands)
        .filter(|s, bands| bands.into_iter().any(|(from, _)| from == s.amount % 50))
        .filter_map(|s, bands| bands.get(s.id as usize).map(|(_, name)| (s.name, name)))
        .map(|(name, band)| format!("{name} {band}"))
}

/// Emits more records for one record than a page takes.
#[dataflow]
fn multiplied(sales: DataSet<Sale>, bands: DataSet<Band>) -> DataSet<(u64, i64)> {
    sales.filter(|s| s.id % 37 == 0).with_all(bands).flat_map(|s, bands| bands.iter().map(move |band| (s.id, band.0)))
}

#[dataflow]
fn looked_up(sales: DataSet<Sale>, bands: DataSet<Band>, step: i64) -> DataSet<(u64, String)> {
    sales
        .with_all(bands)
        .init(|bands| bands.iter().map(|(from, name)| (from / step, name.to_owned())).collect::<BTreeMap<_, _>>())
        .filter_map(|s, bands| bands.range(..=s.amount / step).next_back().map(|(_, name)| (s.id, name.clone())))
}

/// Has a field with the same name as the record. Reading one does not mean reading the other.
struct Greatest {
    amount: i64,
    name: String,
}

#[dataflow]
fn with_the_greatest(sales: DataSet<Sale>) -> DataSet<(u64, i64, String)> {
    sales
        .with_all(sales)
        .init(|all| {
            let most = all.iter().max_by_key(|s| (s.amount, s.id));
            most.map_or(Greatest { amount: 0, name: String::new() }, |s| Greatest {
                amount: s.amount + s.price.scaled(),
                name: s.name.to_owned(),
            })
        })
        .map(|s, most| (s.id, most.amount, most.name.as_str()))
}

fn bands(count: usize) -> Vec<Band> {
    (0..count as i64).map(|n| (n * 7 % 1_000 - 200, format!("the band with number {n}"))).collect()
}

fn of(bands: &[Band], amount: i64) -> Option<&Band> {
    bands.iter().filter(|band| band.0 <= amount).max()
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn every_record_sees_all_of_the_other_flow(input in inputs(), count in prop_oneof![Just(0), Just(1), 2..40usize]) {
        let (sales, bands) = (input.sales(), bands(count));
        let expected = sales.iter().map(|s| (s.id, of(&bands, s.amount).map(|band| band.1.clone()), count as u64));
        same_on_all_engines(expected.collect(), |env| mapped(env.collection(&sales)?, env.collection(&bands)?).collect());

        let mut by_name = bands.clone();
        by_name.sort_by(|left, right| left.1.cmp(&right.1));
        let kept_sales = sales.iter().filter(|s| s.coupon.is_none() && bands.iter().any(|band| band.0 == s.amount % 50));
        let expected = kept_sales.filter_map(|s| Some(format!("{} {}", s.name, by_name.get(s.id as usize)?.1)));
        same_on_all_engines(expected.collect(), |env| kept(env.collection(&sales)?, env.collection(&bands)?.sort(|b| b.1)).collect());

        let some = sales.iter().filter(|s| s.id % 37 == 0);
        let expected = some.flat_map(|s| bands.iter().map(|band| (s.id, band.0)));
        same_on_all_engines(expected.collect(), |env| multiplied(env.collection(&sales)?, env.collection(&bands)?).collect());
    }

    #[test]
    fn the_value_made_once_replaces_the_records(input in inputs(), count in 0..300usize) {
        let (sales, bands) = (input.sales(), bands(count));
        // Spread the bands, because bands of one step would collide.
        let bands: Vec<Band> = bands.into_iter().map(|(from, name)| (from * 3, name)).collect();
        let table: BTreeMap<i64, &String> = bands.iter().map(|(from, name)| (*from, name)).collect();
        prop_assert_eq!(table.len(), bands.len());
        let found = sales.iter().filter_map(|s| Some((s.id, (*table.range(..=s.amount).next_back()?.1).clone())));
        same_on_all_engines(found.collect(), |env| looked_up(env.collection(&sales)?, env.collection(&bands)?, 1).collect());
    }

    #[test]
    fn a_flow_can_be_used_with_itself(input in inputs()) {
        let sales = input.sales();
        let most = sales.iter().max_by_key(|s| (s.amount, s.id));
        let of_most = |most: &Sale| (most.amount + most.price.scaled(), most.name.clone());
        let expected: Vec<_> = sales.iter().zip(most.iter().cycle()).map(|(s, most)| {
            let (amount, name) = of_most(most);
            (s.id, amount, name)
        }).collect();
        same_on_all_engines(expected.clone(), |env| with_the_greatest(env.collection(&sales)?).collect());
        // After a chain the flow is a fork whose branches join again.
        same_on_all_engines(expected, |env| with_the_greatest(env.collection(&sales)?.process(|s, out| out.emit(s))).collect());
    }
}

#[test]
fn a_flow_of_many_pages_is_complete() {
    #[dataflow]
    fn totals(numbers: DataSet<u64>, sales: DataSet<Sale>) -> DataSet<(u64, i64, u64)> {
        numbers.with_all(sales).map(|n, sales| {
            let bytes = |s: SaleRef<'_>| s.note.map_or(0, str::len) + s.name.len();
            (n, sales.iter().map(|s| s.amount).sum::<i64>(), sales.iter().map(|s| bytes(s) as u64).sum::<u64>())
        })
    }
    let sales = Input { rows: 50_000, keys: Keys::Zipf, seed: 8 }.sales();
    let amounts = sales.iter().map(|s| s.amount).sum();
    let bytes = sales.iter().map(|s| (s.name.len() + s.note.as_ref().map_or(0, String::len)) as u64).sum();
    let expected = (0..9).map(|n| (n, amounts, bytes)).collect();
    same_on_all_engines(expected, |env| totals(env.collection(0..9u64)?, env.collection(&sales)?).collect());
}

fn few(parallelism: usize, memory_bytes: usize) -> Env {
    Env::new(Options { parallelism, memory_bytes, progress: ProgressWhen::Never, ..Options::default() })
}

#[dataflow]
fn with_numbers(numbers: DataSet<u64>, most: u64) -> DataSet<u64> {
    let many = numbers.flat_map(|n| (0..250_000u64).map(move |m| m + n));
    numbers.with_all(many).map(|n, all| n + all.len() as u64 + all.get(most as usize).unwrap_or(0) % 2)
}

/// Numbers of 2 MB and offsets of 4 MB. One copy per task would take 50 MB in eight tasks.
#[test]
fn tasks_share_one_copy() {
    within_two_minutes("one copy", || {
        for parallelism in [1, 8] {
            let env = few(parallelism, 20 << 20);
            let numbers = with_numbers(env.collection([0u64]).unwrap(), u64::MAX).collect().unwrap();
            assert_eq!(numbers, [250_000], "parallelism {parallelism}");
        }
        let error = with_numbers(few(2, 4 << 20).collection([0u64]).unwrap(), 0).collect().unwrap_err().to_string();
        assert!(error.contains("with_all") && error.contains("out of memory"), "{error}");
    });
}

#[test]
fn an_error_names_the_operator_and_the_record() {
    #[dataflow]
    fn checked(numbers: DataSet<u64>, allowed: DataSet<u64>) -> DataSet<u64> {
        numbers.with_all(allowed).try_map(|n, allowed| match allowed.iter().any(|a| a == n) {
            true => Ok(n),
            false => Err("not allowed"),
        })
    }
    #[dataflow]
    fn made(numbers: DataSet<u64>, parts: DataSet<u64>) -> DataSet<u64> {
        numbers.with_all(parts).init(|parts| 100 / parts.iter().sum::<u64>()).map(|n, part| n + part)
    }
    on_each_engine(|engine, env| {
        let numbers = |numbers: &[u64]| env.collection(numbers.iter().copied()).unwrap();
        let error = checked(numbers(&[1, 5]), numbers(&[1, 2])).collect().unwrap_err().to_string();
        assert!(error.starts_with("`with_all` (with_all → try_map) at "), "{engine}: {error}");
        assert!(error.ends_with("not allowed, in the record 5"), "{engine}: {error}");
        let error = made(numbers(&[1, 5]), numbers(&[])).collect().unwrap_err().to_string();
        assert!(error.contains("with_all") && error.contains("divide by zero"), "{engine}: {error}");
    });
}

#[test]
fn a_counting_init_runs_once_per_task() {
    #[dataflow]
    fn made(numbers: DataSet<u64>, seen: dataflow::Accumulated<dataflow::accumulators::Count>) -> DataSet<u64> {
        numbers
            .with_all(numbers)
            .init(|all| {
                seen.add(1);
                all.len() as u64
            })
            .map(|n, count| n + count)
    }
    let env = local(3);
    let seen = env.counter("seen");
    made(env.collection([0u64]).unwrap(), seen.clone()).collect().unwrap();
    assert_eq!(seen.value().unwrap(), 3);
    same_on_local_engines(vec![1], |env| made(env.collection([0u64])?, env.counter("seen")).collect());
}
