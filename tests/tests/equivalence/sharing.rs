//! One flow used several times: self-joins, unions with itself, diamonds, several sinks.

use dataflow::prelude::*;
use tests::{
    Folder, Input, Keys, Sale, on_each_engine, on_each_parallelism, same_on_all_engines, same_on_local_engines,
    same_records, within_two_minutes,
};

use crate::grouped;

#[dataflow]
fn union_with_itself(sales: DataSet<Sale>) -> DataSet<u64> {
    let numbers = sales.filter(|s| s.amount > 0).project(|s| s.id);
    numbers.union(numbers).union(numbers)
}

/// Not a scan any more, so that a fork after it stays a fork: its records are buffered for the
/// slower branch.
#[dataflow]
fn computed(sales: DataSet<Sale>) -> DataSet<Sale> {
    sales.map(|s| s)
}

#[dataflow]
fn self_join(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    sales.join(sales).on(|l| (l.name, l.day), |r| (r.name, r.day)).map(|l, r| (l.id, r.id))
}

/// Branches of different speed join again: one reads all records before it emits.
#[dataflow]
fn diamond_with_total(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    let counts = sales.group_by(|s| s.key).count();
    sales.join(counts).on(|s| s.key, |c| c.0).map(|s, c| (s.id, c.1))
}

#[dataflow]
fn diamond_turned_round(sales: DataSet<Sale>) -> DataSet<(u64, u64)> {
    let counts = sales.group_by(|s| s.key).count();
    counts.join(sales).on(|c| c.0, |s| s.key).map(|c, s| (s.id, c.1))
}

#[dataflow]
fn diamond_of_filters(sales: DataSet<Sale>) -> DataSet<u64> {
    let (kept, low) = (sales.filter(|s| s.coupon.is_some()), sales.filter(|s| s.amount < 0));
    let high = kept.filter(|s| s.amount >= 0);
    low.semi_join(kept).on(|l| l.id, |k| k.id).project(|s| s.id).union(high.project(|s| s.id))
}

#[dataflow]
fn diamond_with_sort(sales: DataSet<Sale>) -> DataSet<u64> {
    let best = sales.top(50, |s| (desc(s.amount), s.id));
    sales.semi_join(best).on(|s| s.key, |b| b.key).project(|s| s.id)
}

#[dataflow]
fn pairs(first: DataSet<Sale>, second: DataSet<Sale>) -> DataSet<u64> {
    first.join(second).hint(RepartitionBuildLeft).on(|f| f.id, |s| s.id).map(|f, _| f.id)
}

fn sizes(keys: Keys) -> impl Iterator<Item = Vec<Sale>> {
    [0, 1, 3_000, 40_000].into_iter().map(move |rows| Input { rows, keys, seed: 11 }.sales())
}

#[test]
fn a_union_with_itself_has_every_record_twice() {
    within_two_minutes("union", || {
        for sales in sizes(Keys::Zipf) {
            let once = || sales.iter().filter(|s| s.amount > 0).map(|s| s.id);
            let expected = once().chain(once()).chain(once()).collect();
            same_on_all_engines(expected, |env| union_with_itself(env.collection(&sales)?).collect());
        }
    });
}

#[test]
fn a_self_join_pairs_records_with_equal_keys() {
    within_two_minutes("self-join", || {
        for sales in sizes(Keys::Uniform(150)).take(3) {
            let groups = grouped(&sales, |s| (s.name.clone(), s.day)).into_values();
            let pairs = |group: Vec<&Sale>| -> Vec<(u64, u64)> {
                group.iter().flat_map(|l| group.iter().map(|r| (l.id, r.id))).collect()
            };
            let expected: Vec<_> = groups.flat_map(pairs).collect();
            same_on_local_engines(expected.clone(), |env| self_join(env.collection(&sales)?).collect());
            same_on_local_engines(expected, |env| self_join(computed(env.collection(&sales)?)).collect());
        }
    });
}

#[test]
fn branches_that_join_again_do_not_deadlock() {
    within_two_minutes("diamond", || {
        for sales in [sizes(Keys::Zipf), sizes(Keys::Zipf)].into_iter().flatten() {
            let counts = grouped(&sales, |s| s.key);
            let expected: Vec<_> = sales.iter().map(|s| (s.id, counts[&s.key].len() as u64)).collect();
            same_on_local_engines(expected.clone(), |env| diamond_with_total(env.collection(&sales)?).collect());
            same_on_local_engines(expected.clone(), |env| {
                diamond_with_total(computed(env.collection(&sales)?)).collect()
            });
            same_on_local_engines(expected.clone(), |env| diamond_turned_round(env.collection(&sales)?).collect());
            same_on_local_engines(expected, |env| diamond_turned_round(computed(env.collection(&sales)?)).collect());
        }
    });
}

