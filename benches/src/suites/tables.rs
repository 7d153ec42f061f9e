//! The end of a suite that has its own row type.

use std::fs;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::harness::{Check, Provenance, print_checks};
use crate::workspace::Workspace;

#[derive(Serialize)]
struct Results<'a, R> {
    suite: &'a str,
    #[serde(flatten)]
    provenance: Provenance,
    rows: &'a [R],
    checks: &'a [Check],
}

/// Prints the checks and writes `target/benches/<suite>.json`. Returns `true` if all checks hold.
///
/// # Errors
/// Fails if the file cannot be written.
pub(super) fn finish<R: Serialize>(suite: &str, workspace: &Workspace, rows: &[R], checks: &[Check]) -> Result<bool> {
    print_checks(checks);
    let results = Results { suite, provenance: Provenance::now(workspace), rows, checks };
    let path = workspace.output().join(suite).with_extension("json");
    let text = serde_json::to_string_pretty(&results).map_err(std::io::Error::from);
    text.and_then(|text| fs::write(&path, text + "\n")).map_err(Error::io("write", &path))?;
    println!("results: {}", path.display());
    Ok(checks.iter().all(|check| check.ok))
}
