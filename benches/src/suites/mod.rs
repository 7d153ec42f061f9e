//! The suites that compare systems: their cases, data and conditions.

pub(crate) mod calibrate;
pub(crate) mod cliff;
pub(crate) mod grep;
mod h2o;
pub(crate) mod iterations;
pub(crate) mod memory;
pub(crate) mod planning;
pub(crate) mod plans;
pub(crate) mod robustness;
mod sort;
pub(crate) mod stream;
mod tables;
mod tpch;
mod word_count;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::answer::Resources;
use crate::error::{Error, Result};
use crate::harness::{
    Aim, Check, Entrant, Failure, Measurement, Pace, Provenance, Report, Row, RowOrder, aims_hold, answers_agree,
    check_limits, compare_with_best_peer, compare_with_earlier, nothing_failed, take_answers, time_rounds,
};
use crate::options::Measure;
use crate::systems::{self, Role, System};
use crate::workspace::{Paths, Workspace};

pub(crate) use h2o::H2O;
pub(crate) use iterations::ITERATIONS;
pub(crate) use sort::SORT;
pub(crate) use stream::STREAM;
pub(crate) use tpch::TPCH;
pub(crate) use word_count::WORD_COUNT;

/// The name of an earlier commit's engine in results.
const EARLIER: &str = "earlier";

/// The cases of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounds {
    /// All cases, so that all are measured over the same time.
    OfAllCases,
    /// One case, whose rounds end before those of the next case. For cases whose processes would
    /// not fit into memory together.
    OfOneCase,
}

impl Rounds {
    fn of<'e, 'a>(self, entrants: &'e [Entrant<'a>]) -> Vec<&'e [Entrant<'a>]> {
        match self {
            Self::OfAllCases => vec![entrants],
            Self::OfOneCase => entrants.chunk_by(|left, right| left.case == right.case).collect(),
        }
    }
}

