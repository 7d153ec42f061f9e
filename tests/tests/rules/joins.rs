//! Join reordering keeps the records.

use dataflow::Rule;
use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Random, embedded, on_each_parallelism, same_records};

use super::without;

/// Two keys, the value computed so far, and a text that lists the joined records.
#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    pub a: u64,
    pub b: Option<u64>,
    pub sum: u64,
    pub who: String,
}

/// A key of each of two records.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    pub a: u64,
    pub other: u64,
    pub b: Option<u64>,
    pub sum: u64,
}

/// A record with nested fields.
#[derive(Record, Clone, Debug, PartialEq)]
pub(crate) struct Nested {
    pub part: Part,
    pub more: u64,
}

/// Copies both keys, from either side.
#[dataflow]
fn along(left: DataSet<Part>, right: DataSet<Part>) -> DataSet<Part> {
    left.join(right).on(|l| l.a, |r| r.a).map(|l, r| PartRef { a: l.a, b: r.b, sum: l.sum * 31 + r.sum, who: r.who })
}

/// Joins by an optional key.
#[dataflow]
fn by_options(left: DataSet<Part>, right: DataSet<Part>) -> DataSet<Part> {
    left.join(right).on(|l| l.b, |r| r.b).map(|l, r| PartRef { a: r.a, b: l.b, sum: l.sum ^ (r.sum << 1), who: l.who })
}

/// Joins by two keys.
#[dataflow]
fn by_both(left: DataSet<Part>, right: DataSet<Part>) -> DataSet<Part> {
    left.join(right).on(|l| (l.a, l.b), |r| (r.a, r.b)).map(|l, r| PartRef { sum: l.sum + 3 * r.sum, ..l })
}

/// The record passes through another record that contains it, and through a projection.
#[dataflow]
fn nested(left: DataSet<Part>, right: DataSet<Part>) -> DataSet<Part> {
    let both = left.join(right).on(|l| l.a, |r| r.a).map(|l, r| NestedRef { part: l, more: r.sum });
    both.project(|n| (n.part.a, n.part.b, n.part.sum, n.part.who, n.more)).map(|n| PartRef {
        a: n.0,
        b: n.1,
        sum: n.2 + n.4,
        who: n.3,
    })
}

/// Only a projection is between the two joins.
#[dataflow]
fn projected(left: DataSet<Part>, middle: DataSet<Part>, right: DataSet<Part>) -> DataSet<Part> {
    let pairs = left.join(middle).on(|l| l.a, |m| m.a).map(|l, m| (l.sum - m.sum.min(l.sum), m.b, m.who, l.a));
    pairs.project(|p| (p.1, p.0, p.3)).join(right).on(|p| p.0, |r| r.b).map(|p, r| PartRef {
        a: p.2,
        b: p.0,
        sum: p.1 + r.sum,
        who: r.who,
    })
}

/// Only the last join makes the keys of both sides equal.
#[dataflow]
fn implied(one: DataSet<Part>, two: DataSet<Part>, three: DataSet<Part>, four: DataSet<Part>) -> DataSet<Part> {
    let left = one.join(two).on(|l| l.b, |r| r.b).map(|l, r| Pair { a: l.a, other: r.a, b: r.b, sum: l.sum + r.sum });
    let right = three.join(four).on(|l| l.a, |r| r.a).map(|l, r| Pair { a: l.a, other: r.a, b: r.b, sum: l.sum });
    left.join(right).on(|l| (l.a, l.other), |r| (r.a, r.other)).map(|l, r| PartRef {
        a: l.a,
        b: r.b,
        sum: l.sum * 7 + r.sum,
        who: "",
    })
}

/// One key is computed, and the pairs are filtered.
#[dataflow]
fn computed(left: DataSet<Part>, right: DataSet<Part>) -> DataSet<Part> {
    left.join(right).on(|l| l.a, |r| r.sum % 11).filter(|l, r| l.sum % 3 != r.a % 3).map(|l, r| PartRef {
        a: r.a,
        b: l.b,
        sum: l.sum,
        who: l.who,
    })
}

/// A filter on a computed value.
#[dataflow]
fn thinned(parts: DataSet<Part>) -> DataSet<Part> {
    parts.filter(|p| p.sum % 5 != 1)
}

/// Builds a program from bytes that choose the operators and their flows.
fn program(env: &Env, sizes: &[usize], choices: &[(u8, u8, u8)]) -> DataSet<Part> {
    let mut random = Random(7);
    let mut flows: Vec<DataSet<Part>> = Vec::new();
    for (number, &size) in sizes.iter().enumerate() {
        let part = |row: usize| Part {
            a: random.below(12),
            b: Some(random.below(9)).filter(|b| *b != 0),
            sum: random.below(1000),
            who: format!("{number}.{row}"),
        };
        flows.push(env.collection((0..size).map(part).collect::<Vec<_>>()).unwrap());
    }
    for &(word, one, other) in choices {
        if flows.len() < 2 {
            break;
        }
        let left = flows.remove(usize::from(one) % flows.len());
        let right = flows.remove(usize::from(other) % flows.len());
        let joined = match word % 10 {
            0 | 1 => along(left, right),
            2 | 3 => by_options(left, right),
            4 => by_both(left, right),
            5 => nested(left, right),
            6 if !flows.is_empty() => {
                let last = flows.remove(usize::from(word) % flows.len());
                projected(left, right, last)
            }
            8 | 9 if flows.len() > 1 => {
                let [three, four] = [0, 1].map(|_| flows.remove(usize::from(word) % flows.len()));
                implied(left, right, three, four)
            }
            _ => computed(thinned(left), right),
        };
        flows.push(joined);
    }
    flows.pop().unwrap()
}

fn reorders(env: &Env, flow: &DataSet<Part>) -> bool {
    flow.clone().print();
    env.explain().unwrap().contains("reordered")
}

#[test]
fn reordered_joins_give_the_same_records() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 60,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let reordered = std::cell::Cell::new(0);
    let sizes = proptest::collection::vec(1..40usize, 3..8);
    let choices = proptest::collection::vec(any::<(u8, u8, u8)>(), 8);
    let run = |(sizes, choices): (Vec<usize>, Vec<(u8, u8, u8)>)| {
        let expected = || program(&embedded(), &sizes, &choices).collect().unwrap();
        let env = without(&[]);
        reordered.set(reordered.get() + usize::from(reorders(&env, &program(&env, &sizes, &choices))));
        on_each_parallelism(|engine, env| {
            same_records(engine, program(env, &sizes, &choices).collect().unwrap(), expected());
        });
        for rule in [Rule::Joins, Rule::Fields, Rule::Filters] {
            let env = without(&[rule]);
            same_records(rule.name(), program(&env, &sizes, &choices).collect().unwrap(), expected());
        }
        Ok(())
    };
    runner.run(&(sizes, choices), run).unwrap();
    assert!(reordered.get() >= 6, "only {} of the programs were reordered", reordered.get());
}
