//! What closures count is the same with all rules, without each, and as it is written.

use dataflow::accumulators::Count;
use dataflow::prelude::*;
use dataflow::{Accumulated, Rule};
use tests::{Input, Keys, Sale, embedded, on_each_parallelism};

use crate::without;

/// A pipeline that counts, and its twin whose filters stay where they are.
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

    /// What stands behind a conjunct that counts drops nothing before it.
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

    /// With one task, too, where nobody needs the number.
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
}
