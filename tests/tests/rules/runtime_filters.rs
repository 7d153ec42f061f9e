//! Runtime filters: rows without a partner are dropped before they are sent, and splits without one
//! are not read. Results do not change.

use dataflow::accumulators::Count;
use dataflow::prelude::*;
use dataflow::{Accumulated, ParquetOptions, Rule};
use tests::{Folder, Random, same_records};

use super::without;

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    day: u32,
    shop: Option<u64>,
    amount: u64,
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Day {
    id: u32,
    month: u32,
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shop {
    id: Option<u64>,
    region: u64,
}

const ROWS: u64 = 200_000;

/// Facts ordered by day, like arriving data.
fn facts() -> Vec<Fact> {
    let mut random = Random(5);
    let mut fact = |number: u64| {
        let (shop, amount) = (random.below(1_001), random.below(100));
        Fact { day: (number * 1_000 / ROWS) as u32, shop: (shop < 1_000).then_some(shop), amount }
    };
    (0..ROWS).map(&mut fact).collect()
}

fn days() -> Vec<Day> {
    (0..1_000).map(|id| Day { id, month: id / 30 }).collect()
}

fn shops() -> Vec<Shop> {
    (0..1_000).map(|id| Shop { id: (id != 7).then_some(id), region: id % 50 }).collect()
}

/// The sum of a counter over all operators of a run, from the JSON of EXPLAIN.
fn counted(json: &str, name: &str) -> u64 {
    let name = format!("\"{name}\":");
    let pieces = json.split(&name).skip(1);
    pieces.map(|piece| piece.trim_start().split([',', '}', '\n']).next().unwrap().trim().parse::<u64>().unwrap()).sum()
}

#[dataflow]
fn of_a_month(facts: DataSet<Fact>, days: DataSet<Day>) -> DataSet<(u32, u64)> {
    let of_month = days.filter(|d| d.month == 20);
    facts.join(of_month).on(|f| f.day, |d| d.id).map(|f, d| (d.month, f.amount))
}

#[test]
fn row_groups_without_a_partner_are_not_read() {
    let folder = Folder::default();
    let path = folder.join("facts.parquet");
    let env = without(&[]);
    let options = ParquetOptions { row_group_rows: 2_000, ..ParquetOptions::default() };
    env.collection(facts()).unwrap().write_parquet_with(&path, options);
    env.run().unwrap();
    let run = |env: Env| {
        let (facts, days) = (env.read_parquet(&path).unwrap(), env.collection(days()).unwrap());
        of_a_month(facts, days).write_csv(folder.join("of_a_month.csv"));
        let report = env.run().unwrap();
        let mut lines: Vec<String> = std::fs::read_to_string(folder.join("of_a_month.csv"))
            .unwrap()
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect();
        lines.sort();
        (lines, counted(report.explain_json(), "skipped_splits"))
    };
    let (with, skipped) = run(without(&[]));
    let (plain, none) = run(without(&[Rule::RuntimeFilters]));
    assert_eq!(with.len(), ROWS as usize * 30 / 1_000);
    assert_eq!(with, plain);
    // Three of a hundred row groups contain the month. Each task may have opened some before the
    // filter was ready.
    assert!(skipped > 50, "{skipped} of 100 row groups were skipped");
    assert_eq!(none, 0);
}

/// The second join's filter moves below the first join, and across its exchange.
#[dataflow]
fn of_a_region_and_a_month(facts: DataSet<Fact>, days: DataSet<Day>, shops: DataSet<Shop>) -> DataSet<(u32, u64, u64)> {
    let of_region = shops.filter(|s| s.region == 3);
    let of_day =
        facts.join(days).hint(RepartitionBuildRight).on(|f| f.day, |d| d.id).map(|f, d| (f.shop, d.month, f.amount));
    let both = of_day.join(of_region).hint(RepartitionBuildRight).on(|f| f.0, |s| s.id);
    both.map(|f, s| (f.1, s.region, f.2))
}

/// Records without a partner are part of the result, so none may be dropped.
#[dataflow]
fn with_or_without_a_region(facts: DataSet<Fact>, shops: DataSet<Shop>) -> DataSet<(Option<u64>, u64)> {
    let of_region = shops.filter(|s| s.region == 3);
    let all = facts.left_join(of_region).hint(RepartitionBuildRight).on(|f| f.shop, |s| s.id);
    all.map(|f, s| (s.map(|s| s.region), f.amount))
}

#[dataflow]
fn outside_of_most_regions(facts: DataSet<Fact>, shops: DataSet<Shop>) -> DataSet<Fact> {
    let of_most = shops.filter(|s| s.region > 3);
    facts.anti_join(of_most).hint(RepartitionBuildRight).on(|f| f.shop, |s| s.id)
}

#[dataflow]
fn inside_of_a_region(facts: DataSet<Fact>, shops: DataSet<Shop>) -> DataSet<Fact> {
    let of_region = shops.filter(|s| s.region == 3);
    facts.semi_join(of_region).hint(RepartitionBuildRight).on(|f| f.shop, |s| s.id)
}

/// A counting filter is between the join and the source to which its runtime filter would move.
#[dataflow]
fn numbered(facts: DataSet<Fact>, shops: DataSet<Shop>, seen: Accumulated<Count>) -> DataSet<(Option<u64>, u64)> {
    let counted = facts.filter(|f| {
        seen.add(1);
        f.amount < 1_000
    });
    let of_region = shops.filter(|s| s.region == 3);
    counted.join(of_region).hint(RepartitionBuildRight).on(|f| f.shop, |s| s.id).map(|f, s| (s.id, f.amount))
}

/// Runs a pipeline with and without the rule. Returns the number of rows that were dropped early.
fn dropped<T: Record + Ord + std::fmt::Debug>(pipeline: impl Fn(&Env) -> DataSet<T>) -> u64 {
    let expected = pipeline(&without(&[Rule::RuntimeFilters])).collect().unwrap();
    same_records("with the filter", pipeline(&without(&[])).collect().unwrap(), expected);
    let env = without(&[]);
    pipeline(&env).write_csv("/dev/null");
    counted(env.run().unwrap().explain_json(), "filtered_rows")
}

fn rows(env: &Env) -> (DataSet<Fact>, DataSet<Day>, DataSet<Shop>) {
    let facts = env.collection(facts()).unwrap();
    (facts, env.collection(days()).unwrap(), env.collection(shops()).unwrap())
}

#[test]
fn a_runtime_filter_moves_below_another_join() {
    let dropped = dropped(|env| {
        let (facts, days, shops) = rows(env);
        of_a_region_and_a_month(facts, days, shops)
    });
    // One shop in fifty is kept. Channels are bounded, so few rows are sent before the filter is
    // complete.
    assert!(dropped > ROWS / 5, "{dropped} of {ROWS}");
}

/// A closure computes a value before the join.
#[dataflow]
fn computed_before(facts: DataSet<Fact>, shops: DataSet<Shop>) -> DataSet<(u64, u64)> {
    let tripled = facts.map(|f| (f.shop, f.amount * 3));
    let of_region = shops.filter(|s| s.region == 3);
    tripled.join(of_region).on(|t| t.0, |s| s.id).map(|t, s| (s.region, t.1))
}

/// So it would save nothing to call such a closure after the join.
#[test]
fn closures_before_a_join_see_only_rows_with_partners() {
    let env = without(&[]);
    let (facts, _, shops) = rows(&env);
    computed_before(facts, shops).write_csv("/dev/null");
    let text = env.run().unwrap().explain().to_owned();
    let of = |name: &str| text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} in\n{text}"));
    assert!(of("read collection").contains("200 k") && !of("tripled").contains("200 k"), "{text}");
}

