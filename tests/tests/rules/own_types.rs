//! User types: their comparisons and record conversions are user code, so filters after them stay.

use std::cmp::Ordering;

use dataflow::Rule;
use dataflow::prelude::*;
use tests::{Sale, embedded, on_each_parallelism, same_records};

use crate::without;

/// A ratio whose comparisons panic if `below` is zero.
#[derive(Record, Clone, Copy, Debug)]
struct Ratio {
    above: i64,
    below: i64,
}

impl PartialEq<i64> for Ratio {
    fn eq(&self, other: &i64) -> bool {
        self.above / self.below == *other
    }
}

impl PartialOrd<i64> for Ratio {
    fn partial_cmp(&self, other: &i64) -> Option<Ordering> {
        (self.above / self.below).partial_cmp(other)
    }
}

/// A bound whose comparisons divide by the other side, and panic if it is zero.
#[derive(Clone, Copy)]
struct Limits;

impl Limits {
    fn contains(self, below: &i64) -> bool {
        10 / below > 1
    }
}

impl PartialEq<Limits> for i64 {
    fn eq(&self, _: &Limits) -> bool {
        10 / self > 1
    }
}

trait Parts {
    fn len(&self) -> usize;
}

impl Parts for i64 {
    fn len(&self) -> usize {
        (10 / self) as usize
    }
}

/// Sorts in reverse, and has one leaf like a number.
#[derive(Record, Clone, Copy, Debug)]
struct Rank {
    of: i64,
}

impl PartialEq<i64> for Rank {
    fn eq(&self, other: &i64) -> bool {
        self.of == *other
    }
}

impl PartialOrd<i64> for Rank {
    fn partial_cmp(&self, other: &i64) -> Option<Ordering> {
        other.partial_cmp(&self.of)
    }
}

type Part = (u64, Ratio);

fn parts() -> Vec<Part> {
    vec![(1, Ratio { above: 12, below: 3 }), (2, Ratio { above: 1, below: 0 }), (3, Ratio { above: 2, below: 2 })]
}

