//! Accumulators: every engine counts each closure call once, whatever the plan does.

use dataflow::accumulators::{Average, Buckets, Count, Histogram, Maximum, Minimum};
use dataflow::prelude::*;
use dataflow::{Accumulated, Accumulator};
use proptest::prelude::*;
use tests::{Folder, Input, Keys, Sale, inputs, local, on_each_engine, same_records, within_two_minutes};

use crate::cases;

#[dataflow]
fn measured(
    sales: DataSet<Sale>,
    negative: Accumulated<Count>,
    lengths: Accumulated<Average>,
    least: Accumulated<Minimum<i64>>,
    most: Accumulated<Maximum<String>>,
    sizes: Accumulated<Histogram<i64>>,
) -> DataSet<(u64, i64)> {
    sales
        .filter(|s| {
            if s.amount < 0 {
                negative.add(1);
            }
            s.amount >= 0
        })
        .map(|s| {
            lengths.add(s.name.len() as f64);
            least.add(s.amount);
            (s.id, s.amount, s.name)
        })
        .flat_map(|s| {
            most.add(s.2.to_owned());
            (0..2).map(move |half| (s.0, s.1 / 2 + half))
        })
        .map_with(
            |_| sizes.clone(),
            |sizes, s| {
                sizes.add(s.1);
                s
            },
        )
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn accumulators_hold_the_sums_that_iterators_compute(input in inputs()) {
        let sales = input.sales();
        let kept: Vec<&Sale> = sales.iter().filter(|s| s.amount >= 0).collect();
        let halves: Vec<(u64, i64)> = kept.iter().flat_map(|s| [(s.id, s.amount / 2), (s.id, s.amount / 2 + 1)]).collect();
        let mean = kept.iter().map(|s| s.name.len() as f64).sum::<f64>() / kept.len() as f64;
        let bucket = |from: i64, to: i64| halves.iter().filter(|(_, half)| (from..to).contains(half)).count() as u64;
        on_each_engine(|engine, env| {
            let (negative, lengths) = (env.counter("negative"), env.average("lengths"));
            let (least, most) = (env.minimum("least"), env.maximum("most"));
            let sizes = env.histogram("sizes", [200, 10]);
            let flow = measured(
                env.collection(&sales).unwrap(),
                negative.clone(), lengths.clone(), least.clone(), most.clone(), sizes.clone(),
            );
            // Each run resets the accumulators.
            for _ in 0..2 {
                same_records(engine, flow.collect().unwrap(), halves.clone());
                assert_eq!(negative.value().unwrap(), (sales.len() - kept.len()) as u64, "{engine}");
                let difference = lengths.value().unwrap().unwrap_or(mean) - mean;
                assert!(kept.is_empty() || difference.abs() < 1e-9, "{engine}: {difference}");
                assert_eq!(lengths.value().unwrap().is_none(), kept.is_empty(), "{engine}");
                assert_eq!(least.value().unwrap(), kept.iter().map(|s| s.amount).min(), "{engine}");
                assert_eq!(most.value().unwrap(), kept.iter().map(|s| s.name.clone()).max(), "{engine}");
                let expected = vec![bucket(i64::MIN, 10), bucket(10, 200), bucket(200, i64::MAX)];
                assert_eq!(sizes.value().unwrap(), Buckets { bounds: vec![10, 200], counts: expected }, "{engine}");
            }
        });
    }
}

fn sales() -> Vec<Sale> {
    Input { rows: 20_000, keys: Keys::Uniform(500), seed: 5 }.sales()
}

#[dataflow]
fn counted(sales: DataSet<Sale>, seen: Accumulated<Count>) -> DataSet<Sale> {
    sales.filter(|s| {
        seen.add(1);
        s.amount > 0
    })
}

#[dataflow]
fn self_joined(sales: DataSet<Sale>, seen: Accumulated<Count>) -> DataSet<(u64, u64)> {
    let kept = counted(sales, seen.clone());
    kept.join(kept).on(|l| l.id, |r| r.id).map(|l, r| (l.id, r.id))
}

#[dataflow]
fn twice(sales: DataSet<Sale>, seen: Accumulated<Count>) -> DataSet<u64> {
    let kept = counted(sales, seen.clone());
    kept.project(|s| s.id).union(kept.filter(|s| s.coupon.is_none()).project(|s| s.id))
}

#[dataflow]
fn pairs(sales: DataSet<Sale>, seen: Accumulated<Count>) -> DataSet<u64> {
    let small = sales.filter(|s| s.id < 700);
    small.join(small).on(|l| l.key, |r| r.key).map(|l, r| {
        seen.add(1);
        l.id + r.id
    })
}

/// Runs a pipeline on every engine. Passes its result and its count to `check`.
fn counts(pipeline: fn(DataSet<Sale>, Accumulated<Count>) -> dataflow::Result<u64>, check: fn(u64, u64)) {
    let sales = sales();
    within_two_minutes("accumulators", move || {
        on_each_engine(|_, env| {
            let seen = env.counter("seen");
            let records = pipeline(env.collection(&sales[..1_500]).unwrap(), seen.clone()).unwrap();
            check(records, seen.value().unwrap());
        });
    });
}

