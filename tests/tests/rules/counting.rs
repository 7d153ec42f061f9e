//! Counts in closures are equal with all rules, without each rule, and as written.

#![allow(
    clippy::if_same_then_else,
    clippy::match_single_binding,
    clippy::match_same_arms,
    clippy::borrow_deref_ref,
    clippy::deref_addrof,
    clippy::needless_borrow,
    clippy::explicit_auto_deref,
    reason = "accumulators in odd places"
)]

use dataflow::accumulators::Count;
use dataflow::prelude::*;
use dataflow::{Accumulated, Rule};
use tests::{Input, Keys, Sale, embedded, on_each_parallelism};

use crate::without;

/// A pipeline that counts, and its variant as written, without moved filters.
type Pair = [fn(DataSet<Sale>, Accumulated<Count>) -> DataSet<u64>; 2];

macro_rules! counting {
    ($($(#[$doc:meta])* fn $name:ident($sales:ident, $seen:ident) $body:block)*) => {$(
        #[test]
        fn $name() {
            #[dataflow]
            fn moving($sales: DataSet<Sale>, $seen: Accumulated<Count>) -> DataSet<u64> $body

            #[dataflow(as_written)]
            fn as_written($sales: DataSet<Sale>, $seen: Accumulated<Count>) -> DataSet<u64> $body

            same_counts([moving, as_written]);
        }
    )*};
}

fn same_counts(pipelines: Pair) {
    let counted = |pipeline: fn(DataSet<Sale>, Accumulated<Count>) -> DataSet<u64>, env: &Env| {
        let sales = Input { rows: 500, keys: Keys::Uniform(20), seed: 3 }.sales();
        let seen = env.counter("seen");
        let rows = pipeline(env.collection(&sales).unwrap(), seen.clone()).count().unwrap();
        (rows, seen.value().unwrap())
    };
    let expected = counted(pipelines[1], &embedded());
    let holds = |name: &str, env: &Env| {
        pipelines.iter().for_each(|&pipeline| assert_eq!(counted(pipeline, env), expected, "{name}"));
    };
    holds("embedded", &embedded());
    on_each_parallelism(|engine, env| holds(engine, env));
    Rule::ALL.iter().for_each(|&rule| holds(rule.name(), &without(&[rule])));
}

counting! {
    fn under_another_name(sales, seen) {
        sales.map(|s| { let count = &seen; count.add(1); (s.id, s.amount) }).filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn in_a_loop_over_handles(sales, seen) {
        let rows = sales.map(|s| { for count in [&seen, &seen] { count.add(1); } (s.id, s.amount) });
        rows.filter(|s| s.0 < 100).map(|s| s.0)
    }

    /// A predicate after a counting conjunct drops nothing before it.
    fn in_a_conjunct_before(sales, seen) {
        sales.map(|s| (s.id, s.amount, 7)).filter(|s| { seen.add(1); s.2 == 7 } && s.0 < 100).map(|s| s.0)
    }

    fn in_a_conjunct_over_pairs(sales, seen) {
        let others = sales.filter(|s| s.id < 200);
        sales.join(others).on(|l| l.id, |r| r.id).filter(|l, r| { seen.add(1); l.amount > 0 } && r.id > 9).map(|l, _| l.id)
    }

    fn in_a_closure_over_pairs(sales, seen) {
        let others = sales.filter(|s| s.id < 200);
        let pairs = sales.join(others).on(|l| l.id, |r| r.id).map(|l, r| { let count = &seen; count.add(r.id); (l.id, r.amount) });
        pairs.filter(|p| p.0 > 9).map(|p| p.0)
    }

    /// Also with one task, which does not need the number.
    fn in_a_choice_of_tasks(sales, seen) {
        sales.partition_with(|s| { seen.add(1); s.id }).filter(|s| s.id < 100).map(|s| s.id)
    }

    fn in_a_key(sales, seen) {
        sales.group_by(|s| { seen.add(1); s.id % 5 }).aggregate(|g| (g.key, g.count())).filter(|g| g.0 < 3).map(|g| g.0)
    }

    fn in_an_order_of_groups(sales, seen) {
        sales.group_by(|s| s.key).top(2, |s| { seen.add(1); s.id % 5 }).filter(|s| s.key < 3).map(|s| s.id)
    }

    fn in_a_fold(sales, seen) {
        let sums = sales.group_by(|s| s.key).aggregate(|g| {
            let sum = g.fold(0i64, |sum, s| { seen.add(1); *sum += s.amount }, |sum, other| *sum += other);
            (g.key, sum)
        });
        sums.filter(|g| g.0 < 3).map(|g| g.0 as u64)
    }

    fn after_an_if(sales, seen) {
        sales.map(|s| { (if s.amount > 0 { &seen } else { &seen }).add(1); (s.id, s.amount) }).filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn after_a_match(sales, seen) {
        sales.map(|s| { match s.amount { 0 => &seen, _ => &seen }.add(1); (s.id, s.amount) }).filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn after_a_block(sales, seen) {
        sales.map(|s| { { &seen }.add(1); (s.id, s.amount) }).filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn after_a_reborrow(sales, seen) {
        sales.map(|s| { (&*&seen).add(1); (s.id, s.amount) }).filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn after_a_cast_and_an_index(sales, seen) {
        let rows = sales.map(|s| { [&seen as &Accumulated<Count>; 2][1].add(1); (s.id, s.amount) });
        rows.filter(|s| s.0 < 100).map(|s| s.0)
    }

    /// In one chain with the filter, and with a filter on another field between them.
    fn after_an_if_and_a_filter(sales, seen) {
        sales
            .map(|s| { (if s.amount > 0 { &seen } else { &seen }).add(1); (s.id, s.amount) })
            .filter(|s| s.1 * 2 > 10)
            .filter(|s| s.0 < 100)
            .map(|s| s.0)
    }

    /// The filter before it counts the records that it keeps.
    fn in_a_filter_before(sales, seen) {
        sales
            .map(|s| (s.id, s.amount))
            .filter(|s| { let keeps = s.1 * 2 > 10; (if keeps { &seen } else { &seen }).add(1); keeps })
            .filter(|s| s.0 < 100)
            .map(|s| s.0)
    }

    fn of_a_closure_that_was_captured(sales, seen) {
        let of_closure = seen.clone();
        let count = move |id: u64| { of_closure.add(1); id };
        sales.map(|s| ((if s.amount > 0 { &count } else { &count })(s.id), s.amount, s.id)).filter(|s| s.2 < 100).map(|s| s.0)
    }

    /// A macro defined next to the accumulator uses it, although its call does not show it.
    fn in_a_macro(sales, seen) {
        macro_rules! count {
            () => {
                seen.add(1)
            };
        }
        sales.map(|s| { let _ = (count!(), 1); (s.id, s.amount) }).filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn of_pairs_after_a_match(sales, seen) {
        let others = sales.filter(|s| s.id < 200);
        let pairs = sales.join(others).on(|l| l.id, |r| r.id);
        pairs.map(|l, r| { match r.id { 0 => &seen, _ => &seen }.add(r.id); (l.id, r.amount) }).filter(|p| p.0 > 9).map(|p| p.0)
    }

    fn in_a_filter_of_pairs_after_an_if(sales, seen) {
        let others = sales.filter(|s| s.id < 200);
        let pairs = sales.join(others).on(|l| l.key, |r| r.key);
        pairs
            .filter(|l, r| { (if l.id > 3 { &seen } else { &seen }).add(1); l.id <= r.id })
            .filter(|l, _| l.id > 20)
            .map(|l, _| l.id)
    }

    fn in_the_result_of_a_group(sales, seen) {
        let groups = sales.group_by(|s| s.key).aggregate(|g| {
            (if g.key > 3 { &seen } else { &seen }).add(1);
            (g.key, g.count())
        });
        groups.filter(|g| g.0 < 3).map(|g| g.1)
    }

    fn in_a_measure_after_a_match(sales, seen) {
        let groups = sales.group_by(|s| s.key).aggregate(|g| {
            (g.key, g.sum(|s| { match s.id { 0 => &seen, _ => &seen }.add(1); s.amount }))
        });
        groups.filter(|g| g.0 < 3).map(|g| g.0 as u64)
    }
}
