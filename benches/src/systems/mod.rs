//! The measured systems. One file per kind of system, one line in [`SYSTEMS`] for each.

mod flink;
mod python;
mod rust;
mod timely;

use std::fmt::Debug;
use std::process::Command;

use crate::answer::{Case, Resources};
use crate::error::{Error, Result};
use crate::workspace::{Paths, Workspace};
use crate::{limit, ours};

/// The role of a system in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The engine of this repository.
    Ours,
    /// The engine of an earlier commit.
    Earlier,
    /// Hand-written code for the same work.
    Limit,
    /// Another engine.
    Peer,
}

/// A system that answers cases in its own process.
pub(crate) trait System: Debug + Sync {
    /// Its name in results.
    fn name(&self) -> &'static str;

    /// Its role.
    fn role(&self) -> Role;

    /// The pinned version. `None` for code of this repository.
    fn version(&self) -> Option<&'static str>;

    /// Returns `true` if it answers a case.
    fn answers(&self, suite: &str, case: &str) -> bool;

    /// Installs or builds the system. Fast if that was done before.
    ///
    /// # Errors
    /// Fails if a required program is missing or fails.
    fn prepare(&self, workspace: &Workspace) -> Result<()>;

    /// Creates the command that starts a worker for one suite.
    fn worker(&self, workspace: &Workspace, suite: &str, paths: &Paths, resources: &Resources) -> Command;
}

/// All systems, in the order of the tables.
pub(crate) static SYSTEMS: &[&dyn System] = &[
    &rust::RustSystem { name: "ours", role: Role::Ours, cases: ours::CASES },
    &rust::RustSystem { name: "limit", role: Role::Limit, cases: limit::CASES },
    &python::PythonSystem {
        name: "duckdb",
        answers: |suite, _| matches!(suite, "word_count" | "tpch" | "h2o" | "sort" | "cliff"),
    },
    // Polars has no memory limit.
    &python::PythonSystem {
        name: "polars",
        answers: |suite, case| {
            matches!((suite, case), ("word_count" | "tpch" | "h2o" | "cliff", _) | ("sort", "ample"))
        },
    },
    // DataFusion has neither a reader of lines nor a splitting scan, so it is not used to count
    // words.
    &python::PythonSystem { name: "datafusion", answers: |suite, _| matches!(suite, "tpch" | "h2o" | "cliff") },
    &timely::Timely,
    &flink::Flink,
];

/// The cases that this binary serves under a system's name.
///
/// # Errors
/// Fails if it serves none under that name.
pub(crate) fn registry(system: &str) -> Result<&'static [Case]> {
    match system {
        "ours" => Ok(ours::CASES),
        "limit" => Ok(limit::CASES),
        _ => Err(unknown("system", system, "ours, limit")),
    }
}

/// The systems to measure: the given peers, or all, and always the engine and the limit.
///
/// # Errors
/// Fails if a given peer does not exist.
pub(crate) fn choose(peers: Option<&[String]>) -> Result<Vec<&'static dyn System>> {
    let is_peer = |system: &dyn System| system.role() == Role::Peer;
    let known: Vec<_> = SYSTEMS.iter().filter(|system| is_peer(**system)).map(|system| system.name()).collect();
    let asked = peers.unwrap_or_default();
    if let Some(name) = asked.iter().find(|name| *name != "none" && !known.contains(&name.as_str())) {
        return Err(unknown("peer", name, &format!("{}, or none", known.join(", "))));
    }
    let wanted = |system: &dyn System| peers.is_none() || asked.iter().any(|name| name == system.name());
    Ok(SYSTEMS.iter().copied().filter(|system| !is_peer(*system) || wanted(*system)).collect())
}

/// Finds a system by name.
///
/// # Errors
/// Fails if there is none.
pub(crate) fn find(name: &str) -> Result<&'static dyn System> {
    let found = SYSTEMS.iter().copied().find(|system| system.name() == name);
    found.ok_or_else(|| {
        unknown("system", name, &SYSTEMS.iter().map(|system| system.name()).collect::<Vec<_>>().join(", "))
    })
}

/// The text after a package's name and `sign`, up to the end of its line or to a quote.
fn pinned(pins: &'static str, sign: &str) -> Option<&'static str> {
    let (_, rest) = pins.split_once(sign)?;
    rest.split(['\n', '"']).next()
}

fn unknown(kind: &'static str, name: &str, known: &str) -> Error {
    Error::UnknownName { kind, name: name.to_owned(), known: known.to_owned() }
}

/// Adds the arguments of every worker, and the folder for spilled data.
fn set_up_worker(command: &mut Command, workspace: &Workspace, suite: &str, paths: &Paths, resources: &Resources) {
    command.arg(suite).arg("--text").arg(&paths.text).arg("--tpch").arg(&paths.tpch).arg("--tables").arg(&paths.tables);
    command.arg("--parallelism").arg(resources.parallelism.to_string());
    if let Some(bytes) = resources.memory_bytes {
        command.arg("--memory").arg(bytes.to_string());
    }
    command.env("TMPDIR", workspace.spill());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(peers: Option<&[&str]>) -> Vec<&'static str> {
        let peers = peers.map(|names| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        choose(peers.as_deref()).unwrap().iter().map(|system| system.name()).collect()
    }

    #[test]
    fn a_choice_of_peers_keeps_ours_and_the_limit() {
        assert_eq!(names(Some(&["polars"])), ["ours", "limit", "polars"]);
        assert_eq!(names(Some(&["none"])), ["ours", "limit"]);
        assert_eq!(names(None).len(), SYSTEMS.len());
    }

    #[test]
    fn an_unknown_peer_is_named_with_the_known_ones() {
        let error = choose(Some(&["ducky".to_owned()])).unwrap_err().to_string();
        assert!(error.contains("`ducky`") && error.contains("duckdb, polars"), "{error}");
    }
}