#[test]
fn branches_of_a_union_see_the_same_records() {
    within_two_minutes("diamond of filters", || {
        for sales in sizes(Keys::Zipf) {
            let expected: Vec<u64> = sales.iter().filter(|s| s.coupon.is_some()).map(|s| s.id).collect();
            same_on_local_engines(expected.clone(), |env| diamond_of_filters(env.collection(&sales)?).collect());
            same_on_local_engines(expected, |env| diamond_of_filters(computed(env.collection(&sales)?)).collect());
        }
    });
}

#[test]
fn a_branch_may_buffer_before_it_joins_the_other() {
    within_two_minutes("diamond with top", || {
        for sales in sizes(Keys::Uniform(2_000)) {
            let mut best: Vec<&Sale> = sales.iter().collect();
            best.sort_by_key(|s| (-s.amount, s.id));
            best.truncate(50);
            let expected: Vec<u64> =
                sales.iter().filter(|s| best.iter().any(|b| b.key == s.key)).map(|s| s.id).collect();
            same_on_local_engines(expected.clone(), |env| diamond_with_sort(env.collection(&sales)?).collect());
            same_on_local_engines(expected, |env| diamond_with_sort(computed(env.collection(&sales)?)).collect());
        }
    });
}

#[test]
fn crossing_flows_do_not_deadlock() {
    within_two_minutes("crossing", || {
        let sales = Input { rows: 40_000, keys: Keys::Zipf, seed: 5 }.sales();
        let ids: Vec<u64> = sales.iter().map(|s| s.id).collect();
        on_each_parallelism(|engine, env| {
            let folder = Folder::default();
            let (left, right) = (env.collection(&sales).unwrap(), env.collection(&sales).unwrap());
            let (left, right) = (computed(left), computed(right));
            let files = ["a.rows", "b.rows"].map(|name| folder.join(name));
            // The flows are joined twice, the second time with swapped sides, so no join has both
            // branches of one flow.
            pairs(left.clone(), right.clone()).write_native(&files[0]);
            pairs(right, left).write_native(&files[1]);
            env.run().unwrap();
            for file in files {
                same_records(engine, env.read_native(&file).unwrap().collect().unwrap(), ids.clone());
            }
        });
    });
}

#[test]
fn two_sinks_of_one_run_get_all_records() {
    let sales = Input { rows: 20_000, keys: Keys::Zipf, seed: 3 }.sales();
    let names = || sales.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    on_each_engine(|engine, env| {
        let folder = Folder::default();
        let (all, some) = (folder.join("all.txt"), folder.join("some.parquet"));
        let flow = env.collection(&sales).unwrap();
        flow.project(|s| s.name).write_text(&all);
        flow.step(const { &NAMES }).filter(|s| s.amount > 500).write_parquet(&some);
        let report = env.run().unwrap();
        assert!(engine == "embedded" || report.source_rows() == 20_000, "{engine}: the source is read once for both");
        same_records(engine, std::fs::read_to_string(&all).unwrap().lines().map(str::to_owned).collect(), names());
        let expected = sales.iter().filter(|s| s.amount > 500).cloned().collect();
        same_records(engine, env.read_parquet(&some).unwrap().collect().unwrap(), expected);
    });
}

const NAMES: dataflow::Step = dataflow::Step {
    name: "large",
    operator: "filter",
    text: "",
    reads: &[dataflow::Reads::Fields(&["amount"])],
    ..dataflow::Step::UNKNOWN
};

#[test]
fn a_scan_with_branches_that_join_again_is_repeated() {
    let env = Env::new(Options { parallelism: 2, ..Options::default() });
    let sales = env.collection(&[] as &[Sale]).unwrap();
    self_join(sales.filter(|s| s.amount > 0)).print();
    let plan = env.explain().unwrap();
    assert!(!plan.contains("shared"), "{plan}");
    let sales = env.collection(&[] as &[Sale]).unwrap();
    self_join(computed(sales)).print();
    let plan = env.explain().unwrap();
    assert!(plan.contains("shared"), "{plan}");
}
