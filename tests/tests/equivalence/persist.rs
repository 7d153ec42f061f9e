//! `persist`: records are made once, for several readers of a run and for the runs after it.

use dataflow::accumulators::Count;
use dataflow::prelude::*;
use dataflow::{Accumulated, Emitter, ProgressWhen};
use proptest::prelude::*;
use tests::{
    Folder, Input, Keys, Sale, everywhere, inputs, on_each_engine, on_each_parallelism, same_records,
    within_two_minutes,
};

use crate::cases;

/// What is kept, and how often its closure was called.
#[dataflow]
fn halves(sales: DataSet<Sale>, calls: Accumulated<Count>) -> DataSet<(u64, i64, String)> {
    sales
        .map(|s| {
            calls.add(1);
            (s.id, s.amount / 2, s.name)
        })
        .persist()
}

#[dataflow]
fn met(halves: DataSet<(u64, i64, String)>) -> DataSet<(u64, String)> {
    let most = halves.aggregate(|g| g.max(|h| h.1));
    halves.with(most).filter(|h, most| h.1 == most).map(|h, _| (h.0, h.2))
}

#[dataflow]
fn sorted(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.sort(|s| (desc(s.amount), asc(s.id))).map(|s| s.id).persist()
}

/// Of each key the sum, as long as its records are in one task.
#[dataflow]
fn partitioned(sales: DataSet<Sale>) -> DataSet<(u32, i64)> {
    let together = sales.partition_by(|s| s.key).sort_partition(|s| asc(s.key)).map(|s| (s.key, s.amount)).persist();
    together.map_partition(|sales, out| {
        let mut group: Option<(u32, i64)> = None;
        for (key, amount) in sales {
            match &mut group {
                Some((of, sum)) if *of == key => *sum += amount,
                group => group.replace((key, amount)).into_iter().for_each(|before| out.emit(before)),
            }
        }
        group.into_iter().for_each(|last| out.emit(last));
    })
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn what_is_kept_is_made_once(input in inputs()) {
        let sales = input.sales();
        let expected: Vec<_> = sales.iter().map(|s| (s.id, s.amount / 2, s.name.clone())).collect();
        let most = expected.iter().map(|h| h.1).max();
        let greatest: Vec<_> = expected.iter().filter(|h| Some(h.1) == most).map(|h| (h.0, h.2.clone())).collect();
        on_each_engine(|engine, env| {
            let calls = env.counter("calls");
            let halves = halves(env.collection(&sales).unwrap(), calls.clone());
            // A run whose branches meet, with two readers; the sum of a flow without records has none.
            if !sales.is_empty() {
                same_records(engine, met(halves.clone()).collect().unwrap(), greatest.clone());
                assert_eq!(calls.value().unwrap(), sales.len() as u64, "{engine}");
            } else {
                assert_eq!(halves.count().unwrap(), 0, "{engine}");
            }
            same_records(engine, halves.collect().unwrap(), expected.clone());
            assert_eq!(calls.value().unwrap(), 0, "{engine}");
            if !sales.is_empty() {
                same_records(engine, met(halves.clone()).collect().unwrap(), greatest.clone());
            }
            assert_eq!((halves.count().unwrap(), calls.value().unwrap()), (sales.len() as u64, 0), "{engine}");
        });
    }

    #[test]
    fn orders_and_partitions_are_kept(input in inputs()) {
        let sales = input.sales();
        let mut ids: Vec<(i64, u64)> = sales.iter().map(|s| (-s.amount, s.id)).collect();
        ids.sort_unstable();
        let ids: Vec<u64> = ids.into_iter().map(|(_, id)| id).collect();
        let sums: Vec<(u32, i64)> =
            crate::grouped(&sales, |s| s.key).into_iter().map(|(key, group)| (key, group.iter().map(|s| s.amount).sum())).collect();
        on_each_engine(|engine, env| {
            let (sorted, sums_of) = (sorted(env.collection(&sales).unwrap()), partitioned(env.collection(&sales).unwrap()));
            for _ in 0..3 {
                assert!(sorted.collect().unwrap() == ids, "{engine}");
                same_records(engine, sums_of.collect().unwrap(), sums.clone());
            }
        });
    }
}

