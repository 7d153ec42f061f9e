//! What the planner chose is a value: every other choice gives the same records, and a choice that is given back gives the same plan.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use dataflow::prelude::*;
use dataflow::{Decisions, Env, Options, ProgressWhen};
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

/// Nobody wrote a replay: it is shown where it does something, and not with what somebody wrote of its rows.
#[test]
fn plans_show_what_is_replayed_and_not_what_its_reader_keeps() {
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
fn a_plan_is_given_back_as_text() {
    let folder = Folder::default();
    let env = with(None);
    declare(&env, by_region, &folder.join("out"));
    let plan = env.plan().unwrap();
    let (identity, candidates) = plan.candidates().find(|(_, candidates)| candidates.len() > 2).unwrap();
    let decisions = plan.decisions().clone().with(identity, candidates[2].choice.clone());
    let env = with(Some(Decisions::from_json(&decisions.to_json()).unwrap()));
    declare(&env, by_region, &folder.join("out"));
    assert_eq!(*env.plan().unwrap().decisions(), decisions);
    let plan = env.plan().unwrap();
    assert!(plan.to_json().contains(&format!("\"decisions\":{}", decisions.to_json())), "{}", plan.to_json());
    assert!(plan.to_json().contains(&format!("\"identity\":\"{identity}\"")), "{}", plan.to_json());
}

#[test]
fn a_choice_that_there_is_not_is_refused_with_those_that_there_are() {
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
