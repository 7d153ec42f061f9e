//! `map_partition`: one closure over all records of a task.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{PARALLELISM, Sale, embedded, inputs, local, same_on_all_engines};

use crate::{cases, grouped};

/// Changes from one sale of a name to the next. The closure holds two records at a time.
#[dataflow]
fn changes(sales: DataSet<Sale>) -> DataSet<(String, Option<String>, Option<String>, i64)> {
    sales.partition_by(|s| s.name).sort_partition(|s| (s.name, s.id)).map_partition(|records, out| {
        let records = records.collect::<Vec<_>>();
        for pair in records.windows(2).filter(|pair| pair[0].name == pair[1].name) {
            out.emit((pair[0].name, pair[0].note, pair[1].note, pair[1].amount - pair[0].amount));
        }
    })
}

/// Emits many records per record, uses a captured value, and has operators before and after.
#[dataflow]
fn repeated(sales: DataSet<Sale>, times: usize) -> DataSet<(u64, String)> {
    sales
        .filter(|s| s.amount > 0)
        .map_partition(|records, out| {
            for sale in records {
                for _ in 0..times {
                    out.emit((sale.id, sale.name));
                }
            }
        })
        .filter(|s| s.0 % 2 == 1)
}

#[dataflow]
fn sizes(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.map_partition(|records, out| out.emit(records.len() as u64))
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn records_arrive_in_task_order(input in inputs()) {
        let sales = input.sales();
        let groups = grouped(&sales, |s| s.name.clone());
        let pairs = groups.values().flat_map(|group| group.windows(2));
        let change = |pair: &[&Sale]| {
            let (before, after) = (pair[0], pair[1]);
            (before.name.clone(), before.note.clone(), after.note.clone(), after.amount - before.amount)
        };
        same_on_all_engines(pairs.map(change).collect(), |env| changes(env.collection(&sales)?).collect());
    }

    #[test]
    fn closure_may_emit_any_number_of_records(input in inputs(), times in 0..5usize) {
        let sales = input.sales();
        let kept = sales.iter().filter(|s| s.amount > 0 && s.id % 2 == 1);
        let expected = kept.flat_map(|s| vec![(s.id, s.name.clone()); times]).collect();
        same_on_all_engines(expected, |env| repeated(env.collection(&sales)?, times).collect());
    }

    #[test]
    fn closure_runs_once_per_task(input in inputs()) {
        let sales = input.sales();
        for (tasks, env) in PARALLELISM.map(|tasks| (tasks, local(tasks))).into_iter().chain([(1, embedded())]) {
            let sizes = sizes(env.collection(&sales).unwrap()).collect().unwrap();
            assert_eq!((sizes.len(), sizes.iter().sum::<u64>()), (tasks, sales.len() as u64));
        }
    }
}
