//! Memory limits smaller than the data: sort, group and join with limits from twice the data's size
//! down to 1/32 of it.

mod aims;
mod ample;
mod curve;
mod picture;
mod point;

use crate::data::{facts, pairs};
use crate::error::{Error, Result};
use crate::harness::{Answered, Check};
use crate::options::Cliff;
use crate::systems::{self, System};
use crate::workspace::{Paths, TableSize, Workspace};

/// The operations, in the order of the figure.
const CASES: [&str; 3] = ["sort", "group", "join"];

/// Runs, prints, draws and writes the results. Returns `true` if all checks hold.
///
/// # Errors
/// Fails if a system cannot be prepared, the data cannot be generated, or a file cannot be written.
pub(crate) fn run(workspace: &Workspace, options: &Cliff) -> Result<bool> {
    let systems = chosen_systems(options)?;
    for system in &systems {
        system.prepare(workspace)?;
    }
    let _spill = workspace.make_spill()?;
    let size = TableSize::of_rows(options.rows);
    let paths = paths(workspace, size);
    pairs::ensure(&paths.tables, size.rows)?;
    facts::ensure(&paths.tables, size.rows, size.ids)?;
    let points = curve::measure(workspace, &systems, &paths, size, options)?;
    let mut checks = curve::checks(&points, size);
    checks.extend(aims::checks(&points));
    let ample = ample::measure(workspace, &systems, options)?;
    checks.extend(ample.checks());
    picture::draw(workspace, &points, size, &ample, options.parallelism)?;
    super::tables::finish("cliff", workspace, &points, &checks)
}

/// The engine, and the chosen peers that support the suite.
fn chosen_systems(options: &Cliff) -> Result<Vec<&'static dyn System>> {
    let mut systems = systems::choose(options.peers.as_deref())?;
    systems.retain(|system| CASES.iter().any(|case| system.answers("cliff", case)));
    match systems.is_empty() {
        true => Err(Error::Case("none of the systems knows this suite".to_owned())),
        false => Ok(systems),
    }
}

fn paths(workspace: &Workspace, size: TableSize) -> Paths {
    Paths { tables: workspace.tables(size), ..workspace.paths(1.0) }
}

fn expected(case: &str, size: TableSize) -> String {
    match case {
        "sort" => pairs::expected_sort(size.rows),
        "group" => facts::expected_group(size.rows, size.ids),
        _ => facts::expected_join(size.rows, size.ids),
    }
}

/// Checks that every answer equals the computed one.
fn answers_are_right<'a>(given: impl Iterator<Item = (String, &'a str, &'a str)>) -> Check {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (what, answer, expected) in given {
        count += 1;
        if answer.trim_end() != expected {
            wrong.push(format!("{what}: `{}` instead of `{expected}`", answer.trim_end()));
        }
    }
    let detail = if wrong.is_empty() { format!("{count} answers") } else { wrong.join("; ") };
    Check { name: "answers are as computed".to_owned(), ok: wrong.is_empty(), detail }
}

fn named(answer: &Answered) -> String {
    format!("{} on {}", answer.system, answer.case)
}
