//! How long plans are made for: of each query of TPC-H, when nothing is known of its tables, and when their samples are there.
//!
//! Each query is planned in a process of its own, so that nothing is known at first. The process itself is not timed.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use dataflow::{Env, Options, ProgressWhen};
use examples::tpch::{QUERIES, Query, Tables};
use examples::tpch_data::{self, Table};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::harness::{Check, warm_memory};
use crate::options::Planning;
use crate::workspace::{Paths, Workspace};

/// A plan may take so long when nothing is known.
const MOST_COLD: Duration = Duration::from_millis(20);
/// And so long when samples are there.
const MOST_WARM: Duration = Duration::from_millis(5);

/// Memory that a process finds at hand: what the host takes to hand it out is no part of planning.
const AT_HAND_BYTES: usize = 256 << 20;

/// How often a query is planned once samples are there; the quickest counts.
const WARM_PLANS: usize = 5;

/// What planning a query took, in seconds.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    case: String,
    cold_seconds: f64,
    warm_seconds: f64,
}

/// Measures, prints and writes the results. Returns whether all checks hold.
///
/// # Errors
/// When a query cannot be planned, or a file cannot be written.
pub(crate) fn run(workspace: &Workspace, options: &Planning) -> Result<bool> {
    let paths = workspace.paths(options.scale);
    if let Some(case) = &options.alone {
        let query = QUERIES.iter().find(|query| query.name == case);
        let row = query.map(|query| Row::of(query, &paths, options.parallelism)).transpose()?;
        println!("{}", serde_json::to_string(&row).unwrap_or_default());
        return Ok(row.is_some());
    }
    tpch_data::ensure(&workspace.tpch(), options.scale, &Table::ALL)?;
    println!("{:<5} {:>8} {:>8}", "query", "cold ms", "warm ms");
    let mut rows = Vec::new();
    for query in QUERIES {
        let row = Row::quickest(query.name, options)?;
        println!("{:<5} {:>8.1} {:>8.1}", row.case, row.cold_seconds * 1e3, row.warm_seconds * 1e3);
        rows.push(row);
    }
    let check = |name: &str, most: Duration, seconds: fn(&Row) -> f64| {
        let beyond = rows.iter().filter(|row| seconds(row) > most.as_secs_f64());
        let beyond: Vec<String> = beyond.map(|row| format!("{} {:.1}", row.case, seconds(row) * 1e3)).collect();
        let detail =
            if beyond.is_empty() { "all of them".to_owned() } else { format!("beyond: {}", beyond.join(", ")) };
        Check { name: format!("{name} plans take at most {} ms", most.as_millis()), ok: beyond.is_empty(), detail }
    };
    let checks = [check("cold", MOST_COLD, |row| row.cold_seconds), check("warm", MOST_WARM, |row| row.warm_seconds)];
    super::tables::finish("planning", workspace, &rows, &checks)
}

impl Row {
    /// In this process.
    fn of(query: &'static Query, paths: &Paths, parallelism: usize) -> Result<Self> {
        let mut times = Vec::new();
        for _ in 0..=WARM_PLANS {
            let start = Instant::now();
            let env = Env::new(Options { parallelism, progress: ProgressWhen::Never, ..Options::default() });
            query.write(&Tables::new(&env, &paths.tpch), "/dev/null").map_err(Error::of_case)?;
            env.plan().map_err(Error::of_case)?;
            times.push(start.elapsed().as_secs_f64());
            env.discard();
        }
        let warm_seconds = times[1..].iter().copied().fold(f64::INFINITY, f64::min);
        Ok(Self { case: query.name.to_owned(), cold_seconds: times[0], warm_seconds })
    }

    /// In processes of their own: the quickest of some.
    fn quickest(case: &str, options: &Planning) -> Result<Self> {
        let mut quickest = Self { case: case.to_owned(), cold_seconds: f64::INFINITY, warm_seconds: f64::INFINITY };
        let program = env::current_exe().map_err(Error::io("find", "this program".as_ref()))?;
        for _ in 0..options.runs {
            warm_memory(AT_HAND_BYTES);
            let mut command = Command::new(&program);
            command.args(["planning", "--alone", case, "--scale", &options.scale.to_string()]);
            command.args(["--parallelism", &options.parallelism.to_string()]);
            let output = command.output().map_err(Error::io("run", &program))?;
            let row: Option<Self> = serde_json::from_slice(&output.stdout).ok().flatten();
            let Some(row) = row else {
                return Err(Error::of_case(String::from_utf8_lossy(&output.stderr).into_owned()));
            };
            quickest.cold_seconds = quickest.cold_seconds.min(row.cold_seconds);
            quickest.warm_seconds = quickest.warm_seconds.min(row.warm_seconds);
        }
        Ok(quickest)
    }
}