/// The join and a grouping of it have a consumer each, and nothing is shipped before the join.
#[dataflow]
fn above_the_mean_of_their_region(facts: DataSet<Fact>, shops: DataSet<Shop>) -> DataSet<(u64, u64)> {
    let of_region = shops.filter(|s| s.region == 3);
    let facts = facts.join(of_region).hint(BroadcastRight).on(|f| f.shop, |s| s.id).map(|f, s| (s.region, f.amount));
    let sums = facts.group_by(|f| f.0).sum(|f| f.1);
    facts.join(sums).on(|f| f.0, |s| s.0).filter(|f, s| f.1 * ROWS / 50 > s.1).map(|f, s| (f.1, s.1))
}

/// A filter is worth its cost for a source that decodes only kept rows, but not for a source that
/// has its rows already.
#[test]
fn runtime_filters_apply_to_file_reads_without_an_exchange() {
    let folder = Folder::default();
    let path = folder.join("facts.parquet");
    let env = without(&[]);
    env.collection(facts()).unwrap().write_parquet(&path);
    env.run().unwrap();
    let of_file = dropped(|env| {
        let (_, _, shops) = rows(env);
        above_the_mean_of_their_region(env.read_parquet(&path).unwrap(), shops)
    });
    assert!(of_file > ROWS / 2, "{of_file} of {ROWS}");
    let of_collection = dropped(|env| {
        let (facts, _, shops) = rows(env);
        above_the_mean_of_their_region(facts, shops)
    });
    assert_eq!(of_collection, 0);
}