/// A pipeline over parts and the numbers of the divisible ones, optimized and as written.
macro_rules! stays {
    ($($(#[$doc:meta])* fn $name:ident($parts:ident, $known:ident) $body:block => $expected:expr;)*) => {$(
        #[test]
        fn $name() {
            $(#[$doc])*
            #[dataflow]
            fn moving($parts: DataSet<Part>, $known: DataSet<u64>) -> DataSet<u64> $body

            #[dataflow(as_written)]
            fn as_written($parts: DataSet<Part>, $known: DataSet<u64>) -> DataSet<u64> $body

            let run = |env: &Env, pipeline: fn(DataSet<Part>, DataSet<u64>) -> DataSet<u64>| {
                let (parts, known) = (env.collection(parts()).unwrap(), env.collection([1u64, 3]).unwrap());
                pipeline(parts, known).collect().unwrap()
            };
            for pipeline in [moving, as_written] {
                same_records("embedded", run(&embedded(), pipeline), $expected.to_vec());
                on_each_parallelism(|engine, env| same_records(engine, run(env, pipeline), $expected.to_vec()));
                same_records("without rules", run(&without(&Rule::ALL), pipeline), $expected.to_vec());
            }
        }
    )*};
}

stays! {
    /// A semi-join drops the record that cannot be compared.
    fn a_comparison_after_a_semi_join(parts, known) {
        let kept = parts.semi_join(known).on(|p| p.0, |k| k);
        kept.filter(|p| p.1 > 2i64).map(|p| p.0)
    } => [1];

    fn a_comparison_of_pairs(parts, known) {
        parts.join(known).on(|p| p.0, |k| k).filter(|p, _| p.1 > 2i64).map(|p, _| p.0)
    } => [1];

    fn a_comparison_of_the_right_side(parts, known) {
        known.join(parts).on(|k| k, |p| p.0).filter(|_, p| p.1 == 1i64).map(|k, _| k)
    } => [3];

    fn a_comparison_after_a_closure_over_pairs(parts, known) {
        parts.join(known).on(|p| p.0, |k| k).map(|p, _| p).filter(|p| p.1 > 2i64).map(|p| p.0)
    } => [1];

    fn a_comparison_after_a_choice(parts, known) {
        let some = parts.filter_map(|p| if p.1.below != 0 { Some((p.0, p.1)) } else { None }).filter(|p| p.1 > 2i64);
        some.map(|p| p.0).union(known.filter(|k| k > 2))
    } => [1, 3];

    fn a_comparison_after_another_filter(parts, known) {
        let some = parts.map(|p| (p.0, p.1)).filter(|p| p.1.below * 2 != 0 && p.1 > 2i64);
        some.map(|p| p.0).union(known.filter(|k| k > 2))
    } => [1, 3];

    /// A built-in field is compared with a captured value of a user type.
    fn a_comparison_with_a_captured_value(parts, known) {
        let limits = Limits;
        parts.join(known).on(|p| p.0, |k| k).filter(|p, _| p.1.below == limits).map(|p, _| p.0)
    } => [1, 3];

    fn a_method_that_is_called_contains(parts, known) {
        let limits = Limits;
        let kept = parts.semi_join(known).on(|p| p.0, |k| k);
        kept.filter(|p| limits.contains(&p.1.below)).map(|p| p.0)
    } => [1, 3];

    fn a_method_that_a_trait_adds(parts, known) {
        parts.join(known).on(|p| p.0, |k| k).filter(|p, _| p.1.below.len() > 4).map(|p, _| p.0)
    } => [3];

    fn a_constant_of_the_programs(parts, known) {
        const LIMITS: Limits = Limits;
        parts.join(known).on(|p| p.0, |k| k).filter(|p, _| p.1.below == LIMITS).map(|p, _| p.0)
    } => [1, 3];

    fn an_option_of_the_programs(parts, known) {
        let kept = parts.semi_join(known).on(|p| p.0, |k| k).map(|p| (p.0, Some(p.1)));
        kept.filter(|p| p.1.is_some_and(|ratio| ratio > 2i64)).map(|p| p.0)
    } => [1];
}

/// A bound on a user type is no bound on the leaf that stores it.
#[test]
fn a_user_defined_order_skips_no_row_group() {
    let folder = tests::Folder::default();
    let path = folder.join("ranks.parquet");
    let env = tests::local(1);
    env.collection((1..50i64).map(|of| (of as u64, Rank { of }))).unwrap().write_parquet(&path);
    env.run().unwrap();
    #[dataflow]
    fn low(ranks: DataSet<(u64, Rank)>) -> DataSet<u64> {
        ranks.filter(|r| r.1 > 100i64).map(|r| r.0)
    }
    on_each_parallelism(|engine, env| {
        same_records(engine, low(env.read_parquet(&path).unwrap()).collect().unwrap(), (1..50).collect());
    });
}

/// Predicates on built-in types move: before closures, to the sides of joins, below semi-joins.
#[test]
fn comparisons_of_plain_values_move() {
    #[dataflow]
    fn moving(sales: DataSet<Sale>, least: u64, words: Vec<String>, pattern: Like) -> DataSet<u64> {
        let kept = sales.semi_join(sales).on(|l| l.key, |r| r.key).filter(|s| s.amount > 3 && s.coupon.is_none());
        let rows = kept.map(|s| (s.id, s.name)).filter(|s| s.0 > least && !words.is_empty());
        rows.join(sales)
            .on(|l| l.0, |r| r.id)
            .filter(|l, r| l.1.starts_with("0") && l.1.like(&pattern) && (1..900).contains(&r.id))
            .map(|l, _| l.0)
    }
    let env = without(&[]);
    let sales = tests::Input { rows: 100, keys: tests::Keys::Uniform(5), seed: 1 }.sales();
    moving(env.collection(sales).unwrap(), 3, vec!["a".to_owned()], Like::new("0%")).print();
    let plan = env.explain().unwrap();
    assert_eq!(plan.matches("moved below").count(), 6, "{plan}");
}
