//! What can stop a benchmark.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The outcome of every fallible function here.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Some systems answer with a page and a stack trace.
const MAX_LINE_CHARS: usize = 200;

/// A benchmark could not be prepared, run or reported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The reason given.
        source: io::Error,
    },
    /// The input data could not be made.
    #[error(transparent)]
    Data(#[from] examples::DataError),
    /// The command was started outside the repository.
    #[error("{} is not inside the repository; change into it and run again", folder.display())]
    NoWorkspace {
        /// The current folder.
        folder: PathBuf,
    },
    /// A name on the command line that nothing answers to.
    #[error("no {kind} is called `{name}`; choose from {known}")]
    UnknownName {
        /// What was looked up: a peer, a suite, a case.
        kind: &'static str,
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// No suite has left results.
    #[error("{} holds no results; run a suite first, such as `cargo run --release -p benches -- tpch`", folder.display())]
    NoResults {
        /// Where they would be.
        folder: PathBuf,
    },
    /// Results that were measured at two commits, or beside two versions of a peer.
    #[error("the results of {first} and of {other} are of different commits or peers; run both suites again")]
    MixedResults {
        /// A suite.
        first: String,
        /// One that does not go with it.
        other: String,
    },
    /// Results of another version of this program, or damaged ones.
    #[error("{} cannot be read ({source}); run its suite again", path.display())]
    Results {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A document without the place that a table is written to.
    #[error("{} has no place for the table; it goes between `{marks}`", path.display())]
    NoMarks {
        /// The document.
        path: PathBuf,
        /// What is missing.
        marks: String,
    },
    /// A program that prepares a measurement failed.
    #[error("`{command}` failed ({outcome}); its output stands above")]
    Command {
        /// The command line.
        command: String,
        /// Its exit status, or why it did not start or was ended.
        outcome: String,
    },
    /// A system answered with an error or ended.
    #[error("{system} failed on {case}: {message}")]
    Worker {
        /// The system's name.
        system: String,
        /// The case it was running.
        case: String,
        /// Its own words.
        message: String,
    },
    /// A system did not answer in time and was ended.
    #[error("{system} did not answer on {case} within {} s; allow more with --timeout", limit.as_secs())]
    Timeout {
        /// The system's name.
        system: String,
        /// The case it was running.
        case: String,
        /// The time it had.
        limit: Duration,
    },
    /// A case of our own failed; the message says how.
    #[error("{0}")]
    Case(String),
}

impl Error {
    /// What a case of our own ended with.
    pub(crate) fn of_case(error: impl std::fmt::Display) -> Self {
        Self::Case(error.to_string())
    }

    /// Whether a system failed, as opposed to the benchmark.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Worker { .. } | Self::Timeout { .. })
    }

    /// What a failed system said, in one line of bearable length.
    pub(crate) fn failure_line(&self) -> String {
        let words = match self {
            Self::Worker { message, .. } => message.clone(),
            Self::Timeout { limit, .. } => format!("no answer within {} s", limit.as_secs()),
            other => other.to_string(),
        };
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(MAX_LINE_CHARS) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// Wraps an I/O error with what was being done to which path; for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
