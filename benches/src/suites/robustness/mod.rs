//! The cost of skewed keys, wrong hints and outdated decisions. Each pipeline is compared with the
//! same one over uniform keys, or with right hints.
//!
//! The machine's speed changes from minute to minute. So each pair of pipelines runs in turn, and
//! the median of their ratios counts.

mod expected;
mod keys;
mod pipelines;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use dataflow::prelude::*;
use dataflow::{Decisions, IfExists, Options, Output, ProgressWhen};
use serde::Serialize;

use crate::data::random;
use crate::error::{Error, Result};
use crate::harness::{Check, Spread};
use crate::options::Robustness;
use crate::workspace::Workspace;
use keys::{Distribution, ranks};
use pipelines::{Digest, Pair, grouped, joined, joined_by_hash, joined_twice};

/// Rows of the large side at scale 1.
const ROWS: f64 = 8e6;
/// Rows of the large side per key.
const ROWS_OF_KEY: u64 = 8;

/// Maximum time of a skewed pipeline relative to the uniform one.
const MAX_SKEWED: f64 = 1.3;
/// Maximum time of a pipeline with wrong hints relative to one with right hints.
const MAX_WRONGLY_HINTED: f64 = 2.0;

/// Bytes of a build row in a join's table, with its part of the index.
const BUILT_ROW_BYTES: usize = 32;
/// Minimum memory of a join task, with its inputs.
const MIN_TASK_BYTES: usize = 24 << 20;

/// Growth of the facts since the decisions were made.
const GROWTH: usize = 100;

const KEYS: u64 = 0x5EED_0012;

/// A pipeline, and the pipeline to compare with.
struct Case {
    name: String,
    tasks: usize,
    most: f64,
    right: (Box<Pipeline>, Digest),
    other: (Box<Pipeline>, Digest),
    /// The decisions for the pipeline with wrong information.
    decisions: Option<Arc<Decisions>>,
    /// The memory budget of both, if limited.
    memory_bytes: Option<usize>,
}

type Pipeline = dyn Fn(&Env) -> dataflow::Result<DataSet<Digest>>;

/// The results of a case.
#[derive(Debug, Serialize)]
struct Row {
    case: String,
    tasks: usize,
    right_seconds: f64,
    seconds: f64,
    /// The median of the ratios of consecutive runs.
    ratio: f64,
    most: f64,
    agrees: bool,
}

/// Measures, prints and writes the results. Returns `true` if all checks hold.
///
/// # Errors
/// Fails if a pipeline fails, or a file cannot be written.
pub(crate) fn run(workspace: &Workspace, options: &Robustness) -> Result<bool> {
    let tables = Tables::of((ROWS * options.scale) as u64);
    let mut rows = Vec::new();
    println!("{:<24} {:>5} {:>9} {:>9} {:>6} {:>6}", "case", "tasks", "right s", "s", "ratio", "most");
    let cases = skewed(&tables)
        .into_iter()
        .chain(wrongly_hinted(&tables)?)
        .chain(spilled(&tables, &workspace.output().join("robustness"))?);
    let is_asked = |case: &Case| options.cases.as_ref().is_none_or(|asked| asked.contains(&case.name));
    for case in cases.filter(is_asked) {
        let row = case.measured(options.runs)?;
        let Row { case, tasks, right_seconds, seconds, ratio, most, .. } = &row;
        println!("{case:<24} {tasks:>5} {right_seconds:>9.4} {seconds:>9.4} {ratio:>6.2} {most:>6.2}");
        rows.push(row);
    }
    let named = |is_wrong: &dyn Fn(&Row) -> bool| {
        let wrong = rows.iter().filter(|row| is_wrong(row));
        wrong.map(|row| format!("{} at {}", row.case, row.tasks)).collect::<Vec<_>>().join(", ")
    };
    let check = |name: &str, wrong: String| Check {
        name: name.to_owned(),
        ok: wrong.is_empty(),
        detail: if wrong.is_empty() { "all of them".to_owned() } else { format!("not: {wrong}") },
    };
    let checks = [
        check("answers agree", named(&|row| !row.agrees)),
        check("no case takes more than it may", named(&|row| row.ratio > row.most)),
    ];
    super::tables::finish("robustness", workspace, &rows, &checks)
}

/// The rows of all pipelines.
#[derive(Clone)]
struct Tables {
    /// Facts with each distribution of keys.
    facts: [(Distribution, Arc<Vec<Pair>>); 3],
    /// Each key once.
    dimension: Arc<Vec<Pair>>,
    /// One key in a thousand.
    few: Arc<Vec<Pair>>,
}

