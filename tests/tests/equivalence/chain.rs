//! Operators on single records: `map`, `flat_map`, `filter`, `filter_map`, `try_map`, `project`,
//! and chains of them.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Sale, inputs, same_on_all_engines};

use crate::cases;

#[dataflow]
fn map(sales: DataSet<Sale>, rate: i64) -> DataSet<(String, i64)> {
    sales.map(|s| (s.name, s.amount * rate))
}

#[dataflow]
fn map_of_options(sales: DataSet<Sale>) -> DataSet<(Option<String>, Option<i32>)> {
    sales.map(|s| (s.note.filter(|note| note.len() > 12), s.coupon.map(|coupon| coupon + 1)))
}

#[dataflow]
fn flat_map(sales: DataSet<Sale>) -> DataSet<String> {
    sales.flat_map(|s| s.name.split('-'))
}

#[dataflow]
fn filter(sales: DataSet<Sale>, least: i64) -> DataSet<Sale> {
    sales.filter(|s| s.amount >= least && s.name.len() > 12 && s.coupon.is_some())
}

#[dataflow]
fn filter_map(sales: DataSet<Sale>) -> DataSet<(u64, String)> {
    sales.filter_map(|s| s.note.map(|note| (s.id, note)))
}

#[dataflow]
fn try_map(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.map(|s| s.id.to_string()).try_map(|text| text.parse::<u64>())
}

#[dataflow]
fn project(sales: DataSet<Sale>) -> DataSet<(Option<String>, u64, Option<i32>)> {
    sales.project(|s| (s.note, s.id, s.coupon))
}

#[dataflow]
fn filter_project_filter(sales: DataSet<Sale>) -> DataSet<(u64, String)> {
    sales
        .filter(|s| s.amount > 0)
        .project(|s| (s.price, s.name, s.id, s.day))
        .filter(|s| s.1.len() < 20)
        .project(|s| (s.2, s.1))
        .filter(|s| s.0 % 3 == 0)
}

#[dataflow]
fn fused(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    sales
        .filter(|s| s.coupon != Some(3))
        .map(|s| (s.id, s.name.to_uppercase()))
        .filter(|s| s.1.contains('Ä'))
        .flat_map(|s| (0..s.0 % 4).map(move |n| (n, s.1.len() as u64)))
        .map(|s| (s.0, s.1 + 1))
        .filter(|s| s.0 != 2)
        .map(|s| (s.0, s.1 as u32))
        .map(|s| (s.0, u64::from(s.1)))
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn map_computes_from_the_borrowed_record(input in inputs(), rate in -3..3i64) {
        let sales = input.sales();
        let expected = sales.iter().map(|s| (s.name.clone(), s.amount * rate)).collect();
        same_on_all_engines(expected, |env| map(env.collection(&sales)?, rate).collect());
    }

    #[test]
    fn map_reads_and_writes_nulls(input in inputs()) {
        let sales = input.sales();
        let note = |s: &Sale| s.note.clone().filter(|note| note.len() > 12);
        let expected = sales.iter().map(|s| (note(s), s.coupon.map(|coupon| coupon + 1))).collect();
        same_on_all_engines(expected, |env| map_of_options(env.collection(&sales)?).collect());
    }

    #[test]
    fn flat_map_emits_all_parts(input in inputs()) {
        let sales = input.sales();
        let expected = sales.iter().flat_map(|s| s.name.split('-').map(str::to_owned)).collect();
        same_on_all_engines(expected, |env| flat_map(env.collection(&sales)?).collect());
    }

    #[test]
    fn filter_keeps_whole_records(input in inputs(), least in -1_200..1_200i64) {
        let sales = input.sales();
        let keeps = |s: &&Sale| s.amount >= least && s.name.len() > 12 && s.coupon.is_some();
        let expected = sales.iter().filter(keeps).cloned().collect();
        same_on_all_engines(expected, |env| filter(env.collection(&sales)?, least).collect());
    }

    #[test]
    fn filter_map_drops_and_computes(input in inputs()) {
        let sales = input.sales();
        let expected = sales.iter().filter_map(|s| s.note.clone().map(|note| (s.id, note))).collect();
        same_on_all_engines(expected, |env| filter_map(env.collection(&sales)?).collect());
    }

    #[test]
    fn try_map_without_errors_equals_map(input in inputs()) {
        let sales = input.sales();
        same_on_all_engines(sales.iter().map(|s| s.id).collect(), |env| try_map(env.collection(&sales)?).collect());
    }

    #[test]
    fn project_selects_and_reorders_fields(input in inputs()) {
        let sales = input.sales();
        let expected = sales.iter().map(|s| (s.note.clone(), s.id, s.coupon)).collect();
        same_on_all_engines(expected, |env| project(env.collection(&sales)?).collect());
    }

    #[test]
    fn filters_see_the_fields_that_projections_keep(input in inputs()) {
        let sales = input.sales();
        let keeps = |s: &&Sale| s.amount > 0 && s.name.len() < 20 && s.id.is_multiple_of(3);
        let expected = sales.iter().filter(keeps).map(|s| (s.id, s.name.clone())).collect();
        same_on_all_engines(expected, |env| filter_project_filter(env.collection(&sales)?).collect());
    }

    #[test]
    fn fused_chain_equals_its_operators_in_sequence(input in inputs()) {
        let sales = input.sales();
        let parts = |s: &Sale| {
            let (id, name) = (s.id, s.name.to_uppercase());
            (0..id % 4).map(move |n| (n, name.len() + 1)).filter(|part| part.0 != 2)
        };
        let kept = sales.iter().filter(|s| s.coupon != Some(3) && s.name.contains('ä'));
        same_on_all_engines(kept.flat_map(parts).map(|(n, length)| (n, length as u64)).collect(), |env| {
            fused(env.collection(&sales)?).collect()
        });
    }
}