#[test]
fn counting_filter_is_not_repeated_in_branches_that_join_again() {
    counts(|sales, seen| self_joined(sales, seen).count(), |_, seen| assert_eq!(seen, 1_500));
}

#[test]
fn counting_filter_runs_once_for_several_consumers() {
    counts(|sales, seen| twice(sales, seen).count(), |_, seen| assert_eq!(seen, 1_500));
}

#[test]
fn closure_over_pairs_is_called_once_per_pair() {
    counts(|sales, seen| pairs(sales, seen).count(), |pairs, seen| assert_eq!(pairs, seen));
}

#[test]
fn counting_filter_sees_rows_that_statistics_would_skip() {
    #[dataflow]
    fn late(numbers: DataSet<(u64, u64)>, seen: Accumulated<Count>) -> DataSet<(u64, u64)> {
        numbers
            .filter(|_| {
                seen.add(1);
                true
            })
            .filter(|n| n.0 > 1_000_000)
    }
    let folder = Folder::default();
    let path = folder.join("numbers.parquet");
    on_each_engine(|engine, env| {
        env.collection((0..1_000u64).map(|n| (n, n))).unwrap().write_parquet(&path);
        env.run().unwrap();
        let seen = env.counter("seen");
        assert_eq!(late(env.read_parquet(&path).unwrap(), seen.clone()).count().unwrap(), 0);
        assert_eq!(seen.value().unwrap(), 1_000, "{engine}");
    });
}

/// Sets of letters. Merging is a union, not a sum.
#[derive(Clone, Default)]
struct Letters(std::collections::BTreeSet<char>);

