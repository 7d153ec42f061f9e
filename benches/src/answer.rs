//! The answer of a case: rows in any form, and a function that writes them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::error::{Error, Result};
use crate::workspace::Paths;

/// One query of a suite, implemented for one system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// The suite it belongs to, such as `tpch`.
    pub(crate) suite: &'static str,
    /// Its name there, such as `q1`.
    pub(crate) name: &'static str,
    /// Runs the query with the given resources. Reads the input files each time. The whole call is
    /// timed.
    pub(crate) run: fn(&Case, &Paths, &Resources) -> Result<Answer>,
}

/// The resources that a case may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resources {
    /// Number of threads.
    pub(crate) parallelism: usize,
    /// Memory limit in bytes. `None`: the system's default.
    pub(crate) memory_bytes: Option<u64>,
}

/// The rows of an answer. They are formatted later, since formatting is not part of the query and
/// not timed.
pub(crate) struct Answer {
    row_count: u64,
    figures: BTreeMap<String, f64>,
    write: Box<WriteRows>,
}

type WriteRows = dyn FnOnce(&mut dyn Write) -> io::Result<()>;

impl Answer {
    /// Creates an answer of `row_count` rows. `write` writes them as lines of tab-separated cells:
    /// numbers in decimal, dates as year-month-day, in the query's order if it has one.
    pub(crate) fn new(row_count: u64, write: impl FnOnce(&mut dyn Write) -> io::Result<()> + 'static) -> Self {
        Self { row_count, figures: BTreeMap::new(), write: Box::new(write) }
    }

    /// Adds named figures about the run.
    pub(crate) fn with_figures<const COUNT: usize>(self, figures: [(&str, f64); COUNT]) -> Self {
        Self { figures: figures.map(|(name, figure)| (name.to_owned(), figure)).into(), ..self }
    }

    /// Returns named figures about the run.
    pub(crate) fn figures(&self) -> &BTreeMap<String, f64> {
        &self.figures
    }

    /// Returns the number of rows.
    pub(crate) fn row_count(&self) -> u64 {
        self.row_count
    }

    /// Writes all rows.
    pub(crate) fn write(self, out: &mut dyn Write) -> io::Result<()> {
        (self.write)(out)
    }
}

/// Finds a case by name in a registry.
///
/// # Errors
/// Fails if there is none.
pub(crate) fn find_case(registry: &[Case], suite: &str, name: &str) -> Result<Case> {
    let in_suite = || registry.iter().filter(|case| case.suite == suite);
    in_suite().find(|case| case.name == name).copied().ok_or_else(|| Error::UnknownName {
        kind: "case",
        name: name.to_owned(),
        known: in_suite().map(|case| case.name).collect::<Vec<_>>().join(", "),
    })
}
