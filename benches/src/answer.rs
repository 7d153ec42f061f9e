//! What a case returns: its rows, in whatever form it made them, and how to write them down.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::error::{Error, Result};
use crate::workspace::Paths;

/// One query of a suite as one system answers it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// The suite it belongs to, such as `tpch`.
    pub(crate) suite: &'static str,
    /// Its name there, such as `q1`.
    pub(crate) name: &'static str,
    /// Answers it, reading the input files each time, with the given resources. The whole call is timed.
    pub(crate) run: fn(&Case, &Paths, &Resources) -> Result<Answer>,
}

/// What a case may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resources {
    /// Threads.
    pub(crate) parallelism: usize,
    /// Memory, where it is limited; what the system uses unless told otherwise where it is not.
    pub(crate) memory_bytes: Option<u64>,
}

/// The rows of an answer. Formatting them is put off, as it is not part of the query and not timed.
pub(crate) struct Answer {
    row_count: u64,
    figures: BTreeMap<String, f64>,
    write: Box<WriteRows>,
}

type WriteRows = dyn FnOnce(&mut dyn Write) -> io::Result<()>;

impl Answer {
    /// An answer of `row_count` rows which `write` writes as lines of tab separated cells: numbers in decimal, dates
    /// as year-month-day, in the query's order if it has one.
    pub(crate) fn new(row_count: u64, write: impl FnOnce(&mut dyn Write) -> io::Result<()> + 'static) -> Self {
        Self { row_count, figures: BTreeMap::new(), write: Box::new(write) }
    }

    /// The same answer, and what else is known of how it was made, by name.
    pub(crate) fn with_figures<const COUNT: usize>(self, figures: [(&str, f64); COUNT]) -> Self {
        Self { figures: figures.map(|(name, figure)| (name.to_owned(), figure)).into(), ..self }
    }

    /// What else is known of how it was made.
    pub(crate) fn figures(&self) -> &BTreeMap<String, f64> {
        &self.figures
    }

    /// How many rows there are.
    pub(crate) fn row_count(&self) -> u64 {
        self.row_count
    }

    /// Writes all rows.
    pub(crate) fn write(self, out: &mut dyn Write) -> io::Result<()> {
        (self.write)(out)
    }
}

/// The case of a name in a registry.
///
/// # Errors
/// When there is none.
pub(crate) fn find_case(registry: &[Case], suite: &str, name: &str) -> Result<Case> {
    let in_suite = || registry.iter().filter(|case| case.suite == suite);
    in_suite().find(|case| case.name == name).copied().ok_or_else(|| Error::UnknownName {
        kind: "case",
        name: name.to_owned(),
        known: in_suite().map(|case| case.name).collect::<Vec<_>>().join(", "),
    })
}
