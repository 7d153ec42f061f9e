//! The pipelined grep: counts the lines that contain each of three terms, in one run over one text.

use std::env::temp_dir;
use std::fs;
use std::path::Path;
use std::process;

use dataflow::prelude::*;

use super::{env, failed};
use crate::answer::{Answer, Case, Resources};
use crate::error::{Error, Result};
use crate::suites::grep::TERMS;
use crate::workspace::Paths;

#[dataflow]
fn lines_with(lines: DataSet<String>, term: String) -> DataSet<u64> {
    lines.filter(|line| line.contains(term.as_str())).aggregate(|g| g.count())
}

/// One row per term, and one with the bytes that were read.
pub(super) fn run(_: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let env = env(resources);
    let lines = env.read_text(paths.text.to_string_lossy()).map_err(failed)?;
    let outputs = TERMS.map(|term| temp_dir().join(format!("grep-{term}-{}", process::id())));
    for (term, output) in TERMS.iter().zip(&outputs) {
        lines_with(lines.clone(), (*term).to_owned()).write_text(output.to_string_lossy());
    }
    let report = env.run().map_err(failed)?;
    let mut rows = outputs.iter().map(|path| read_and_remove(path)).collect::<Result<Vec<_>>>()?;
    rows.push(report.source_bytes().to_string());
    let text = rows.join("\n");
    Ok(Answer::new(rows.len() as u64, move |out| writeln!(out, "{text}")))
}

/// Reads the only line of a file, and removes the file.
fn read_and_remove(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    fs::remove_file(path).map_err(Error::io("remove", path))?;
    Ok(text.trim_end().to_owned())
}