fn sales(rows: usize) -> Vec<Sale> {
    Input { rows, keys: Keys::Uniform(90), seed: 21 }.sales()
}

#[test]
fn sinks_of_one_run_and_of_the_next_share_what_is_kept() {
    let sales = sales(20_000);
    on_each_engine(|engine, env| {
        let (folder, calls) = (Folder::default(), env.counter("calls"));
        let halves = halves(env.collection(&sales).unwrap(), calls.clone());
        let files = ["a", "b", "c"].map(|name| folder.join(&format!("{name}.parquet")));
        halves.write_parquet(&files[0]);
        halves.filter(|h| h.0 >= 10).write_parquet(&files[1]);
        env.run().unwrap();
        assert_eq!(calls.value().unwrap(), 20_000, "{engine}");
        halves.first(7).write_parquet(&files[2]);
        let report = env.run().unwrap();
        assert_eq!(report.accumulated().collect::<Vec<_>>(), [("calls", "0")], "{engine}");
        let rows = files.map(|file| env.read_parquet::<(u64, i64, String)>(&file).unwrap().count().unwrap());
        assert_eq!(rows, [20_000, 19_990, 7], "{engine}");
    });
}

#[test]
fn a_plan_begins_at_what_is_kept() {
    on_each_parallelism(|engine, env| {
        let halves = halves(env.collection(sales(100)).unwrap(), env.counter("calls"));
        halves.count().unwrap();
        halves.first(2).print();
        let plan = env.explain().unwrap();
        assert!(plan.contains("give what is kept") && !plan.contains("map"), "{engine}: {plan}");
        assert!(plan.contains("read nothing"), "{engine}: {plan}");
    });
}

#[test]
fn a_run_that_fails_before_it_keeps_nothing_and_one_that_fails_behind_it_does() {
    #[dataflow]
    fn checked(numbers: DataSet<u64>, limit: u64) -> DataSet<u64> {
        numbers.try_map(|n| if n < limit { Ok(n) } else { Err("too large") })
    }
    on_each_engine(|engine, env| {
        let calls = env.counter("calls");
        let of_closure = calls.clone();
        let numbers = env.collection(0..10u64).unwrap().filter(move |_| {
            of_closure.add(1);
            true
        });
        let kept = checked(numbers.clone(), 5).persist();
        kept.collect().unwrap_err();
        kept.collect().unwrap_err();
        let kept = numbers.persist();
        assert_eq!(kept.count().unwrap(), 10);
        checked(kept.clone(), 5).collect().unwrap_err();
        assert_eq!((kept.count().unwrap(), calls.value().unwrap()), (10, 0), "{engine}");
    });
}

/// Four million bytes at a time fit, eight do not.
#[test]
fn memory_is_given_back_with_the_last_handle() {
    within_two_minutes("persist", || {
        let options =
            Options { parallelism: 2, memory_bytes: 7 << 20, progress: ProgressWhen::Never, ..Options::default() };
        let env = Env::new(options);
        let many = |n: u64, out: &mut Emitter<'_, u64>| (0..10_000).for_each(|m| out.emit(n * m));
        let numbers = || env.collection(0..50u64).unwrap().process(many).persist();
        let bytes = || numbers().count();
        assert_eq!((bytes().unwrap(), bytes().unwrap()), (500_000, 500_000));
        let held = numbers();
        held.count().unwrap();
        let error = bytes().unwrap_err().to_string();
        assert!(error.contains("out of memory"), "{error}");
        drop(held);
        assert_eq!(bytes().unwrap(), 500_000);
    });
}

#[test]
fn a_flow_that_is_kept_gives_what_it_gave() {
    let sales = sales(5_000);
    let expected = sales.iter().map(|s| s.id).collect();
    everywhere(expected, |env| {
        let kept = env.collection(&sales)?.persist();
        kept.count()?;
        kept.project(|s| s.id).collect()
    });
}
