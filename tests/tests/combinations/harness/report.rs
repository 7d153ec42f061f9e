//! Reports of failed programs, and the list of them for the batch.

use std::fs::OpenOptions;
use std::io::Write;
use std::{env, fs};

use super::edit::{self, Edit};
use super::entry::Entry;
use super::run::description;
use super::shrink::{self, Shrunk};
use super::way::Way;

/// The environment variable with the path of the list of failures.
pub const FAILURES: &str = "COMBINATIONS_FAILURES";

/// A failed program, as another process reads it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The program's index in its table.
    pub number: usize,
    pub way: Way,
    pub kind: String,
    /// Changes of data.
    pub edits: Vec<Edit>,
}

impl Failed {
    pub fn line(&self) -> String {
        format!("{}\t{}\t{}\t{}\n", self.number, self.way, self.kind, edit::text(&self.edits))
    }
}

/// Shrinks, prints and lists a failed program.
pub fn failed(entry: &Entry, way: Way, error: String) -> String {
    let kind = shrink::kind(&error);
    let before = shrink::size(&entry.program);
    eprintln!("p{}, {way}: {error}\n{}", entry.number, entry.program.spec_text());
    let shrunk = shrink::shrink(entry, way, error);
    list(&Failed { number: entry.number, way: shrunk.way, kind, edits: shrunk.edits.clone() });
    let text = text(entry.number, &before, &shrunk);
    eprintln!("{text}\n");
    text
}

fn text(number: usize, before: &str, shrunk: &Shrunk) -> String {
    let (way, error) = (shrunk.way, &shrunk.error);
    format!(
        "p{number}, {way}: {error}\n// {before} became {}\n{}",
        shrink::size(&shrunk.program),
        description(&shrunk.program)
    )
}

pub fn list(failed: &Failed) {
    let Some(path) = env::var_os(FAILURES) else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(failed.line().as_bytes()).unwrap();
}

/// The failures that processes have listed.
pub fn listed(path: &std::path::Path) -> Vec<Failed> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(read).collect()
}

fn read(line: &str) -> Option<Failed> {
    let mut fields = line.split('\t');
    let (number, way) = (fields.next()?.parse().ok()?, Way::parse(fields.next()?)?);
    Some(Failed { number, way, kind: fields.next()?.to_owned(), edits: edit::parse(fields.next()?) })
}