#[test]
fn rows_needed_without_a_partner_are_not_dropped() {
    let with_facts = |pipeline: fn(DataSet<Fact>, DataSet<Shop>) -> DataSet<Fact>| {
        dropped(|env| {
            let (facts, _, shops) = rows(env);
            pipeline(facts, shops)
        })
    };
    assert!(with_facts(inside_of_a_region) > ROWS / 5);
    assert_eq!(with_facts(outside_of_most_regions), 0);
    let outer = dropped(|env| {
        let (facts, _, shops) = rows(env);
        with_or_without_a_region(facts, shops)
    });
    assert_eq!(outer, 0);
}

#[test]
fn counting_filters_see_all_records() {
    let env = without(&[]);
    let (facts, _, shops) = rows(&env);
    let seen = env.counter("seen");
    let records = numbered(facts, shops, seen.clone()).count().unwrap();
    assert!(records > ROWS / 100);
    assert_eq!(seen.value().unwrap(), ROWS);
}

/// Facts are wrongly hinted to be fewer than shops, so they are the build side, broadcast or
/// partitioned, until the roles are reversed.
#[dataflow]
fn taken_for_fewer(facts: DataSet<Fact>, shops: DataSet<Shop>, hinted_rows: (u64, u64)) -> DataSet<(Option<u64>, u64)> {
    let of_region = shops.filter(|s| s.region == 3).expect_rows(hinted_rows.1);
    facts.expect_rows(hinted_rows.0).join(of_region).on(|f| f.shop, |s| s.id).map(|f, s| (s.id, f.amount))
}

#[dataflow]
fn inside_taken_for_fewer(facts: DataSet<Fact>, shops: DataSet<Shop>, hinted_rows: (u64, u64)) -> DataSet<Fact> {
    let of_region = shops.filter(|s| s.region == 3).expect_rows(hinted_rows.1);
    facts.expect_rows(hinted_rows.0).semi_join(of_region).on(|f| f.shop, |s| s.id)
}

#[dataflow]
fn outside_taken_for_fewer(facts: DataSet<Fact>, shops: DataSet<Shop>, hinted_rows: (u64, u64)) -> DataSet<Fact> {
    let of_region = shops.filter(|s| s.region == 3).expect_rows(hinted_rows.1);
    facts.expect_rows(hinted_rows.0).anti_join(of_region).on(|f| f.shop, |s| s.id)
}

/// All facts may have arrived before the build side is decided. Then nothing is left to drop.
#[test]
fn reversed_roles_reverse_the_filter() {
    let most_are_dropped = |dropped: &dyn Fn() -> u64| (0..20).any(|_| dropped() > ROWS / 2);
    for (hinted_rows, ship) in [((1, 1_000_000), "broadcast"), ((10_000_000, 1_000_000_000), "hash")] {
        let join = |env: &Env| {
            let (facts, _, shops) = rows(env);
            taken_for_fewer(facts, shops, hinted_rows)
        };
        let env = without(&[]);
        join(&env).print();
        let plan = env.explain().unwrap();
        assert!(plan.contains(ship) && plan.contains("build left"), "{plan}");
        assert!(most_are_dropped(&|| dropped(join)), "{ship}");
        let of_semi_join = || {
            dropped(|env| {
                let (facts, _, shops) = rows(env);
                inside_taken_for_fewer(facts, shops, hinted_rows)
            })
        };
        assert!(most_are_dropped(&of_semi_join), "semi-join, {ship}");
        let of_anti_join = dropped(|env| {
            let (facts, _, shops) = rows(env);
            outside_taken_for_fewer(facts, shops, hinted_rows)
        });
        assert_eq!(of_anti_join, 0, "{ship}");
    }
}
