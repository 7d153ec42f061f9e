//! Errors of benchmarks.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The result of every fallible function of this crate.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Maximum characters of a message, since some systems return a page with a stack trace.
const MAX_LINE_CHARS: usize = 200;

/// A benchmark could not be prepared, run or reported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The operation, as a verb.
        action: &'static str,
        /// Its file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The input data could not be generated.
    #[error(transparent)]
    Data(#[from] examples::DataError),
    /// The command was started outside the repository.
    #[error("{} is not inside the repository; change into it and run again", folder.display())]
    NoWorkspace {
        /// The current folder.
        folder: PathBuf,
    },
    /// An unknown name on the command line.
    #[error("no {kind} is called `{name}`; choose from {known}")]
    UnknownName {
        /// The kind of name: a peer, a suite, a case.
        kind: &'static str,
        /// The given name.
        name: String,
        /// The known names.
        known: String,
    },
    /// No suite has written results.
    #[error("{} holds no results; run a suite first, such as `cargo run --release -p benches -- tpch`", folder.display())]
    NoResults {
        /// The folder of results.
        folder: PathBuf,
    },
    /// Results of two commits, or of two versions of a peer.
    #[error("the results of {first} and of {other} are of different commits or peers; run both suites again")]
    MixedResults {
        /// A suite.
        first: String,
        /// A suite that does not match it.
        other: String,
    },
    /// Results of another version of this program, or damaged results.
    #[error("{} cannot be read ({source}); run its suite again", path.display())]
    Results {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// A document without the marks between which a table is written.
    #[error("{} has no place for the table; it goes between `{marks}`", path.display())]
    NoMarks {
        /// The document.
        path: PathBuf,
        /// The missing marks.
        marks: String,
    },
    /// A program that prepares a measurement failed.
    #[error("`{command}` failed ({outcome}); its output stands above")]
    Command {
        /// The command line.
        command: String,
        /// Its exit status, or the reason why it did not start or was ended.
        outcome: String,
    },
    /// A system returned an error or ended.
    #[error("{system} failed on {case}: {message}")]
    Worker {
        /// The system's name.
        system: String,
        /// The case that it ran.
        case: String,
        /// The system's message.
        message: String,
    },
    /// A system did not answer in time and was ended.
    #[error("{system} did not answer on {case} within {} s; allow more with --timeout", limit.as_secs())]
    Timeout {
        /// The system's name.
        system: String,
        /// The case that it ran.
        case: String,
        /// The time limit.
        limit: Duration,
    },
    /// A case of this crate failed, with this message.
    #[error("{0}")]
    Case(String),
}

impl Error {
    /// Wraps the error of a case of this crate.
    pub(crate) fn of_case(error: impl std::fmt::Display) -> Self {
        Self::Case(error.to_string())
    }

    /// Returns `true` if a system failed, as opposed to the benchmark.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Worker { .. } | Self::Timeout { .. })
    }

    /// The message of a failed system, in one line of limited length.
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

    /// Returns a function for `map_err` that adds the operation and its path to an I/O error.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
