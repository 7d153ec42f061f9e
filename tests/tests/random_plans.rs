//! Random plans of up to eight operators, with loops and forks: none hangs, and each returns the
//! rows of plain loops.
//!
//! A plan is a list of operators, each with the numbers of its input flows. The pipelines below are
//! compiled once, and a plan calls them. A record has a text of some thousand bytes, so a few
//! thousand records fill all channels. A plan that can deadlock does so.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use dataflow::prelude::*;
use dataflow::{Env, Options, ProgressWhen, Result, Rule};
use runtime::error::Error;
use tests::{Folder, Random, local, within_two_minutes};

/// A key, a value, and a text that is equal in all records of a plan.
type Row = (u64, u64, String);

/// The record in plain loops, without the text.
type Pair = (u64, u64);

/// Upper bound of keys and values.
const VALUE_BOUND: u64 = 250;

/// Plans with a flow of more records are not run.
const MAX_ROWS: usize = 15_000;

fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) % VALUE_BOUND
}

#[dataflow]
fn mapped(rows: DataSet<Row>) -> DataSet<Row> {
    rows.map(|r| (mixed(r.0 + 1), mixed(r.1 + 3), r.2))
}

#[dataflow]
fn filtered(rows: DataSet<Row>) -> DataSet<Row> {
    rows.filter(|r| r.1 % 4 != 0)
}

#[dataflow]
fn different(rows: DataSet<Row>) -> DataSet<Row> {
    rows.distinct()
}

#[dataflow]
fn summed(rows: DataSet<Row>, text: usize) -> DataSet<Row> {
    rows.map(|r| (r.0, r.1)).group_by(|r| r.0).sum(|r| r.1).map(|g| (g.0, g.1 % VALUE_BOUND, "x".repeat(text)))
}

#[dataflow]
fn sorted(rows: DataSet<Row>) -> DataSet<Row> {
    rows.sort(|r| (r.1, r.0))
}

#[dataflow]
fn best(rows: DataSet<Row>) -> DataSet<Row> {
    rows.top(150, |r| (desc(r.1), r.0))
}

