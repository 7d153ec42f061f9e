//! Closures that count through shared values give the same counts, optimized and as written, in one
//! chain and across variables.
//!
//! The engine does not know such values, so it must detect them by their types.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dataflow::prelude::*;
use tests::{Input, Keys, Sale, embedded, on_each_parallelism};

use crate::without;

type Pair = [fn(DataSet<Sale>, Arc<AtomicU64>) -> DataSet<u64>; 2];

macro_rules! counting {
    ($($(#[$doc:meta])* fn $name:ident($sales:ident, $seen:ident) $body:block)*) => {$(
        #[test]
        fn $name() {
            #[dataflow]
            fn moving($sales: DataSet<Sale>, $seen: Arc<AtomicU64>) -> DataSet<u64> $body

            #[dataflow(as_written)]
            fn as_written($sales: DataSet<Sale>, $seen: Arc<AtomicU64>) -> DataSet<u64> $body

            same_counts([moving, as_written]);
        }
    )*};
}

fn same_counts(pipelines: Pair) {
    let counted = |pipeline: fn(DataSet<Sale>, Arc<AtomicU64>) -> DataSet<u64>, env: &Env| {
        let sales = Input { rows: 500, keys: Keys::Uniform(20), seed: 3 }.sales();
        let seen = Arc::new(AtomicU64::new(0));
        let rows = pipeline(env.collection(&sales).unwrap(), seen.clone()).count().unwrap();
        (rows, seen.load(Ordering::Relaxed))
    };
    let expected = counted(pipelines[1], &embedded());
    let holds = |name: &str, env: &Env| {
        pipelines.iter().for_each(|&pipeline| assert_eq!(counted(pipeline, env), expected, "{name}"));
    };
    holds("embedded", &embedded());
    on_each_parallelism(|engine, env| holds(engine, env));
    holds("without rules", &without(&dataflow::Rule::ALL));
}

fn add(to: &AtomicU64) {
    to.fetch_add(1, Ordering::Relaxed);
}

counting! {
    fn in_one_chain(sales, seen) {
        sales.map(|s| { add(&seen); (s.id, s.amount) }).filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn after_a_variable(sales, seen) {
        let rows = sales.map(|s| { add(&seen); (s.id, s.amount) });
        rows.filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn in_a_choice_after_a_variable(sales, seen) {
        let rows = sales.filter_map(|s| { seen.fetch_add(s.id, Ordering::Relaxed); Some((s.id, s.amount)) });
        rows.filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn of_pairs_after_a_variable(sales, seen) {
        let others = sales.filter(|s| s.id < 200);
        let pairs = sales.join(others).on(|l| l.id, |r| r.id).map(|l, r| { add(&seen); (l.id, r.amount) });
        pairs.filter(|p| p.0 > 9).map(|p| p.0)
    }

    /// Some filters in the chain move. Those after the variable do not.
    fn after_filters_that_move(sales, seen) {
        let rows = sales.map(|s| (s.id, s.amount)).filter(|s| s.0 < 150).map(|s| { add(&seen); (s.0, s.1) });
        rows.filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn in_a_filter_before(sales, seen) {
        let some = sales.filter(|s| { add(&seen); s.amount > 0 });
        some.filter(|s| s.id < 100).map(|s| s.id)
    }

    fn in_a_filter_before_and_one_chain(sales, seen) {
        sales.filter(|s| { add(&seen); s.amount > 0 }).filter(|s| s.id < 100).map(|s| s.id)
    }

    fn in_the_result_of_a_group(sales, seen) {
        let groups = sales.group_by(|s| s.key).aggregate(|g| { add(&seen); (g.key, g.count()) });
        groups.filter(|g| g.0 < 3).map(|g| g.1)
    }

    fn in_a_key(sales, seen) {
        let groups = sales.group_by(|s| (s.key, { add(&seen); s.id % 5 })).aggregate(|g| (g.key.0, g.count()));
        groups.filter(|g| g.0 < 3).map(|g| g.1)
    }

    fn in_a_key_of_a_join(sales, seen) {
        let pairs = sales.join(sales).on(|l| { add(&seen); l.id % 50 }, |r| r.id).map(|l, r| (l.id, r.amount));
        pairs.filter(|p| p.0 > 9).map(|p| p.0)
    }

    fn in_a_key_of_a_join_in_one_chain(sales, seen) {
        sales
            .join(sales)
            .on(|l| { add(&seen); l.id % 50 }, |r| r.id)
            .filter(|l, r| l.id > 9 && r.id < 30)
            .map(|l, _| l.id)
    }

    fn in_a_measure(sales, seen) {
        let groups = sales.group_by(|s| s.key).aggregate(|g| {
            (g.key, g.sum(|s| { seen.fetch_add(1, Ordering::Relaxed); s.amount }))
        });
        groups.filter(|g| g.0 < 3).map(|g| g.0 as u64)
    }

    /// A macro defined next to the variable uses it, although its call does not show it.
    fn in_a_macro_in_a_known_one(sales, seen) {
        macro_rules! count {
            () => {
                seen.fetch_add(1, Ordering::Relaxed)
            };
        }
        let rows = sales.map(|s| { assert!(count!() < 1_000_000); (s.id, s.amount) });
        rows.filter(|s| s.0 < 100).map(|s| s.0)
    }

    fn in_a_macro_in_one_chain(sales, seen) {
        macro_rules! count {
            () => {
                seen.fetch_add(1, Ordering::Relaxed)
            };
        }
        sales.map(|s| (s.id, format!("{}", count!()).len() as u64)).filter(|s| s.0 < 100).map(|s| s.0)
    }
}

/// Shared values that cannot be changed do not stop filters.
#[test]
fn filters_move_past_closures_that_look_values_up() {
    #[dataflow]
    fn moving(sales: DataSet<Sale>, names: Arc<std::collections::HashMap<u64, String>>) -> DataSet<u64> {
        let rows = sales.map(|s| (s.id, names.get(&s.id).map_or(0, |name| name.len() as u64)));
        rows.filter(|s| s.0 > 3).map(|s| s.1)
    }
    let env = without(&[]);
    let sales = Input { rows: 100, keys: Keys::Uniform(5), seed: 1 }.sales();
    moving(env.collection(sales).unwrap(), Arc::default()).print();
    let plan = env.explain().unwrap();
    assert_eq!(plan.matches("moved below").count(), 1, "{plan}");
}
