//! Plans that depend on the data: each is recorded on both sides of the point where it changes.
//! Every other strategy is forced and gives the same records.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use dataflow::prelude::*;
use dataflow::{Decisions, Env, Options, Profile, ProgressWhen, Rule};
use expect_test::expect_file;
use tests::{Random, same_records, within_two_minutes};

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Order {
    id: u64,
    priority: u8,
    day: u32,
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct LineItem {
    order: u64,
    price: i64,
}

/// The turnover of each open order. There are `open` orders with 400 items each, and at most `sold`
/// items in all.
#[dataflow]
fn turnover(orders: DataSet<Order>, items: DataSet<LineItem>, open: u64, sold: u64) -> DataSet<(u64, u8, i64)> {
    let of_open = open.saturating_mul(400).min(sold);
    let open = orders.filter(|o| o.day > 100).expect_rows(open);
    let items = items.expect_rows(sold);
    let priced =
        open.join(items).on(|o| o.id, |i| i.order).map(|o, i| (o.id, o.priority, i.price)).expect_rows(of_open);
    priced.group_by(|p| (p.0, p.1)).aggregate(|g| (g.key.0, g.key.1, g.sum(|p| p.2)))
}

fn data(env: &Env) -> (DataSet<Order>, DataSet<LineItem>) {
    let mut random = Random(3);
    let mut below = |bound| random.below(bound);
    let orders: Vec<Order> =
        (0..500).map(|id| Order { id, priority: below(5) as u8, day: below(200) as u32 }).collect();
    let items: Vec<LineItem> = (0..3_000).map(|_| LineItem { order: below(500), price: below(1_000) as i64 }).collect();
    (env.collection(orders).unwrap(), env.collection(items).unwrap())
}

fn env(parallelism: usize, profile: &str, decisions: Option<Decisions>) -> Env {
    let (profile, decisions) = (profile.parse::<Profile>().unwrap(), decisions.map(Arc::new));
    Env::new(Options { parallelism, profile, decisions, progress: ProgressWhen::Never, ..Options::default() })
}

const CLUSTER: &str = "nodes=8,net=1Gbps";

/// The strategies of join and grouping, as `hash join, build left (hash 0, hash 0); hash aggregate
/// (forward)`.
fn strategies(profile: &str, tasks: usize, open: u64, sold: u64) -> String {
    let env = env(tasks, profile, None);
    let (orders, items) = data(&env);
    turnover(orders, items, open, sold).print();
    let plan = env.plan().unwrap();
    let strategies =
        plan.decisions().iter().filter(|(_, choice)| choice.how.contains("join") || choice.how.contains("aggregate"));
    let mut strategies: Vec<String> =
        strategies.map(|(_, choice)| format!("{} ({})", choice.how, choice.ships.join(", "))).collect();
    strategies.sort_by_key(|way| !way.contains("join"));
    strategies.join("; ")
}

const SOLD: u64 = 600_000_000;

#[test]
fn few_orders_are_broadcast_and_many_are_partitioned() {
    for (open, name) in [(150_000_000, "many"), (20_000, "few")] {
        let env = env(8, CLUSTER, None);
        let (orders, items) = data(&env);
        turnover(orders, items, open, SOLD).print();
        expect_file![format!("{name}_orders_on_eight_nodes.txt")].assert_eq(&without_places(&env.explain().unwrap()));
    }
}

/// With fewer orders the plan changes once. First both sides are partitioned, and the grouping
/// reuses the partitioning. Then orders are broadcast, and rows are combined before they are
/// shipped.
#[test]
fn the_plan_changes_once_as_orders_shrink() {
    for (profile, tasks) in [(CLUSTER, 8), ("", 2)] {
        let of_power = |power| strategies(profile, tasks, 300_000_000 / 10_u64.pow(power), SOLD);
        let mut plans: Vec<String> = (0..9).map(of_power).collect();
        plans.dedup();
        let expected = [
            "hash join, build left (hash 0, hash 0); hash aggregate (forward)",
            "hash join, build left (broadcast, forward); combine aggregate, merge aggregate (hash 0 1)",
        ];
        assert_eq!(plans, expected, "{profile}");
    }
}

fn without_places(text: &str) -> String {
    let without_place =
        |line: &str| line.split_once("  tests/").map_or(line, |(facts, _)| facts).trim_end().to_owned() + "\n";
    text.lines().map(without_place).collect()
}

#[test]
fn every_strategy_gives_the_same_records() {
    within_two_minutes("ways of a plan", || {
        let run = |decisions: Option<Decisions>| {
            let env = env(4, CLUSTER, decisions);
            let (orders, items) = data(&env);
            turnover(orders, items, 500, 3_000).collect().unwrap()
        };
        let expected = run(None);
        assert!(expected.len() > 100);
        let env = env(4, CLUSTER, None);
        let (orders, items) = data(&env);
        turnover(orders, items, 500, 3_000).print();
        let plan = env.plan().unwrap();
        let mut forced = BTreeSet::new();
        for (operator, candidates) in plan.candidates() {
            for candidate in candidates {
                let decisions = Decisions::default().with(operator, candidate.choice.clone());
                same_records(operator, run(Some(decisions)), expected.clone());
                forced.insert(candidate.choice.how.clone());
            }
        }
        assert!(forced.len() >= 6, "{forced:?}");
    });
}

/// Joins and groupings in sequence, each with two consumers.
#[dataflow]
fn step(sales: DataSet<(u64, u64, i64)>, shops: DataSet<(u64, u64)>) -> DataSet<(u64, u64, i64)> {
    let sums = sales.group_by(|s| s.0).aggregate(|g| (g.key, g.sum(|s| s.2)));
    let joined = sales.join(sums).on(|s| s.0, |m| m.0).map(|s, m| (s.0, s.1, m.1));
    joined.join(shops).on(|j| j.1, |s| s.0).map(|j, s| (j.0, s.1, j.2)).filter(|j| j.2 > 0)
}

#[test]
fn two_hundred_operators_are_planned_quickly() {
    let env = env(2, "", None);
    let shops = env.collection((0..10_u64).map(|id| (id, id)).collect::<Vec<_>>()).unwrap();
    let mut sales = env.collection((0..100_u64).map(|id| (id, id % 10, 1_i64)).collect::<Vec<_>>()).unwrap();
    for _ in 0..40 {
        sales = step(sales, shops.clone());
    }
    sales.print();
    let begun = std::time::Instant::now();
    let plan = env.plan().unwrap();
    let (operators, seconds) = (plan.candidates().count(), begun.elapsed().as_secs_f64());
    println!("{operators} operators with a choice: {:.1} ms", seconds * 1e3);
    // Twenty times the limit for an optimized build.
    assert!(operators >= 120 && seconds < 2.0, "{operators} in {seconds} s");
}

type Price = (u64, i64);

#[dataflow]
fn above(prices: DataSet<Price>, least: i64) -> DataSet<Price> {
    prices.filter(|p| p.1 > least)
}

/// Plans a chain of stages. Each stage receives its index in the chain.
fn plan_in_little_time(stages: i64, stage: fn(DataSet<Price>, i64) -> DataSet<Price>) {
    let env = env(2, "", None);
    (0..stages).fold(prices(&env).0, stage).print();
    let begun = std::time::Instant::now();
    env.plan().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    // Many times the duration in a debug build.
    assert!(seconds < 20.0, "{seconds} s");
}

/// Planning must not compare each filter with all filters before it.
#[test]
fn thousands_of_filters_are_planned_quickly() {
    plan_in_little_time(4_000, above);
}

/// Two branches that join again.
#[dataflow]
fn forked(prices: DataSet<Price>, least: i64) -> DataSet<Price> {
    prices.filter(|p| p.1 > least).union(prices.filter(|p| p.1 < -least))
}

/// Wait relations are computed once for all branches.
#[test]
fn thousands_of_branches_are_planned_quickly() {
    plan_in_little_time(1_500, forked);
}

/// Both sides are sorted and partitioned by their keys before the join. The grouping after the join
/// finds its records in order.
#[dataflow]
fn sorted(left: DataSet<Price>, right: DataSet<Price>, size: u64) -> DataSet<(u64, i64)> {
    let left = left.expect_rows(size).partition_by(|l| l.0).sort_partition(|l| asc(l.0));
    let right = right.expect_rows(size).partition_by(|r| r.0).sort_partition(|r| asc(r.0));
    let joined = left.filter(|l| l.1 > 5).join(right).on(|l| l.0, |r| r.0).map(|l, r| (l.0, l.1 + r.1));
    joined.group_by(|j| j.0).reduce_group(|group, out| {
        for record in group {
            out.emit(record);
        }
    })
}

/// The same without the sort.
#[dataflow]
fn partitioned(left: DataSet<Price>, right: DataSet<Price>, size: u64) -> DataSet<(u64, i64)> {
    let left = left.expect_rows(size).partition_by(|l| l.0);
    let right = right.expect_rows(size).partition_by(|r| r.0);
    left.filter(|l| l.1 > 5).join(right).on(|l| l.0, |r| r.0).map(|l, r| (l.0, l.1 + r.1))
}

fn prices(env: &Env) -> (DataSet<Price>, DataSet<Price>) {
    let mut random = Random(11);
    let mut prices = || (0..2_000).map(|_| (random.below(700), random.below(10) as i64)).collect::<Vec<Price>>();
    (env.collection(prices()).unwrap(), env.collection(prices()).unwrap())
}

/// The strategies of joins and of the operators after them, as (operator, how, ships, gives).
fn chosen(env: &Env, word: &str) -> Vec<(String, String, String)> {
    let plan = env.plan().unwrap();
    let chosen = |(operator, candidates): (&str, &[dataflow::Candidate])| {
        let choice = plan.decisions().get(operator)?.clone();
        let gives = candidates.iter().find(|candidate| candidate.choice == choice)?.gives.clone();
        choice.how.contains(word).then_some((choice.how, choice.ships.join(", "), gives))
    };
    plan.candidates().filter_map(chosen).collect()
}

#[test]
fn sorted_rows_are_merged_and_others_are_hashed() {
    let in_order = env(2, "", None);
    let (left, right) = prices(&in_order);
    sorted(left, right, 10_000_000).print();
    let joins = chosen(&in_order, "join");
    assert_eq!(joins.len(), 1, "{joins:?}");
    let (how, ships, gives) = &joins[0];
    assert!(how.starts_with("merge join"), "{how}");
    assert_eq!((ships.as_str(), gives.as_str()), ("forward, forward", "hashed by 0, sorted by 0"));
    let groups = chosen(&in_order, "group");
    assert!(groups.iter().any(|(_, ships, _)| ships == "forward"), "{groups:?}");

    let in_tasks = env(2, "", None);
    let (left, right) = prices(&in_tasks);
    partitioned(left, right, 10_000_000).print();
    let joins = chosen(&in_tasks, "join");
    assert!(joins[0].0.starts_with("hash join") && joins[0].1 == "forward, forward", "{joins:?}");
}

#[test]
fn strategies_over_sorted_rows_give_the_same_records() {
    within_two_minutes("ways over sorted rows", || {
        let run = |decisions: Option<Decisions>| {
            let env = env(3, "", decisions);
            let (left, right) = prices(&env);
            sorted(left, right, 10_000_000).collect().unwrap()
        };
        let (expected, env) = (run(None), env(3, "", None));
        let (left, right) = prices(&env);
        sorted(left, right, 10_000_000).print();
        for (operator, candidates) in env.plan().unwrap().candidates() {
            for candidate in candidates {
                let forced = Decisions::default().with(operator, candidate.choice.clone());
                same_records(operator, run(Some(forced)), expected.clone());
            }
        }
    });
}

#[dataflow]
fn customers_of_kinds(sales: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    sales.group_by(|s| s.0).aggregate(|g| (g.key, g.count_distinct(|s| s.1)))
}

/// A combiner also groups by the counted values, so each group leaves it with as many rows as it
/// has distinct values.
#[test]
fn distinct_counts_use_a_combiner_for_few_values() {
    for (customers, how) in [(5, "combine aggregate, merge aggregate"), (100_000, "hash aggregate")] {
        let env = env(2, "", None);
        let sales: Vec<(u64, u64)> = (0..100_000).map(|sale| (sale % 20, sale / 20 % customers)).collect();
        customers_of_kinds(env.collection(sales).unwrap()).print();
        let chosen = chosen(&env, "aggregate");
        assert_eq!(chosen[0].0, how, "{customers} customers: {chosen:?}");
    }
}

#[dataflow]
fn named(sales: DataSet<(u64, u64)>, customers: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    sales.join(customers).on(|s| s.0, |c| c.0).map(|s, c| (s.1, c.1))
}

#[dataflow]
fn latest(sales: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    sales.group_by(|s| s.0).max(|s| s.1)
}

/// Hash partitioning would send all rows of the key to one task. So the key's partners are
/// broadcast, and its rows are grouped in their tasks.
#[test]
fn rows_of_a_very_frequent_key_are_not_shipped() {
    let customers: Vec<(u64, u64)> = (0..50_000).map(|id| (id, id % 20)).collect();
    for (hot, joined, grouped) in
        [(false, "hash 0, hash 0", "hash max"), (true, "forward, broadcast", "combine max, merge max")]
    {
        let of_sale = |sale: u64| if hot && sale.is_multiple_of(2) { 7 } else { sale * 7_919 % 50_000 };
        let sales: Vec<(u64, u64)> = (0..100_000).map(|sale| (of_sale(sale), sale)).collect();
        let of_sales = |env: &Env| env.collection(&sales).unwrap();
        let env = env(8, "", None);
        named(of_sales(&env), env.collection(&customers).unwrap()).print();
        let joins = chosen(&env, "join");
        latest(of_sales(&env)).print();
        let groupings = chosen(&env, "max");
        assert_eq!((&*joins[0].1, &*groupings[0].0), (joined, grouped), "hot: {hot}");
        env.discard();
    }
}

/// One sale in twenty has a partner. The join's filter drops the others before they are shipped.
#[test]
fn rows_dropped_by_a_runtime_filter_are_not_shipped() {
    let customers: Vec<(u64, u64)> = (0..5_000).map(|id| (id, id % 20)).collect();
    let ships = |keys: u64, without: &[Rule]| {
        let (without, progress) = (without.to_vec(), ProgressWhen::Never);
        let env = Env::new(Options { parallelism: 8, without, progress, ..Options::default() });
        let sales: Vec<(u64, u64)> = (0..100_000).map(|sale| (sale % keys, sale)).collect();
        named(env.collection(sales).unwrap(), env.collection(&customers).unwrap()).print();
        let joins = chosen(&env, "join");
        env.discard();
        joins[0].1.clone()
    };
    assert_eq!(ships(100_000, &[]), "hash 0, hash 0");
    assert_eq!(ships(100_000, &[Rule::RuntimeFilters]), "forward, broadcast");
    // Each sale has a partner.
    assert_eq!(ships(5_000, &[]), "forward, broadcast");
}

/// A shop, a kind, a price, and a note that no operator reads.
type Sold = (u64, u64, i64, String);
/// A shop, and its kind.
type Shop = (u64, u64);

#[dataflow]
fn finished_at_once(sales: DataSet<Sold>, shops: DataSet<Shop>) -> DataSet<(u64, i64)> {
    let lying = sales.partition_by(|s| s.0);
    let met = lying.join(shops).on(|s| s.0, |s| s.0).filter(|sale, shop| sale.1 != shop.1).map(|s, _| (s.0, s.2));
    met.group_by(|p| p.0).sum(|p| p.1)
}

#[dataflow]
fn finished_later(sales: DataSet<Sold>, shops: DataSet<Shop>) -> DataSet<(u64, i64)> {
    let lying = sales.partition_by(|s| s.0);
    let met = lying.join(shops).on(|s| s.0, |s| s.0);
    let sold = met.filter(|sale, shop| sale.1 != shop.1).map(|s, _| (s.0, s.2));
    sold.group_by(|p| p.0).sum(|p| p.1)
}

/// Read sets and copied fields are known at the place of the closure.
#[test]
fn a_join_bound_to_a_variable_is_planned_like_others() {
    let plan = |is_bound: bool| {
        let env = env(2, "", None);
        let sales: Vec<Sold> = (0..10_000).map(|sale| (sale % 50, sale % 7, 1, String::new())).collect();
        let shops: Vec<Shop> = (0..50).map(|shop| (shop, shop % 7)).collect();
        let (sales, shops) = (env.collection(sales).unwrap(), env.collection(shops).unwrap());
        if is_bound {
            finished_later(sales, shops).print()
        } else {
            finished_at_once(sales, shops).print()
        };
        without_places(&env.explain().unwrap())
    };
    let at_once = plan(false);
    assert!(at_once.contains("3 of 4 fields") && !at_once.contains("hash: met"), "{at_once}");
    assert_eq!(plan(true), at_once);
}