#[dataflow]
fn joined(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Row> {
    left.join(right).on(|l| l.0, |r| r.0).map(|l, r| (mixed(l.1 + r.1), mixed(l.0 + r.1), l.2))
}

#[dataflow]
fn built_left(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Row> {
    left.join(right).hint(BuildLeft).on(|l| l.0, |r| r.0).map(|l, r| (mixed(l.1 + r.1), mixed(l.0 + r.1), l.2))
}

#[dataflow]
fn built_right(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Row> {
    let joined = left.join(right).hint(RepartitionBuildRight).on(|l| l.0, |r| r.0);
    joined.map(|l, r| (mixed(l.1 + r.1), mixed(l.0 + r.1), r.2))
}

#[dataflow]
fn merged(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Row> {
    left.join(right).hint(SortMerge).on(|l| l.0, |r| r.0).map(|l, r| (mixed(l.1 + r.1), mixed(l.0 + r.1), l.2))
}

#[dataflow]
fn with_partner(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Row> {
    left.semi_join(right).on(|l| l.0, |r| r.1)
}

#[dataflow]
fn without_partner(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Row> {
    left.anti_join(right).on(|l| l.0, |r| r.1)
}

#[dataflow]
fn left_joined(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Row> {
    left.left_join(right).on(|l| l.0, |r| r.0).map(|l, r| (mixed(l.0 + 5), r.map_or(l.1, |r| r.1), l.2))
}

#[dataflow]
fn co_grouped(left: DataSet<Row>, right: DataSet<Row>, text: usize) -> DataSet<Row> {
    left.co_group(right).on(|l| l.0, |r| r.0).reduce_group(|left, right, out| {
        let mut sum = 0;
        for row in left {
            sum += row.0 + row.1;
        }
        for row in right {
            sum += row.1;
        }
        out.emit((mixed(sum), mixed(sum + 1), "x".repeat(text)));
    })
}

#[dataflow]
fn with_all(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Row> {
    let least = right.sort(|r| (r.0, r.1)).first(3);
    left.with_all(least).map(|l, all| (l.0, mixed(l.1 + all.len() as u64), l.2))
}

/// The initial solution set of a delta iteration: one record per key.
#[dataflow]
fn least(rows: DataSet<Row>, text: usize) -> DataSet<Row> {
    rows.map(|r| (r.0, r.1)).group_by(|r| r.0).min(|r| r.1).map(|g| (g.0, g.1, "x".repeat(text)))
}

#[dataflow]
fn better(set: Solution<Row, u64>, rows: DataSet<Row>) -> DataSet<Row> {
    rows.join(set).on(|r| r.0).filter(|r, known| r.1 < known.1).map(|r, _| r)
}

#[derive(Clone, Copy, Debug)]
enum One {
    Map,
    Filter,
    Distinct,
    Sum,
    Sort,
    Top,
}

#[derive(Clone, Copy, Debug)]
enum Two {
    Union,
    Join,
    BuildLeft,
    BuildRight,
    Merge,
    Semi,
    Anti,
    Left,
    CoGroup,
    WithAll,
}

const ONES: [One; 6] = [One::Map, One::Filter, One::Distinct, One::Sum, One::Sort, One::Top];
const TWOS: [Two; 10] = [
    Two::Union,
    Two::Join,
    Two::BuildLeft,
    Two::BuildRight,
    Two::Merge,
    Two::Semi,
    Two::Anti,
    Two::Left,
    Two::CoGroup,
    Two::WithAll,
];

/// An operator. Flows are numbered in order.
#[derive(Clone, Debug)]
enum Op {
    Source(u64),
    One(One, usize),
    Two(Two, usize, usize),
    /// The body sees the flows before the loop, then its own rows, then the rows of its operators.
    /// Its result is the last flow.
    Iterate(u32, usize, Vec<Op>),
    /// The same over a solution set. The first flow is the solution set, the second is the initial
    /// workset.
    Delta(u32, usize, usize, Vec<Op>),
}

#[derive(Clone, Debug)]
struct Plan {
    ops: Vec<Op>,
    text: usize,
    tasks: usize,
    without_scans: bool,
    least_memory: bool,
}

impl Plan {
    /// The plan of a seed.
    fn random(seed: u64) -> Self {
        let mut random = Random(seed);
        // Flows have few wide or many narrow records.
        let (text, rows) = if random.below(8) > 0 { (8_000, 300) } else { (1, 14_000) };
        let mut ops: Vec<Op> = (0..1 + random.below(2)).map(|_| Op::Source(rows - random.below(rows / 3))).collect();
        if random.below(12) == 0 {
            ops[0] = Op::Source(0);
        }
        // Half of the operators read one flow, so that forks are frequent.
        ops.push(Op::One(ONES[random.index(ONES.len())], 0));
        let hub = ops.len() - 1;
        let mut loops = 1 + random.below(3).min(1);
        let mut left = 3 + random.below(5);
        while left > 0 {
            let flows = ops.len();
            if loops > 0 && random.below(left / loops + 1) < 2 {
                loops -= 1;
                let (rounds, size) = (random.below(4) as u32, 1 + random.below(3));
                let body = Plan::body(&mut random, flows, (size, hub));
                left = left.saturating_sub(1 + size);
                ops.push(match random.below(3) {
                    0 => Op::Delta(rounds, random.index(flows), random.index(flows), body),
                    _ => Op::Iterate(rounds, random.index(flows), body),
                });
            } else {
                left -= 1;
                let input = random.index(flows);
                ops.push(Plan::operator(&mut random, input, (flows, hub)));
            }
        }
        Plan::read_all(&mut ops);
        let tasks = [1, 2, 4][random.index(3)];
        Plan { ops, text, tasks, without_scans: random.below(3) == 0, least_memory: random.below(3) == 0 }
    }

    /// The body of a loop. Each operator reads rows of the loop, or derived rows, and optionally
    /// another flow.
    fn body(random: &mut Random, outer: usize, (size, hub): (u64, usize)) -> Vec<Op> {
        let mut body = Vec::new();
        for own in 1..=size as usize {
            let input = outer + random.index(own);
            body.push(Plan::operator(random, input, (outer + own, hub)));
        }
        body
    }

    fn operator(random: &mut Random, input: usize, (flows, hub): (usize, usize)) -> Op {
        if random.below(5) < 2 {
            return Op::One(ONES[random.index(ONES.len())], input);
        }
        let two = TWOS[random.index(TWOS.len())];
        let other = if random.below(2) == 0 { hub } else { random.index(flows) };
        if random.below(2) == 0 { Op::Two(two, input, other) } else { Op::Two(two, other, input) }
    }

    /// Combines the flows that no operator reads.
    fn read_all(ops: &mut Vec<Op>) {
        let mut read = BTreeSet::new();
        for (flow, op) in ops.iter().enumerate() {
            op.inputs(&mut |input| _ = (input < flow).then(|| read.insert(input)));
        }
        let mut unread = (0..ops.len()).filter(|flow| !read.contains(flow));
        let Some(mut all) = unread.next() else { return };
        for flow in unread.collect::<Vec<_>>() {
            ops.push(Op::Two(Two::Union, all, flow));
            all = ops.len() - 1;
        }
    }

    /// The rows by plain loops. `None` if a flow has too many.
    fn expected(&self) -> Option<Vec<Pair>> {
        let mut flows: Vec<Vec<Pair>> = Vec::new();
        for op in &self.ops {
            let rows = op.expected(&flows)?;
            flows.push(rows);
        }
        flows.pop()
    }

    /// The rows by the engine. Sources and results are files, since they do not fit the minimum
    /// memory.
    fn run(&self) -> Vec<Pair> {
        let folder = Folder::default();
        let env = local(2);
        for (flow, op) in self.ops.iter().enumerate() {
            if let Op::Source(rows) = *op {
                let text = "x".repeat(self.text);
                let rows_of: Vec<Row> = source(rows).map(|(key, value)| (key, value, text.clone())).collect();
                env.collection(&rows_of).unwrap().write_native(folder.join(&format!("source-{flow}")));
            }
        }
        env.run().unwrap();
        let memory_bytes = match self.least_memory.then(|| self.run_in(&folder, 1)) {
            Some(Err(error)) => match error.cause() {
                Error::TooLittleMemory { need, .. } => *need,
                _ => panic!("{self}: {error}"),
            },
            Some(Ok(())) => panic!("{self}: a byte was enough"),
            None => 2 << 30,
        };
        self.run_in(&folder, memory_bytes).unwrap_or_else(|error| panic!("{self}: {error}"));
        let rows: Vec<Row> = env.read_native(folder.join("result")).unwrap().collect().unwrap();
        let is_whole = |row: &Row| row.2.len() == self.text && row.2.bytes().all(|letter| letter == b'x');
        assert!(rows.iter().all(is_whole), "{self}: a text is another");
        rows.into_iter().map(|(key, value, _)| (key, value)).collect()
    }

    fn run_in(&self, folder: &Folder, memory_bytes: usize) -> Result<()> {
        let without = if self.without_scans { vec![Rule::Scans] } else { Vec::new() };
        let (parallelism, progress) = (self.tasks, ProgressWhen::Never);
        let env = Env::new(Options { parallelism, memory_bytes, progress, without, ..Options::default() });
        let mut flows = Vec::new();
        for (number, op) in self.ops.iter().enumerate() {
            let flow = match op {
                Op::Source(_) => env.read_native(folder.join(&format!("source-{number}")))?,
                _ => op.flow(&flows, self.text),
            };
            flows.push(flow);
        }
        flows.pop().unwrap().write_native(folder.join("result"));
        env.run().map(drop)
    }
}

impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut lines = format!("{} tasks, texts of {} bytes", self.tasks, self.text);
        lines += if self.without_scans { ", without scans" } else { "" };
        lines += if self.least_memory { ", least memory" } else { "" };
        self.ops.iter().enumerate().for_each(|(flow, op)| _ = write!(lines, "\n  {flow}: {op:?}"));
        f.write_str(&lines)
    }
}

impl Op {
    /// Calls `read` with each input flow. Flows of a body are numbered from its own rows on.
    fn inputs(&self, read: &mut dyn FnMut(usize)) {
        let body = match self {
            Op::Source(_) => &[],
            Op::One(_, input) => return read(*input),
            Op::Two(_, left, right) => return [*left, *right].into_iter().for_each(read),
            Op::Iterate(_, initial, body) => {
                read(*initial);
                body.as_slice()
            }
            Op::Delta(_, set, workset, body) => {
                [*set, *workset].into_iter().for_each(&mut *read);
                body
            }
        };
        body.iter().for_each(|op| op.inputs(read));
    }

    fn expected(&self, flows: &[Vec<Pair>]) -> Option<Vec<Pair>> {
        let rows = match self {
            Op::Source(rows) => source(*rows).collect(),
            Op::One(one, input) => one.expected(&flows[*input]),
            Op::Two(two, left, right) => two.expected(&flows[*left], &flows[*right])?,
            Op::Iterate(rounds, initial, body) => {
                let mut rows = flows[*initial].clone();
                for _ in 0..*rounds {
                    rows = expected_of(body, flows, rows)?;
                }
                rows
            }
            Op::Delta(rounds, set, workset, body) => {
                let mut set: BTreeMap<u64, u64> = least_of(&flows[*set]);
                let mut rows = flows[*workset].clone();
                for _ in 0..*rounds {
                    if rows.is_empty() {
                        break;
                    }
                    let found = least_of(&expected_of(body, flows, rows)?);
                    rows = found
                        .into_iter()
                        .filter(|(key, value)| set.get(key).is_some_and(|known| value < known))
                        .collect();
                    set.extend(rows.iter().copied());
                }
                set.into_iter().collect()
            }
        };
        (rows.len() <= MAX_ROWS).then_some(rows)
    }

    /// Applies an operator to its input flows.
    fn flow(&self, flows: &[DataSet<Row>], text: usize) -> DataSet<Row> {
        match self {
            Op::Source(rows) => panic!("a source of {rows} rows reads no flow"),
            Op::One(one, input) => one.flow(flows[*input].clone(), text),
            Op::Two(two, left, right) => two.flow(flows[*left].clone(), flows[*right].clone(), text),
            Op::Iterate(rounds, initial, body) => {
                flows[*initial].iterate(*rounds, |rows| flow_of(body, flows, rows, text))
            }
            Op::Delta(rounds, set, workset, body) => {
                let set = least(flows[*set].clone(), text);
                let workset = flows[*workset].clone();
                set.iterate_delta(
                    workset,
                    |row| row.0,
                    *rounds,
                    |set, rows| {
                        let found = better(set, least(flow_of(body, flows, rows, text), text));
                        (found.clone(), found)
                    },
                )
            }
        }
    }
}

/// The rows of a source.
fn source(rows: u64) -> impl Iterator<Item = Pair> {
    (0..rows).map(move |row| (mixed(row + rows), mixed(row * row + 7)))
}

/// The rows of a body in one round.
fn expected_of(body: &[Op], flows: &[Vec<Pair>], rows: Vec<Pair>) -> Option<Vec<Pair>> {
    let mut flows = flows.to_vec();
    flows.push(rows);
    for op in body {
        let rows = op.expected(&flows)?;
        flows.push(rows);
    }
    flows.pop()
}

fn flow_of(body: &[Op], flows: &[DataSet<Row>], rows: DataSet<Row>, text: usize) -> DataSet<Row> {
    let mut flows = flows.to_vec();
    flows.push(rows);
    for op in body {
        let flow = op.flow(&flows, text);
        flows.push(flow);
    }
    flows.pop().unwrap()
}

fn least_of(rows: &[Pair]) -> BTreeMap<u64, u64> {
    let mut least = BTreeMap::new();
    rows.iter().for_each(|&(key, value)| {
        _ = least.entry(key).and_modify(|known: &mut u64| *known = value.min(*known)).or_insert(value)
    });
    least
}

fn by_key(rows: &[Pair]) -> BTreeMap<u64, Vec<Pair>> {
    let mut groups: BTreeMap<u64, Vec<Pair>> = BTreeMap::new();
    rows.iter().for_each(|&row| groups.entry(row.0).or_default().push(row));
    groups
}

impl One {
    fn flow(self, rows: DataSet<Row>, text: usize) -> DataSet<Row> {
        match self {
            One::Map => mapped(rows),
            One::Filter => filtered(rows),
            One::Distinct => different(rows),
            One::Sum => summed(rows, text),
            One::Sort => sorted(rows),
            One::Top => best(rows),
        }
    }

    fn expected(self, rows: &[Pair]) -> Vec<Pair> {
        match self {
            One::Map => rows.iter().map(|r| (mixed(r.0 + 1), mixed(r.1 + 3))).collect(),
            One::Filter => rows.iter().copied().filter(|r| r.1 % 4 != 0).collect(),
            One::Distinct => rows.iter().copied().collect::<BTreeSet<Pair>>().into_iter().collect(),
            One::Sum => by_key(rows)
                .iter()
                .map(|(&key, group)| (key, group.iter().map(|r| r.1).sum::<u64>() % VALUE_BOUND))
                .collect(),
            One::Sort => rows.to_vec(),
            One::Top => {
                let mut rows = rows.to_vec();
                rows.sort_unstable_by_key(|r| (std::cmp::Reverse(r.1), r.0));
                rows.truncate(150);
                rows
            }
        }
    }
}

impl Two {
    fn flow(self, left: DataSet<Row>, right: DataSet<Row>, text: usize) -> DataSet<Row> {
        match self {
            Two::Union => left.union(right),
            Two::Join => joined(left, right),
            Two::BuildLeft => built_left(left, right),
            Two::BuildRight => built_right(left, right),
            Two::Merge => merged(left, right),
            Two::Semi => with_partner(left, right),
            Two::Anti => without_partner(left, right),
            Two::Left => left_joined(left, right),
            Two::CoGroup => co_grouped(left, right, text),
            Two::WithAll => with_all(left, right),
        }
    }

    /// Returns `None` if there are too many rows.
    fn expected(self, left: &[Pair], right: &[Pair]) -> Option<Vec<Pair>> {
        let partners = by_key(right);
        let of = |key: u64| partners.get(&key).into_iter().flatten();
        let found: BTreeSet<u64> = right.iter().map(|r| r.1).collect();
        let is_found = |l: &Pair| found.contains(&l.0);
        Some(match self {
            Two::Union => left.iter().chain(right).copied().collect(),
            Two::Join | Two::BuildLeft | Two::BuildRight | Two::Merge => {
                let pairs = left.iter().flat_map(|&l| of(l.0).map(move |r| (mixed(l.1 + r.1), mixed(l.0 + r.1))));
                pairs.take(MAX_ROWS + 1).collect()
            }
            Two::Semi => left.iter().copied().filter(is_found).collect(),
            Two::Anti => left.iter().copied().filter(|l| !is_found(l)).collect(),
            Two::Left => {
                let pairs = left.iter().flat_map(|&l| {
                    let alone = (!partners.contains_key(&l.0)).then_some(l.1);
                    of(l.0).map(|r| r.1).chain(alone).map(move |value| (mixed(l.0 + 5), value))
                });
                pairs.take(MAX_ROWS + 1).collect()
            }
            Two::CoGroup => {
                let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
                left.iter().for_each(|l| *sums.entry(l.0).or_default() += l.0 + l.1);
                right.iter().for_each(|r| *sums.entry(r.0).or_default() += r.1);
                sums.into_values().map(|sum| (mixed(sum), mixed(sum + 1))).collect()
            }
            Two::WithAll => {
                let count = right.len().min(3) as u64;
                left.iter().map(|l| (l.0, mixed(l.1 + count))).collect()
            }
        })
    }
}

/// Runs a plan and compares its rows with those of plain loops.
fn run_plan(name: &str, plan: Plan, mut expected: Vec<Pair>) {
    within_two_minutes(&format!("{name}, {plan}"), move || {
        let mut found = plan.run();
        found.sort_unstable();
        expected.sort_unstable();
        let (found_rows, rows) = (found.len(), expected.len());
        assert!(found == expected, "{plan}: {found_rows} rows that differ from {rows} expected");
    });
}

/// Runs the plans of a range of seeds.
fn run_plans(first: u64, count: usize) {
    let plans = (first..).map(|seed| (seed, Plan::random(seed)));
    let runnable = plans.filter_map(|(seed, plan)| plan.expected().map(|expected| (seed, plan, expected)));
    runnable.take(count).for_each(|(seed, plan, expected)| run_plan(&format!("plan {seed}"), plan, expected));
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().unwrap())
}

/// Two loops with different numbers of rounds join the same flow.
#[test]
fn two_loops_over_one_flow_end() {
    let body = |own: usize| vec![Op::Two(Two::Join, own, 2)];
    let sources = [Op::Source(250), Op::Source(200), Op::One(One::Distinct, 1)];
    let (iterate, delta) =
        (|rounds, from, own| Op::Iterate(rounds, from, body(own)), |rounds, own| Op::Delta(rounds, 0, 0, body(own)));
    let shapes: [(&str, [Op; 3]); 5] = [
        ("one after the other", [iterate(2, 0, 3), iterate(1, 3, 4), Op::One(One::Map, 4)]),
        ("the loop and the flow", [iterate(2, 0, 3), Op::Two(Two::Join, 3, 2), Op::One(One::Map, 4)]),
        ("in a union", [iterate(2, 0, 3), iterate(1, 0, 4), Op::Two(Two::Union, 3, 4)]),
        ("in a join", [iterate(1, 0, 3), iterate(2, 0, 4), Op::Two(Two::Join, 3, 4)]),
        ("over solution sets", [delta(3, 3), delta(1, 4), Op::Two(Two::Union, 3, 4)]),
    ];
    for (name, operators) in shapes {
        let ops: Vec<Op> = sources.iter().cloned().chain(operators).collect();
        for (tasks, without_scans) in [(1, false), (2, false), (4, true)] {
            let plan = Plan { ops: ops.clone(), text: 8_000, tasks, without_scans, least_memory: false };
            let expected = plan.expected().unwrap();
            run_plan(name, plan, expected);
        }
    }
}

/// A loop between forks. The planner repeats its search, and the start of the loop has another
/// number of tasks the second time.
#[test]
fn a_loop_whose_start_changes_in_the_search_is_planned() {
    let ops = vec![
        Op::Source(224),
        Op::Source(255),
        Op::One(One::Sort, 0),
        Op::Two(Two::BuildLeft, 2, 1),
        Op::One(One::Sort, 3),
        Op::Two(Two::Anti, 2, 2),
        Op::Iterate(1, 2, vec![Op::One(One::Sort, 6)]),
        Op::Iterate(3, 5, vec![Op::Two(Two::Merge, 2, 7), Op::Two(Two::Semi, 0, 8)]),
        Op::Two(Two::Union, 4, 6),
        Op::Two(Two::Union, 8, 7),
    ];
    let plan = Plan { ops, text: 8_000, tasks: 4, without_scans: false, least_memory: false };
    let expected = plan.expected().unwrap();
    run_plan("a loop between forks", plan, expected);
}

#[test]
fn random_plans_with_loops_and_forks_end() {
    run_plans(0, 60);
}

/// `PLANS` sets the number of plans, `FIRST_PLAN` the first seed.
#[test]
#[ignore = "minutes"]
fn many_random_plans_with_loops_and_forks_end() {
    run_plans(from_environment("FIRST_PLAN", 0), from_environment("PLANS", 2_000) as usize);
}
