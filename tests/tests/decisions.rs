//! Planner decisions as values: other decisions give the same records, and a recorded decision
//! gives the same plan again.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use dataflow::prelude::*;
use dataflow::{Decisions, Env, JoinOrder, Options, ProgressWhen, Rule};
use tests::{Folder, Random, same_records, within_two_minutes};

type Sale = (u32, u32, i64);
type Shop = (u32, String);

#[dataflow]
fn by_region(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<(String, i64, u64)> {
    let large = sales.filter(|s| s.2 > 10);
    let named = large.join(shops).on(|s| s.0, |s| s.0).map(|s, shop| (shop.1, s.1, s.2));
    named.group_by(|n| n.0).aggregate(|g| (g.key, g.sum(|n| n.2), g.count()))
}

#[dataflow]
fn without_shops(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<(String, i64, u64)> {
    let few = sales.semi_join(shops).on(|s| s.0, |s| s.0);
    let others = sales.anti_join(shops).on(|s| s.0, |s| s.0);
    let both =
        few.left_join(others).on(|f| f.1, |o| o.1).map(|f, o| (f.1.to_string(), f.2, o.map_or(0, |o| o.2 as u64)));
    both.group_by(|b| (b.0, b.2)).max(|b| b.1).union(both.sort(|b| (b.0, b.1)).distinct())
}

#[dataflow]
fn in_rounds(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<(String, i64, u64)> {
    let stepped = sales.iterate(3, |sales| {
        let met = sales.join(shops).on(|s| s.0, |s| s.0).map(|s, _| ((s.0 + 1) % 40, s.1, s.2 + 1));
        met.distinct()
    });
    stepped.map(|s| (s.0.to_string(), s.2, u64::from(s.1)))
}

#[dataflow]
fn more_in_each_round(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<(String, i64, u64)> {
    let more = shops.map(|s| (s.0, 1u32, 1i64));
    let all = sales.iterate(3, |sales| sales.union(more).distinct());
    all.map(|s| (s.0.to_string(), s.2, u64::from(s.1)))
}

type Program = fn(DataSet<Sale>, DataSet<Shop>) -> DataSet<(String, i64, u64)>;

fn with(decisions: Option<Decisions>) -> Env {
    let (progress, decisions) = (ProgressWhen::Never, decisions.map(Arc::new));
    Env::new(Options { parallelism: 2, progress, decisions, ..Options::default() })
}

/// Declares a program whose records go to a file.
fn declare(env: &Env, program: Program, output: &str) {
    let mut random = Random(5);
    let sales: Vec<Sale> =
        (0..3_000).map(|_| (random.below(50) as u32, random.below(20) as u32, random.below(100) as i64)).collect();
    let shops: Vec<Shop> = (0..40).map(|id| (id, format!("region {}", id % 7))).collect();
    program(env.collection(sales).unwrap(), env.collection(shops).unwrap()).write_native(output);
}

/// The program does not contain the replay. The plan shows it at the operator where it acts,
/// without the program's text about its rows.
#[test]
fn plans_show_replays_but_not_what_the_reader_keeps() {
    let folder = Folder::default();
    let explained = |program: Program| {
        let env = with(None);
        declare(&env, program, &folder.join("out"));
        let plan = env.explain().unwrap();
        env.run().unwrap();
        plan
    };
    let kept = explained(in_rounds);
    assert!(kept.contains("build right once") && !kept.contains("replay"), "{kept}");
    let replayed = explained(more_in_each_round);
    let lines: Vec<&str> = replayed.lines().filter(|line| line.contains("replay")).collect();
    assert!(lines.len() == 1 && lines[0].contains("more: replay") && !lines[0].contains("|s|"), "{replayed}");
}

fn found(env: &Env, output: &str) -> Vec<(String, i64, u64)> {
    env.run().unwrap();
    with(None).read_native(output).unwrap().collect().unwrap()
}

#[test]
fn every_choice_gives_the_same_records() {
    within_two_minutes("all choices", || {
        for (name, program) in [("join", by_region as Program), ("semi", without_shops), ("loop", in_rounds)] {
            let folder = Folder::default();
            let output = folder.join("out");
            let env = with(None);
            declare(&env, program, &output);
            let plan = env.plan().unwrap();
            let expected = found(&env, &output);
            assert!(!expected.is_empty());
            let mut others = 0;
            for (identity, candidates) in plan.candidates() {
                let chosen = plan.decisions().get(identity);
                assert!(candidates.iter().any(|candidate| Some(&candidate.choice) == chosen), "{identity}");
                for candidate in candidates.iter().filter(|candidate| Some(&candidate.choice) != chosen) {
                    let forced = Decisions::default().with(identity, candidate.choice.clone());
                    let env = with(Some(forced));
                    declare(&env, program, &output);
                    assert_eq!(env.plan().unwrap().decisions().get(identity), Some(&candidate.choice));
                    same_records(
                        &format!("{name}, {identity}: {}", candidate.choice),
                        found(&env, &output),
                        expected.clone(),
                    );
                    others += 1;
                }
            }
            assert!(others >= 3, "{name}: {others} other choices");
        }
    });
}

#[test]
fn decisions_round_trip_as_text() {
    let folder = Folder::default();
    let env = with(None);
    declare(&env, by_region, &folder.join("out"));
    let plan = env.plan().unwrap();
    let (identity, candidates) = plan.candidates().find(|(_, candidates)| candidates.len() > 2).unwrap();
    let other = candidates[2].choice.clone();
    let decisions = plan.decisions().clone().with(identity, other.clone());
    let env = with(Some(Decisions::from_json(&decisions.to_json()).unwrap()));
    declare(&env, by_region, &folder.join("out"));
    let plan = env.plan().unwrap();
    assert_eq!(plan.decisions().clone().with(identity, other), decisions);
    let decisions = plan.decisions();
    assert!(plan.to_json().contains(&format!("\"decisions\":{}", decisions.to_json())), "{}", plan.to_json());
    assert!(plan.to_json().contains(&format!("\"identity\":\"{identity}\"")), "{}", plan.to_json());
}

/// Another process may have other estimates, and must get the same stages and filters.
#[test]
fn decisions_give_the_same_plan_for_other_estimates() {
    let folder = Folder::default();
    let plan = |sales: u32, shops: u32, decisions: Option<Decisions>| {
        let env = with(decisions);
        let sales: Vec<Sale> = (0..sales).map(|sale| (sale % 50_000, sale % 20, i64::from(sale % 100))).collect();
        let shops: Vec<Shop> = (0..shops).map(|id| (id * 11, format!("region {}", id % 7))).collect();
        by_region(env.collection(sales).unwrap(), env.collection(shops).unwrap()).write_native(folder.join("out"));
        let plan = env.plan().unwrap();
        env.discard();
        plan
    };
    let (large, small) = (plan(200_000, 2_000, None), plan(30, 300_000, None));
    assert_ne!(large.decisions(), small.decisions(), "the data give different plans");
    let text = large.decisions().to_json();
    assert!(text.contains(r#""runtime_filters":[{"#), "{text}");
    let again = plan(30, 300_000, Some(Decisions::from_json(&text).unwrap()));
    assert_eq!(again.decisions(), large.decisions());
}

#[test]
fn an_unknown_choice_is_rejected_with_the_available_ones() {
    let folder = Folder::default();
    let env = with(None);
    declare(&env, by_region, &folder.join("out"));
    let plan = env.plan().unwrap();
    let (identity, candidates) = plan.candidates().find(|(_, candidates)| candidates.len() > 1).unwrap();
    let mut choice = candidates[0].choice.clone();
    choice.how = "by magic".to_owned();
    let env = with(Some(Decisions::default().with(identity, choice)));
    declare(&env, by_region, &folder.join("out"));
    let message = env.run().unwrap_err().to_string();
    assert!(message.contains("`by magic`") && message.contains(&candidates[1].choice.how), "{message}");
}

/// A number for each of two keys, the value computed so far, and a text.
type Part = (u32, u32, u64, String);

/// Four relations with one common key, so any two can be joined first.
#[dataflow]
fn by_one_key(one: DataSet<Part>, two: DataSet<Part>, three: DataSet<Part>, four: DataSet<Part>) -> DataSet<Part> {
    let both = one.join(two).on(|l| l.0, |r| r.0).map(|l, r| (r.0, l.1, l.2 * 31 + r.2, l.3));
    let more = both.join(three).on(|l| l.0, |r| r.0).map(|l, r| (l.0, l.1, l.2 * 31 + r.2, r.3));
    more.join(four).on(|l| l.0, |r| r.0).map(|l, r| (l.0, r.1, l.2 * 31 + r.2, l.3))
}

/// Four relations in a chain: each shares a key with the next one only.
#[dataflow]
fn along_a_chain(one: DataSet<Part>, two: DataSet<Part>, three: DataSet<Part>, four: DataSet<Part>) -> DataSet<Part> {
    let left = one.join(two).on(|l| l.0, |r| r.0).map(|l, r| (l.0, r.1, l.2 * 31 + r.2, l.3));
    let right = three.join(four).on(|l| l.0, |r| r.0).map(|l, r| (r.0, l.1, l.2 * 31 + r.2, r.3));
    left.join(right).on(|l| l.1, |r| r.1).map(|l, r| (r.0, l.1, l.2 * 31 + r.2, l.3))
}

type Joins = fn(DataSet<Part>, DataSet<Part>, DataSet<Part>, DataSet<Part>) -> DataSet<Part>;

fn declare_joins(env: &Env, program: Joins, output: &str) {
    let mut random = Random(11);
    let mut part = |number: u64, size: u64| {
        let rows = 0..size;
        let rows = rows.map(|row| {
            (random.below(8) as u32, random.below(6) as u32, random.below(1_000), format!("{number}.{row}"))
        });
        env.collection(rows.collect::<Vec<Part>>()).unwrap()
    };
    let parts = [40, 12, 25, 8].map(|size| part(size, size));
    let [one, two, three, four] = parts;
    program(one, two, three, four).write_native(output);
}

fn joined(decisions: Decisions, program: Joins, output: &str) -> (dataflow::Result<dataflow::Plan>, Vec<Part>) {
    let env = with(Some(decisions));
    declare_joins(&env, program, output);
    let plan = env.plan();
    if plan.is_err() {
        env.discard();
        return (plan, Vec::new());
    }
    env.run().unwrap();
    (plan, with(None).read_native(output).unwrap().collect().unwrap())
}

/// The relations of a join order, from left to right.
fn relations(order: &JoinOrder) -> Vec<JoinOrder> {
    match order {
        JoinOrder::Relation(_) => vec![order.clone()],
        JoinOrder::Join(sides) => sides.iter().flat_map(relations).collect(),
    }
}

/// All binary trees of the relations.
fn orders(relations: &[JoinOrder]) -> Vec<JoinOrder> {
    if let [relation] = relations {
        return vec![relation.clone()];
    }
    let mut found = Vec::new();
    for left in 1..(1 << relations.len()) - 1 {
        let some = |of_left: bool| {
            let all = relations.iter().enumerate();
            let some = all.filter(|(at, _)| (left >> at & 1 == 1) == of_left);
            orders(&some.map(|(_, relation)| relation.clone()).collect::<Vec<_>>())
        };
        for left in some(true) {
            found.extend(some(false).into_iter().map(|right| JoinOrder::join(left.clone(), right)));
        }
    }
    found
}

#[test]
fn every_order_of_four_relations_gives_the_same_records() {
    within_two_minutes("all orders", || {
        // For a chain, most trees contain a join without a key.
        for (name, program, possible) in [("one key", by_one_key as Joins, 120), ("chain", along_a_chain, 40)] {
            let folder = Folder::default();
            let output = folder.join("out");
            let (plan, expected) = joined(Decisions::default(), program, &output);
            let plan = plan.unwrap();
            let [region] = plan.join_regions() else { panic!("{name}: {:?}", plan.join_regions()) };
            assert_eq!(plan.decisions().join_order(&region.join), Some(&region.chosen.order));
            assert!(expected.len() > 100, "{name}: {}", expected.len());
            let relations = relations(&region.written.order);
            assert_eq!(relations.len(), 4);
            let all = orders(&relations);
            assert_eq!(all.len(), 120);
            let (mut made, mut plans) = (0, std::collections::HashSet::new());
            for order in all {
                let forced = Decisions::default().with_join_order(&region.join, order.clone());
                let (plan, found) = joined(forced, program, &output);
                let Ok(plan) = plan else { continue };
                assert_eq!(plan.decisions().join_order(&region.join), Some(&order));
                plans.insert(plan.join_regions()[0].chosen.rows.to_bits());
                same_records(&format!("{name}, {order}"), found, expected.clone());
                made += 1;
            }
            assert_eq!(made, possible, "{name}");
            assert!(plans.len() > 3, "{name}: orders carry the same, {plans:?}");
        }
    });
}

#[test]
fn join_orders_round_trip_as_text_without_the_rule() {
    let folder = Folder::default();
    let output = folder.join("out");
    let (plan, expected) = joined(Decisions::default(), by_one_key, &output);
    let plan = plan.unwrap();
    let region = &plan.join_regions()[0];
    let mut relations = relations(&region.chosen.order);
    relations.rotate_left(1);
    let order = relations.into_iter().reduce(JoinOrder::join).unwrap();
    assert!(order != region.chosen.order && order != region.written.order);
    let (plan, _) = joined(Decisions::default().with_join_order(&region.join, order.clone()), by_one_key, &output);
    let decisions = plan.unwrap().decisions().clone();
    let decided = Some(Arc::new(Decisions::from_json(&decisions.to_json()).unwrap()));
    let options = Options { parallelism: 2, progress: ProgressWhen::Never, decisions: decided, ..Options::default() };
    for without in [vec![], vec![Rule::Joins]] {
        let env = Env::new(Options { without, ..options.clone() });
        declare_joins(&env, by_one_key, &output);
        assert_eq!(*env.plan().unwrap().decisions(), decisions);
        env.run().unwrap();
        same_records("given back", with(None).read_native(&output).unwrap().collect().unwrap(), expected.clone());
    }
}

#[test]
fn an_unknown_join_order_is_rejected_with_the_relations() {
    let folder = Folder::default();
    let output = folder.join("out");
    let (plan, _) = joined(Decisions::default(), along_a_chain, &output);
    let plan = plan.unwrap();
    let region = &plan.join_regions()[0];
    let relations = relations(&region.written.order);
    let [one, two, three, four] = [0, 1, 2, 3].map(|at| relations[at].clone());
    let unknown = JoinOrder::Relation("nobody".to_owned());
    let all = |of: &[&JoinOrder]| of.iter().map(|relation| (*relation).clone()).reduce(JoinOrder::join).unwrap();
    let wrong = [
        ("one is missing", all(&[&one, &two, &three])),
        ("one is there twice", all(&[&one, &two, &three, &four, &one])),
        ("an unknown one", all(&[&one, &two, &three, &unknown])),
        ("a join without a key", all(&[&one, &three, &two, &four])),
    ];
    for (name, order) in wrong {
        let (plan, _) =
            joined(Decisions::default().with_join_order(&region.join, order.clone()), along_a_chain, &output);
        let message = plan.err().unwrap_or_else(|| panic!("{name}")).to_string();
        assert!(message.contains(&order.to_string()) && message.contains("each once"), "{name}: {message}");
        assert!(message.contains(&region.join) && message.contains("tests/tests/decisions.rs"), "{name}: {message}");
    }
}

/// The same amount, delayed.
fn delayed(amount: i64) -> i64 {
    std::thread::sleep(std::time::Duration::from_micros(20));
    amount
}

#[dataflow]
fn in_one_task(sales: DataSet<Sale>, shops: DataSet<Shop>) -> DataSet<(u32, i64, String)> {
    let sorted = sales.map(|s| (s.0, s.1, delayed(s.2))).sort(|s| s.2);
    sorted.join(shops.top(2, |s| s.0)).on(|s| s.0, |s| s.0).map(|s, shop| (s.1, s.2, shop.1))
}

/// The join's runtime filter runs in the sending tasks.
#[test]
fn a_single_join_task_counts_rows_dropped_in_several() {
    within_two_minutes("a join in one task", || {
        let sales: Vec<Sale> = (0..40_000).map(|n| (n % 50, n % 20, i64::from(n % 1_000))).collect();
        let shops: Vec<Shop> = (0..40).map(|id| (id, format!("region {id}"))).collect();
        let declared = |decisions: Option<Decisions>| {
            let (progress, decisions) = (ProgressWhen::Never, decisions.map(Arc::new));
            let env = Env::new(Options { parallelism: 4, progress, decisions, ..Options::default() });
            let flows = (env.collection(sales.clone()).unwrap(), env.collection(shops.clone()).unwrap());
            let folder = Folder::default();
            in_one_task(flows.0, flows.1).write_native(folder.join("out"));
            (env, folder)
        };
        let plan = declared(None).0.plan().unwrap();
        // The sort sends all rows to one task, so the join has one task.
        let of_sort = plan.candidates().find_map(|(identity, candidates)| {
            let in_one = candidates.iter().find(|candidate| candidate.choice.how == "external sort")?;
            Some((identity, in_one.choice.clone()))
        });
        let (identity, choice) = of_sort.unwrap();
        let forced = Decisions::default().with(identity, choice);
        let (env, folder) = declared(Some(forced));
        let report = env.run().unwrap();
        let rows: Vec<(u32, i64, String)> = with(None).read_native(folder.join("out")).unwrap().collect().unwrap();
        assert_eq!(rows.len(), 1_600);
        let filtered = report.explain_json().split("\"filtered_rows\":").filter(|rest| !rest.starts_with('0')).count();
        assert!(filtered > 1, "no row was dropped before the join: {}", report.explain_json());
    });
}
