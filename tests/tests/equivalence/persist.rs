//! `persist`: records are computed once for several consumers of a run, and for later runs.

use dataflow::accumulators::Count;
use dataflow::prelude::*;
use dataflow::{Accumulated, Emitter};
use proptest::prelude::*;
use runtime::error::Error;
use tests::{
    Folder, Input, Item, Keys, Sale, Shape, inputs, local, on_each_engine, on_each_parallelism, same_on_all_engines,
    same_records, with_memory, within_two_minutes,
};

use crate::cases;

/// Persisted records. The counter counts the closure's calls.
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

/// The sum of each key, if its records are in one task.
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
    fn persisted_records_are_computed_once(input in inputs()) {
        let sales = input.sales();
        let expected: Vec<_> = sales.iter().map(|s| (s.id, s.amount / 2, s.name.clone())).collect();
        let most = expected.iter().map(|h| h.1).max();
        let greatest: Vec<_> = expected.iter().filter(|h| Some(h.1) == most).map(|h| (h.0, h.2.clone())).collect();
        on_each_engine(|engine, env| {
            let calls = env.counter("calls");
            let halves = halves(env.collection(&sales).unwrap(), calls.clone());
            // A run with two consumers whose branches join again. The maximum of an empty flow is
            // no value.
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
    fn orders_and_partitions_are_persisted(input in inputs()) {
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
fn sinks_of_two_runs_share_the_persisted_records() {
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
fn a_plan_starts_at_the_persisted_records() {
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
fn only_runs_that_fail_after_persist_keep_records() {
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

/// 8 MB fit in memory, 16 MB do not; the rest is on disk.
#[test]
fn memory_is_released_with_the_last_handle() {
    within_two_minutes("persist", || {
        let (env, folder) = (with_memory(2, 20 << 20), Folder::default());
        let many = |n: u64, out: &mut Emitter<'_, u64>| (0..10_000).for_each(|m| out.emit(n * m));
        let numbers = || env.collection(0..100u64).unwrap().process(many).persist();
        let spilled = |numbers: &DataSet<u64>| {
            numbers.write_binary(folder.join("numbers"));
            let spilled = env.run().unwrap().spilled_bytes();
            assert_eq!(numbers.count().unwrap(), 1_000_000);
            spilled
        };
        for _ in 0..2 {
            assert_eq!(spilled(&numbers()), 0);
        }
        let held = numbers();
        assert_eq!(spilled(&held), 0);
        assert!(spilled(&numbers()) > 0);
        assert_eq!(held.count().unwrap(), 1_000_000);
        drop(held);
        assert_eq!(spilled(&numbers()), 0);
    });
}

/// The next run needs the whole budget as its minimum memory.
#[test]
fn persisted_records_make_room_for_the_next_run() {
    #[dataflow]
    fn ordered(numbers: DataSet<u64>) -> DataSet<u64> {
        numbers.sort(|n| (desc(n), asc(n)))
    }
    within_two_minutes("persist", || {
        let folder = Folder::default();
        let (input, output) = (folder.join("numbers"), folder.join("ordered"));
        let ample = local(2);
        ample.collection(0..500_000u64).unwrap().write_binary(&input);
        ample.run().unwrap();
        let run = |env: &Env| {
            ordered(env.read_binary::<u64>(&input).unwrap()).write_binary(&output);
            env.run()
        };
        let least = match run(&with_memory(2, 1)).unwrap_err().cause() {
            Error::TooLittleMemory { need, .. } => *need,
            error => panic!("{error}"),
        };
        let env = with_memory(2, least);
        let many = |n: u64, out: &mut Emitter<'_, u64>| (0..10_000).for_each(|m| out.emit(n * m));
        let kept = env.collection(0..200u64).unwrap().process(many).persist();
        for _ in 0..2 {
            assert_eq!(kept.count().unwrap(), 2_000_000);
            run(&env).unwrap();
        }
    });
}

/// Persisted records that do not fit go to disk, and every run reads them: with texts of many
/// pages, in branches that join again, and while another flow is persisted.
#[test]
fn more_records_are_persisted_than_memory_holds() {
    #[dataflow]
    fn with_count(items: DataSet<Item>) -> DataSet<(Item, u64)> {
        let counts = items.group_by(|i| i.key).count();
        items.join(counts).on(|i| i.key, |c| c.0).map(|i, c| (i, c.1))
    }
    within_two_minutes("persist", || {
        for (shape, longer) in [(Shape::Uniform, 40), (Shape::Huge, 1)] {
            let mut items = shape.items(40_000, 3);
            items.iter_mut().for_each(|item| item.text = item.text.repeat(longer));
            let counts = crate::grouped(&items, |item| item.key);
            let expected: Vec<_> = items.iter().map(|i| (i.clone(), counts[&i.key].len() as u64)).collect();
            let folder = Folder::default();
            let (input, output) = (folder.join("items.rows"), folder.join("output.rows"));
            let ample = local(2);
            ample.collection(&items).unwrap().write_native(&input);
            ample.run().unwrap();
            for (parallelism, memory_bytes) in [(1, 32 << 20), (2, 64 << 20)] {
                let env = with_memory(parallelism, memory_bytes);
                let kept = env.read_native::<Item>(&input).unwrap().persist();
                let mut spilled = 0;
                for _ in 0..3 {
                    with_count(kept.clone()).write_native(&output);
                    spilled += env.run().unwrap().spilled_bytes();
                    same_records(
                        "persist",
                        local(1).read_native(&output).unwrap().collect().unwrap(),
                        expected.clone(),
                    );
                }
                assert!(spilled > 0, "{shape:?}, {parallelism}");
                // A persisted flow releases its memory to a run that needs it.
                let again = env.read_native::<Item>(&input).unwrap().persist();
                assert_eq!((again.count().unwrap(), kept.count().unwrap()), (40_000, 40_000));
            }
        }
    });
}

#[test]
fn a_persisted_flow_repeats_its_records() {
    let sales = sales(5_000);
    let expected = sales.iter().map(|s| s.id).collect();
    same_on_all_engines(expected, |env| {
        let kept = env.collection(&sales)?.persist();
        kept.count()?;
        kept.project(|s| s.id).collect()
    });
}