impl Accumulator for Letters {
    type Item = char;
    type Value = String;
    fn add(&mut self, letter: char) {
        self.0.insert(letter);
    }
    fn merge(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
    fn value(&self) -> String {
        self.0.iter().collect()
    }
}

#[test]
fn own_accumulator_works_in_every_kind_of_closure() {
    #[derive(Clone)]
    struct Inside {
        letters: Option<Accumulated<Letters>>,
    }
    #[dataflow]
    fn letters(words: DataSet<String>, inside: Inside, letters: Accumulated<Letters>) -> DataSet<(u64, u64)> {
        words
            .map(|word| {
                // The clone in the closure is a second handle. Each is dropped with the record.
                let (inner, inside) = (letters.clone(), inside.clone());
                word.chars().for_each(|letter| inner.add(letter));
                inside.letters.iter().for_each(|letters| letters.add('!'));
                word.len() as u64
            })
            .map_partition(|lengths, out| {
                letters.add('?');
                lengths.for_each(|length| out.emit((length, 1u64)));
            })
            .group_by(|l| l.0)
            .reduce(|l, r| {
                letters.add('+');
                (l.0, l.1 + r.1)
            })
            .group_by(|l| l.0)
            .reduce_group(|group, out| {
                letters.add('.');
                group.owned().into_iter().for_each(|record| out.emit(record));
            })
    }
    on_each_engine(|engine, env| {
        let all = env.accumulator("letters", Letters::default());
        let inside = Inside { letters: Some(all.clone()) };
        let words = env.collection(["abc"; 3_000]).unwrap();
        letters(words.union(env.collection(["bcd"]).unwrap()), inside, all.clone()).collect().unwrap();
        assert_eq!(all.value().unwrap(), "!+.?abcd", "{engine}");
    });
}

#[test]
fn failed_run_leaves_no_value() {
    #[dataflow]
    fn parsed(lines: DataSet<String>, good: Accumulated<Count>) -> DataSet<u64> {
        lines.try_map(|line| {
            let number = line.parse::<u64>()?;
            good.add(1);
            Ok(number)
        })
    }
    on_each_engine(|engine, env| {
        let good = env.counter("good");
        let error = good.value().unwrap_err().to_string();
        assert!(error.starts_with("the accumulator `good` of ") && error.contains("no value"), "{engine}: {error}");
        let lines = |lines: [&'static str; 3]| parsed(env.collection(lines).unwrap(), good.clone());
        lines(["1", "2", "3"]).collect().unwrap();
        assert_eq!(good.value().unwrap(), 3, "{engine}");
        lines(["1", "two", "3"]).collect().unwrap_err();
        assert!(good.value().is_err(), "{engine}");
        let folder = Folder::default();
        lines(["1", "2", "3"]).write_text(folder.join("numbers.txt"));
        let report = env.run().unwrap();
        assert_eq!(report.accumulated().collect::<Vec<_>>(), [("good", "3")], "{engine}");
        // A run that does not use the accumulator leaves it empty.
        env.collection([1u64]).unwrap().count().unwrap();
        assert_eq!(good.value().unwrap(), 0, "{engine}");
    });
}

#[test]
fn a_name_denotes_one_accumulator() {
    on_each_engine(|engine, env| {
        let (first, second) = (env.counter("rows"), env.counter("rows"));
        let numbers = env.collection(0..10u64).unwrap();
        let (a, b) = (first.clone(), second.clone());
        numbers
            .filter(move |_| {
                a.add(1);
                true
            })
            .filter(move |_| {
                b.add(1);
                true
            })
            .count()
            .unwrap();
        assert_eq!((first.value().unwrap(), second.value().unwrap()), (20, 20), "{engine}");

        let _ = env.average("rows");
        let error = numbers.count().unwrap_err().to_string();
        let (file, mine) = (file!(), line!() - 2);
        assert!(error.starts_with(&format!("two accumulators are called `rows`: a `Count` at {file}:")), "{error}");
        assert!(error.contains(&format!("and a `Average` at {file}:{mine}; give one")), "{engine}: {error}");
    });
}

#[test]
fn accumulator_of_another_environment_gathers_too() {
    let other = local(2);
    let seen = other.counter("seen");
    on_each_engine(|engine, env| {
        counted(env.collection(sales()).unwrap(), seen.clone()).count().unwrap();
        assert_eq!(seen.value().unwrap(), 20_000, "{engine}");
    });
}

/// A key, and a value that grows in each round.
type Grown = (u64, u64);

#[dataflow]
fn counted_by_map(rows: DataSet<Grown>, calls: Accumulated<Count>) -> DataSet<Grown> {
    rows.map(|r| {
        calls.add(1);
        (r.0, r.1 + 1)
    })
}

#[dataflow]
fn counted_with_all(rows: DataSet<Grown>, others: DataSet<Grown>, calls: Accumulated<Count>) -> DataSet<Grown> {
    rows.with_all(others).map(|r, all| {
        calls.add(1);
        (r.0, r.1 + all.len() as u64)
    })
}

#[dataflow]
fn counted_in_a_join(rows: DataSet<Grown>, others: DataSet<Grown>, calls: Accumulated<Count>) -> DataSet<Grown> {
    rows.join(others).on(|r| r.0, |o| o.0).map(|r, o| {
        calls.add(1);
        (r.0, r.1 + o.1)
    })
}

#[dataflow]
fn counted_in_groups(rows: DataSet<Grown>, calls: Accumulated<Count>) -> DataSet<Grown> {
    rows.group_by(|r| r.0).reduce_group(|group, out| {
        calls.add(1);
        for row in group {
            out.emit((row.0, row.1 + 1));
        }
    })
}

#[dataflow]
fn counted_in_place(rows: DataSet<Grown>, calls: Accumulated<Count>) -> DataSet<Grown> {
    rows.filter(|r| {
        calls.add(1);
        r.1 < 1_000
    })
}

#[dataflow]
fn counted_by_state(rows: DataSet<Grown>, calls: Accumulated<Count>) -> DataSet<Grown> {
    rows.map_with(
        |_| calls.clone(),
        |calls, r| {
            calls.add(1);
            (r.0, r.1 + 1)
        },
    )
}

#[dataflow]
fn counted_in_a_set(grown: Solution<Grown, u64>, rows: DataSet<Grown>, calls: Accumulated<Count>) -> DataSet<Grown> {
    rows.join(grown).on(|r| r.0).map(|r, known| {
        calls.add(1);
        (r.0, known.1 + 1)
    })
}

#[test]
fn closures_in_a_loop_add_in_every_round() {
    within_two_minutes("accumulators in a loop", || {
        on_each_engine(|engine, env| {
            let rows = || env.collection((0..100u64).map(|n| (n, 1u64))).unwrap();
            let all_rounds = |name: &str, body: &dyn Fn(DataSet<Grown>, Accumulated<Count>) -> DataSet<Grown>| {
                let calls = env.counter("calls");
                assert_eq!(rows().iterate(10, |rows| body(rows, calls.clone())).count().unwrap(), 100);
                assert_eq!(calls.value().unwrap(), 1_000, "{engine}, {name}");
            };
            all_rounds("map", &counted_by_map);
            all_rounds("with_all", &|looped, calls| counted_with_all(looped, rows(), calls));
            all_rounds("join", &|looped, calls| counted_in_a_join(looped, rows(), calls));
            all_rounds("reduce_group", &counted_in_groups);
            all_rounds("filter", &counted_in_place);
            all_rounds("map_with", &counted_by_state);
            let calls = env.counter("calls");
            let set = rows().iterate_delta(
                rows(),
                |r| r.0,
                10,
                |set, looped| {
                    let grown = counted_in_a_set(set, counted_by_map(looped, calls.clone()), calls.clone());
                    (grown.clone(), grown)
                },
            );
            assert_eq!(set.count().unwrap(), 100);
            assert_eq!(calls.value().unwrap(), 2_000, "{engine}, iterate_delta");
        });
    });
}
