//! Planning time of each query of TPC-H, without knowledge of its tables, and with their samples in
//! memory.
//!
//! Each query is planned in a process of its own, which knows nothing at first. The start of the
//! process is not timed.

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

/// Maximum planning time without samples.
const MAX_COLD: Duration = Duration::from_millis(20);
/// Maximum planning time with samples.
const MAX_WARM: Duration = Duration::from_millis(5);

/// Memory to touch before a process starts, since the host's delay does not belong to planning.
const WARM_BYTES: usize = 256 << 20;

/// Number of plans of a query with samples. The fastest counts.
const WARM_PLANS: usize = 5;

/// The planning times of a query, in seconds.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    case: String,
    cold_seconds: f64,
    warm_seconds: f64,
}

/// Measures, prints and writes the results. Returns `true` if all checks hold.
///
/// # Errors
/// Fails if a query cannot be planned, or a file cannot be written.
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
    let checks = [check("cold", MAX_COLD, |row| row.cold_seconds), check("warm", MAX_WARM, |row| row.warm_seconds)];
    super::tables::finish("planning", workspace, &rows, &checks)
}

impl Row {
    /// Measures in this process.
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

    /// Measures in separate processes. Returns the fastest of some.
    fn quickest(case: &str, options: &Planning) -> Result<Self> {
        let mut quickest = Self { case: case.to_owned(), cold_seconds: f64::INFINITY, warm_seconds: f64::INFINITY };
        let program = env::current_exe().map_err(Error::io("find", "this program".as_ref()))?;
        for _ in 0..options.runs {
            warm_memory(WARM_BYTES);
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