/// A set of cases over the same data.
#[derive(Debug)]
pub(crate) struct Suite {
    /// Its name on the command line and in results.
    pub(crate) name: &'static str,
    /// Its cases, and whether their rows have an order.
    pub(crate) cases: fn() -> Vec<(&'static str, RowOrder)>,
    /// A limit's maximum time, relative to the best peer's.
    pub(crate) limit_share_of_best_peer: f64,
    /// `true` if all cases have the same answer, so that answers are compared across cases.
    pub(crate) has_one_answer: bool,
    /// The cases of a round.
    pub(crate) rounds: Rounds,
    /// Bytes of memory that are touched before each run.
    pub(crate) warm_bytes: usize,
    /// Aims for our times relative to other systems.
    pub(crate) aims: &'static [Aim],
    /// Maximum geometric mean of our times relative to the best peer of each case.
    pub(crate) mean_aim: Option<f64>,
    /// Maximum of our time relative to the best peer in each case.
    pub(crate) worst_aim: Option<f64>,
    /// The memory limit of a case at a scale, for cases of little memory, in which peers may fail.
    pub(crate) memory_bytes: fn(&str, f64) -> Option<u64>,
    /// The paths of a scale's input files, which may not exist yet.
    pub(crate) paths: fn(&Workspace, f64) -> Paths,
    /// Generates the missing input files of a scale.
    pub(crate) make_data: fn(&Workspace, f64) -> Result<()>,
    /// Further checks of the times. May print figures derived from them.
    pub(crate) further_checks: fn(&[Measurement], &Paths) -> Result<Vec<Check>>,
}

/// Prepares the systems and the data, measures, prints and writes the results. Returns `true` if
/// all checks hold.
///
/// # Errors
/// Fails if a system cannot be prepared or fails, or a file cannot be written.
pub(crate) fn run(suite: &Suite, workspace: &Workspace, options: &Measure) -> Result<bool> {
    let cases = chosen_cases(suite, options.cases.as_deref())?;
    let systems = systems::choose(options.peers.as_deref())?;
    let systems: Vec<_> = systems.into_iter().filter(|system| answers_any(*system, suite)).collect();
    for system in &systems {
        system.prepare(workspace)?;
    }
    (suite.make_data)(workspace, options.scale)?;
    let paths = (suite.paths)(workspace, options.scale);
    let _spill = workspace.make_spill()?;
    let entrants = entrants(suite, &cases, workspace, &systems, &paths, options);

    let folder = workspace.make_output("answers")?;
    let mut failures = Vec::new();
    let answers = take_answers(&entrants, &folder, options.timeout, &mut failures)?;
    let the_same = |one: &str, other: &str| suite.has_one_answer || one == other;
    let agreement = answers_agree(&answers, the_same, |case| order_of(&cases, case));
    println!("{}: {}", agreement.name, if agreement.ok { "yes" } else { "NO, timing them all the same" });
    let mut measured = Vec::new();
    let pace =
        Pace { runs: options.runs, limit: options.timeout, warm_bytes: suite.warm_bytes, patience: Duration::ZERO };
    for together in suite.rounds.of(&entrants) {
        measured.extend(time_rounds(together, &answers, pace, &mut failures));
    }

    let is_limited = |case: &str| (suite.memory_bytes)(case, options.scale).is_some();
    let may_fail = |failure: &Failure| is_limited(&failure.case) && role_of(&failure.system) == Role::Peer;
    let mut checks: Vec<Check> = vec![agreement, nothing_failed(&failures, may_fail)];
    // Limits are tuned for the full size. On less data, fixed costs such as clearing tables matter
    // more.
    if options.scale >= 1.0 {
        checks.extend(aims_hold(&measured, suite.aims));
        checks.extend(compare_with_best_peer(&measured, role_of, suite.mean_aim, suite.worst_aim));
        checks.extend(check_limits(&measured, role_of, suite.limit_share_of_best_peer));
    }
    checks.extend(compare_with_earlier(&measured, EARLIER));
    checks.extend((suite.further_checks)(&measured, &paths)?);
    let report = Report {
        suite: suite.name.to_owned(),
        provenance: Provenance::now(workspace),
        rows: measured.iter().map(Row::of).collect(),
        failures,
        checks,
    };
    report.print_table(|system| role_of(system) == Role::Peer);
    report.print_checks();
    report.write(&workspace.output())?;
    fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
    Ok(report.is_ok())
}

fn answers_any(system: &dyn System, suite: &Suite) -> bool {
    (suite.cases)().iter().any(|(case, _)| system.answers(suite.name, case))
}

/// Case by case, as the rounds expect.
fn entrants<'a>(
    suite: &'a Suite,
    cases: &[(&'static str, RowOrder)],
    workspace: &'a Workspace,
    systems: &[&'static dyn System],
    paths: &'a Paths,
    options: &'a Measure,
) -> Vec<Entrant<'a>> {
    let pairs = cases.iter().flat_map(|&(case, _)| systems.iter().map(move |&system| (case, system)));
    let answering = pairs.filter(|(case, system)| system.answers(suite.name, case));
    let entrant = |(case, system): (&'static str, &'static dyn System)| {
        let memory_bytes = (suite.memory_bytes)(case, options.scale);
        let resources = Resources { parallelism: options.parallelism, memory_bytes };
        let worker = Box::new(move || system.worker(workspace, suite.name, paths, &resources));
        Entrant { system: system.name(), case, worker }
    };
    let mut entrants = Vec::new();
    for (case, system) in answering {
        entrants.push(entrant((case, system)));
        if let (Role::Ours, Some(binary)) = (system.role(), &options.earlier) {
            let ours = entrant((case, system)).worker;
            let worker = Box::new(move || with_program(binary, &ours()));
            entrants.push(Entrant { system: EARLIER, case, worker });
        }
    }
    entrants
}

/// The command with another program, and the same arguments and variables.
fn with_program(program: &Path, command: &Command) -> Command {
    let mut other = Command::new(program);
    other.args(command.get_args());
    other.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    other
}

/// The given cases, or all if none is given.
fn chosen_cases(suite: &Suite, asked: Option<&[String]>) -> Result<Vec<(&'static str, RowOrder)>> {
    let all = (suite.cases)();
    let known = |name: &String| all.iter().any(|(case, _)| case == name);
    if let Some(name) = asked.and_then(|asked| asked.iter().find(|name| !known(name))) {
        let known = all.iter().map(|(case, _)| *case).collect::<Vec<_>>().join(", ");
        return Err(Error::UnknownName { kind: "case", name: name.clone(), known });
    }
    let is_asked = |name: &str| asked.is_none_or(|asked| asked.iter().any(|asked| asked == name));
    Ok(all.iter().filter(|(case, _)| is_asked(case)).copied().collect())
}

fn order_of(cases: &[(&'static str, RowOrder)], case: &str) -> RowOrder {
    cases.iter().find(|(name, _)| *name == case).map_or(RowOrder::Any, |(_, order)| *order)
}

fn role_of(system: &str) -> Role {
    if system == EARLIER {
        return Role::Earlier;
    }
    systems::SYSTEMS.iter().find(|known| known.name() == system).map_or(Role::Peer, |known| known.role())
}