impl Tables {
    fn of(rows: u64) -> Self {
        let keys = (rows / ROWS_OF_KEY).max(1);
        let pair = |rank: u64| Pair { key: random(KEYS, rank), value: rank };
        let facts = |distribution| {
            let ranks = ranks(distribution, rows, keys);
            let pairs = ranks.into_iter().zip(0..).map(|(rank, value)| Pair { key: random(KEYS, rank), value });
            (distribution, Arc::new(pairs.collect()))
        };
        Tables {
            facts: [Distribution::Uniform, Distribution::Zipf, Distribution::Half].map(facts),
            dimension: Arc::new((0..keys).map(pair).collect()),
            few: Arc::new((0..keys).step_by(1_000).map(pair).collect()),
        }
    }
}

fn rows(env: &Env, rows: &Arc<Vec<Pair>>) -> dataflow::Result<DataSet<Pair>> {
    env.collection(rows.iter().copied())
}

/// Groupings and joins over skewed keys, each compared with the one over uniform keys.
fn skewed(tables: &Tables) -> Vec<Case> {
    let group = |facts: &[Pair], _: &[Pair]| expected::grouped(facts);
    let join = |facts: &[Pair], dimension: &[Pair]| expected::joined(facts, dimension);
    let pipelines: [(&str, Shape, Expected); 3] =
        [("group", |facts, _| grouped(facts), group), ("join", joined, join), ("join-by-hash", joined_by_hash, join)];
    let [(_, uniform), skewed @ ..] = &tables.facts;
    let mut cases = Vec::new();
    for (name, pipeline, expected) in pipelines {
        for (distribution, facts) in skewed {
            for tasks in [2, 4] {
                let over = |facts: &Arc<Vec<Pair>>| -> (Box<Pipeline>, Digest) {
                    let answer = expected(facts, &tables.dimension);
                    let (facts, dimension) = (facts.clone(), tables.dimension.clone());
                    (Box::new(move |env| Ok(pipeline(rows(env, &facts)?, rows(env, &dimension)?))), answer)
                };
                let name = format!("{name}-{distribution:?}").to_lowercase();
                let (right, other) = (over(uniform), over(facts));
                cases.push(Case { name, tasks, most: MAX_SKEWED, right, other, decisions: None, memory_bytes: None });
            }
        }
    }
    cases
}

type Shape = fn(DataSet<Pair>, DataSet<Pair>) -> DataSet<Digest>;
type Expected = fn(&[Pair], &[Pair]) -> Digest;

/// Hints about the sizes of two joins' inputs.
#[derive(Clone, Copy, Default)]
struct SizeHints {
    facts: Option<u64>,
    few: Option<u64>,
    many: Option<u64>,
}

/// Joins with wrong hints about their inputs' sizes, or with the best decisions for smaller inputs.
/// Each is compared with a join without hints.
fn wrongly_hinted(tables: &Tables) -> Result<Vec<Case>> {
    let lies = [
        ("large-as-small", SizeHints { facts: Some(100), ..SizeHints::default() }),
        ("small-as-large", SizeHints { many: Some(1_000_000_000), ..SizeHints::default() }),
        ("few-as-many", SizeHints { few: Some(1_000_000_000), ..SizeHints::default() }),
        ("all-as-equal", SizeHints { facts: Some(1_000), few: Some(1_000), many: Some(1_000) }),
    ];
    let answer = expected::joined_twice(&tables.facts[0].1, &tables.few, &tables.dimension);
    let case = |name: &str, hints: SizeHints, decisions: Option<Decisions>| Case {
        name: name.to_owned(),
        tasks: 2,
        most: MAX_WRONGLY_HINTED,
        right: (twice(tables, SizeHints::default()), answer),
        other: (twice(tables, hints), answer),
        decisions: decisions.map(Arc::new),
        memory_bytes: None,
    };
    let mut cases: Vec<Case> = lies.into_iter().map(|(name, hints)| case(name, hints, None)).collect();
    // With few facts, these were the build side.
    let small = Tables {
        facts: tables.facts.clone().map(|(of, facts)| (of, Arc::new(facts[..facts.len() / GROWTH].to_vec()))),
        ..tables.clone()
    };
    let env = env(2, None, None);
    twice(&small, SizeHints::default())(&env).map_err(Error::of_case)?.print();
    let plan = env.plan().map_err(Error::of_case)?;
    env.discard();
    cases.push(case("grown", SizeHints::default(), Some(plan.decisions().clone())));
    Ok(cases)
}

