//! Semi-joins return each record once for any number of partners. Nulls have no partners.

use std::collections::BTreeSet;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Input, Reading, Sale, inputs, same_on_all_engines, same_on_local_engines, small_inputs};

use crate::cases;

#[dataflow]
fn by_number(sales: DataSet<Sale>, readings: DataSet<Reading>) -> DataSet<Sale> {
    sales.semi_join(readings).on(|s| s.key, |r| r.key)
}

#[dataflow]
fn without(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sale> {
    left.anti_join(right).on(|l| (l.note, l.coupon), |r| (r.note, r.coupon))
}

#[dataflow]
fn by_options(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<u64> {
    left.semi_join(right).on(|l| (l.note, l.coupon), |r| (r.note, r.coupon)).project(|s| s.id)
}

fn with_partners(input: Input) -> (Vec<Sale>, Vec<Reading>, Vec<Sale>) {
    let (sales, readings) = (input.sales(), input.other(input.rows / 2).readings());
    let keys: BTreeSet<u32> = readings.iter().map(|r| r.key).collect();
    let expected = sales.iter().filter(|s| keys.contains(&s.key)).cloned().collect();
    (sales, readings, expected)
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn matched_records_are_returned_once(input in inputs()) {
        let (sales, readings, expected) = with_partners(input);
        same_on_local_engines(expected, |env| by_number(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn matched_records_are_returned_once_on_all_engines(input in small_inputs()) {
        let (sales, readings, expected) = with_partners(input);
        same_on_all_engines(expected, |env| by_number(env.collection(&sales)?, env.collection(&readings)?).collect());
    }

    #[test]
    fn nulls_have_no_partners(input in small_inputs()) {
        let (left, right) = (input.sales(), input.other(200).sales());
        let keys: BTreeSet<_> = right.iter().map(|r| (&r.note, r.coupon)).collect();
        let stays = |s: &&Sale| s.note.is_some() && s.coupon.is_some() && keys.contains(&(&s.note, s.coupon));
        let expected = left.iter().filter(stays).map(|s| s.id).collect();
        same_on_all_engines(expected, |env| by_options(env.collection(&left)?, env.collection(&right)?).collect());
    }

    #[test]
    fn many_right_records_mark_few_left_records(input in small_inputs(), seed: u64) {
        // The left side is built. Half of its keys occur on the right, and null keys occur on both
        // sides.
        let many = Input { rows: 9_000, keys: tests::Keys::Uniform(40), seed };
        let (left, right) = (input.sales(), many.sales());
        let key = |s: &Sale| s.note.clone().zip(s.coupon);
        let keys: BTreeSet<_> = right.iter().filter_map(key).collect();
        let has = |s: &&Sale| key(s).is_some_and(|key| keys.contains(&key));
        let kept = left.iter().filter(has).map(|s| s.id).collect();
        same_on_local_engines(kept, |env| by_options(env.collection(&left)?, env.collection(&right)?).collect());
        let kept = left.iter().filter(|s| !has(s)).cloned().collect();
        same_on_local_engines(kept, |env| without(env.collection(&left)?, env.collection(&right)?).collect());
    }
}