/// A join whose build side is wrongly hinted to be small, in memory that holds a fourth of it. The
/// build side is broadcast to all tasks, which write it to disk. It is compared with the join
/// without hints. The rows come from files, which take none of the memory.
fn spilled(tables: &Tables, folder: &Path) -> Result<Vec<Case>> {
    let facts = &tables.facts[0].1;
    let pair = |rank: u64| Pair { key: random(KEYS, rank), value: rank };
    let dimension: Arc<Vec<Pair>> = Arc::new((0..facts.len() as u64).map(pair).collect());
    let answer = expected::joined(facts, &dimension);
    let files = [("facts.bin", facts), ("dimension.bin", &dimension)];
    fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    let env = env(2, None, None);
    let files = files.map(|(name, table)| {
        let path = folder.join(name).display().to_string();
        rows(&env, table).map_err(Error::of_case)?.write_binary(Output::to(&path).if_exists(IfExists::Overwrite));
        Ok::<_, Error>(path)
    });
    env.run().map_err(Error::of_case)?;
    let [facts, dimension] = files;
    let (facts, dimension) = (facts?, dimension?);
    let over = |hints: Option<u64>| -> (Box<Pipeline>, Digest) {
        let (facts, dimension) = (facts.clone(), dimension.clone());
        let pipeline = move |env: &Env| {
            let dimension: DataSet<Pair> = env.read_binary(&dimension)?;
            let dimension = hints.map_or(dimension.clone(), |hints| dimension.expect_rows(hints));
            Ok(joined(env.read_binary(&facts)?, dimension))
        };
        (Box::new(pipeline), answer)
    };
    let table_bytes = tables.facts[0].1.len() * BUILT_ROW_BYTES;
    let case = |tasks: usize| Case {
        name: "spilled-as-small".to_owned(),
        tasks,
        most: MAX_WRONGLY_HINTED,
        right: over(None),
        other: over(Some(1_000)),
        decisions: None,
        memory_bytes: Some((table_bytes / 4).max(tasks * MIN_TASK_BYTES)),
    };
    Ok([2, 4].map(case).into())
}

/// Two joins over inputs with these hints.
fn twice(tables: &Tables, hints: SizeHints) -> Box<Pipeline> {
    let (facts, few, many) = (tables.facts[0].1.clone(), tables.few.clone(), tables.dimension.clone());
    Box::new(move |env| {
        let rows = |table: &Arc<Vec<Pair>>, hints: Option<u64>| -> dataflow::Result<_> {
            let rows = rows(env, table)?;
            Ok(hints.map_or(rows.clone(), |hints| rows.expect_rows(hints)))
        };
        Ok(joined_twice(rows(&facts, hints.facts)?, rows(&few, hints.few)?, rows(&many, hints.many)?))
    })
}

fn env(parallelism: usize, decisions: Option<Arc<Decisions>>, memory_bytes: Option<usize>) -> Env {
    let options = Options { parallelism, decisions, progress: ProgressWhen::Never, ..Options::default() };
    Env::new(match memory_bytes {
        Some(memory_bytes) => Options { memory_bytes, ..options },
        None => options,
    })
}

impl Case {
    fn measured(self, runs: usize) -> Result<Row> {
        let run = |pipeline: &Pipeline, decisions: Option<Arc<Decisions>>| {
            let flow = pipeline(&env(self.tasks, decisions, self.memory_bytes)).map_err(Error::of_case)?;
            let start = Instant::now();
            let answer = flow.collect().map_err(Error::of_case)?;
            Ok::<_, Error>((start.elapsed().as_secs_f64(), answer))
        };
        let ((right, right_answer), (other, other_answer)) = (&self.right, &self.other);
        let agrees = run(right, None)?.1 == [*right_answer] && run(other, self.decisions.clone())?.1 == [*other_answer];
        let (mut right_times, mut times) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            right_times.push(run(right, None)?.0);
            times.push(run(other, self.decisions.clone())?.0);
        }
        let ratios: Vec<f64> = times.iter().zip(&right_times).map(|(time, right)| time / right).collect();
        let median = Spread::median_of;
        Ok(Row {
            case: self.name,
            tasks: self.tasks,
            right_seconds: median(&right_times),
            seconds: median(&times),
            ratio: median(&ratios),
            most: self.most,
            agrees,
        })
    }
}
