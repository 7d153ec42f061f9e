//! The engine's one error type. Every message says what is wrong, where in the user's program or data, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the engine's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operator as the user wrote it: `words (flat_map) at src/main.rs:12`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The operator's name: the binding, or the operator's own word.
    pub name: Arc<str>,
    /// What the user wrote: `filter → map`.
    pub operator: Arc<str>,
    /// The user's file.
    pub file: Arc<str>,
    /// The line in it.
    pub line: u32,
    /// The column in the line.
    pub column: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name == self.operator {
            write!(f, "`{}` at {}:{}", self.name, self.file, self.line)
        } else {
            write!(f, "`{}` ({}) at {}:{}", self.name, self.operator, self.file, self.line)
        }
    }
}

/// What a path was meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlUse {
    /// The files of a source.
    Read,
    /// An output.
    Write,
    /// A folder that grows: a log, or snapshots.
    Keep,
    /// A folder of spilled pages.
    Spill,
}

/// Why a URL cannot be used, and how its records can be. `None` for other paths. Call it only for paths
/// that do not exist.
#[must_use]
pub fn refused_url(path: &Path, wanted: UrlUse) -> Option<String> {
    let (scheme, rest) = path.to_str()?.split_once(":/")?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char));
    let local = rest.strip_prefix('/').filter(|_| is_scheme)?;
    if scheme == "file" {
        return Some(format!("a path is written without `file://`: {local}"));
    }
    let copy = match scheme {
        "s3" | "s3a" | "s3n" => ", `aws s3 sync`, or mount the bucket",
        "gs" => ", `gcloud storage rsync`, or mount the bucket",
        _ => "",
    };
    let (verb, path) = match wanted {
        UrlUse::Read => ("reads", "a path names a local file, a folder or a pattern, or is `-` for standard input"),
        UrlUse::Write => ("writes", "a path names a local file or folder, or is `-` for standard output"),
        UrlUse::Keep => ("writes", "logs and snapshots are in local folders"),
        UrlUse::Spill => ("spills to", "spilled pages are in local folders"),
    };
    let instead = match (wanted, scheme) {
        (UrlUse::Read, "http" | "https" | "ftp") => {
            "download the file first, or pipe it, `curl -s URL | program`, and read the path `-`".to_owned()
        }
        (UrlUse::Read, _) if copy.is_empty() => "copy the files to a local folder first".to_owned(),
        (UrlUse::Read, _) => format!("copy the files first{copy}"),
        (UrlUse::Write, _) => format!("write a local folder, and copy it afterwards{copy}"),
        (UrlUse::Keep, _) => "name a folder on a local disk, or on one that is mounted".to_owned(),
        (UrlUse::Spill, _) => "name a folder on a local disk with `--spill-dir`".to_owned(),
    };
    Some(format!("it is a URL, and no feature of this version {verb} `{scheme}://`; {path}; {instead}"))
}

/// What can end a job, or refuse one before it starts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A path, folder or glob names nothing that could be read.
    #[error("no input at {path}: {reason}")]
    NoInput {
        /// As the user wrote it.
        path: String,
        /// What was looked for.
        reason: String,
    },
    /// Bytes of a file are not what they should be.
    #[error("{}{place}: {message}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// Line, row, column or offset, with its leading punctuation: ":12", ", row group 3".
        place: String,
        /// Expected and found.
        message: String,
    },
    /// A file's columns do not fit the record.
    #[error("{}: {message}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Which column, what was expected, what was found.
        message: String,
    },
    /// An operator needs more than the budget allows.
    #[error(
        "out of memory: {operator} needs {} more, and {} of the budget of {} are in use{}; raise `--memory`, or reduce what the operator keeps",
        Mib(*need), Mib(*used), Mib(*budget), long_records(*longest_run)
    )]
    OutOfMemory {
        /// Who asked.
        operator: String,
        /// How many bytes it asked for.
        need: usize,
        /// Bytes reserved in the whole budget at that moment.
        used: usize,
        /// The budget.
        budget: usize,
        /// Bytes of pages that the longest record took so far; 0 if each fits a page.
        longest_run: usize,
    },
    /// A plan needs more than the budget to run at all; known before it starts.
    #[error(
        "{} of memory is too little for this program, which needs at least {}; raise `--memory`, or lower `--parallelism`:{by_operator}",
        Mib(*budget), Mib::rounded_up(*need)
    )]
    TooLittleMemory {
        /// The least that would do.
        need: usize,
        /// The budget.
        budget: usize,
        /// A line for each operator that needs some.
        by_operator: String,
    },
    /// A job inside of a closure of another needs more than is left beside the jobs that run.
    #[error(
        "a job that a closure of another job runs needs at least {} of memory, and {} of the budget of {} are left beside the jobs that run now; it cannot wait \
         for them, since one of them waits for it: raise `--memory`, lower `--parallelism`, or run it outside of the closure",
        Mib::rounded_up(*need), Mib(*free), Mib(*budget)
    )]
    NoRoomInside {
        /// The least that it runs with.
        need: usize,
        /// What is left beside the leasts of the jobs that run.
        free: usize,
        /// The budget.
        budget: usize,
    },
    /// The process may not have the addresses that pages lie in.
    #[error(
        "the system grants this process {} of addresses for pages and no more; raise the limit (`ulimit -v`), or lower `--memory` below that",
        Mib(*bytes)
    )]
    FewAddresses {
        /// What it grants, or was asked for last.
        bytes: usize,
    },
    /// Nothing can be spilled to a folder.
    #[error("cannot spill to {}: {source}; make the folder one that can be written to, or name another with `--spill-dir`", folder.display())]
    NoSpillFolder {
        /// Where pages were to be spilled to.
        folder: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// What does not fit memory does not fit the disk either.
    #[error(
        "the disk of {} is full: {} were spilled to it; free some space, name another folder with `--spill-dir`, or raise `--memory` ({source})",
        folder.display(), Mib(*spilled as usize)
    )]
    DiskFull {
        /// Where pages are spilled to.
        folder: PathBuf,
        /// Bytes that lie there, of all tasks.
        spilled: u64,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A number left its type's range.
    #[error("overflow: {what}")]
    Overflow {
        /// Which operation, on what.
        what: String,
    },
    /// A user's closure panicked.
    #[error("a closure panicked: {message}")]
    Panic {
        /// The panic's message and place.
        message: String,
    },
    /// A user's closure returned an error.
    #[error("{0}")]
    User(Box<dyn std::error::Error + Send + Sync>),
    /// A flow that is taken as a value has not one record.
    #[error(
        "expected a flow of one record, found {}; a flow that `with` takes as a value is best made by an `aggregate`, and `with_all` takes one of any number",
        match found { 0 => "none".to_owned(), found => format!("{found} records") }
    )]
    NotOneRecord {
        /// How many it has.
        found: usize,
    },
    /// The plan cannot be run; known before the first record.
    #[error("{0}")]
    Plan(String),
    /// Any of the above, with the operator it happened in.
    #[error("{origin}: {error}")]
    At {
        /// The operator.
        origin: Origin,
        /// What happened.
        #[source]
        error: Box<Error>,
    },
    /// A source or sink outside of the engine has broken a rule of its interface.
    #[error("{0}")]
    Connector(String),
    /// The job was cancelled.
    #[error("the job was cancelled")]
    Cancelled,
    /// A broken promise inside the engine: a defect of ours, with what is known.
    #[error("internal error, please report: {0}")]
    Internal(String),
}

impl Error {
    /// The error for a folder that nothing can be spilled to.
    pub(crate) fn no_spill_folder(folder: &Path, source: std::io::Error) -> Self {
        match refused_url(folder, UrlUse::Spill).filter(|_| !folder.exists()) {
            Some(reason) => Error::Plan(format!("cannot spill to {}: {reason}", folder.display())),
            None => Error::NoSpillFolder { folder: folder.to_owned(), source },
        }
    }

    /// Attaches the operator, unless one is attached already (the innermost is the one at fault).
    #[must_use]
    pub fn at(self, origin: &Origin) -> Self {
        match self {
            Error::At { .. } | Error::Cancelled => self,
            error => Error::At { origin: origin.clone(), error: Box::new(error) },
        }
    }

    /// An [`Error::Io`] for `map_err`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }
}

/// What a message adds where records are longer than a page.
fn long_records(longest_run: usize) -> String {
    if longest_run == 0 {
        return String::new();
    }
    format!(", where a record takes up to {} and several are on their way", Mib(longest_run))
}

/// Bytes, as people read them.
#[derive(Clone, Copy)]
pub struct Mib(pub usize);

impl Mib {
    /// What is shown is no less than that: it can be given as it stands.
    pub fn rounded_up(bytes: usize) -> Self {
        let (unit, _, digits) = Self::unit(bytes);
        let parts = 10_u128.pow(digits as u32);
        let shown = (bytes as u128 * parts).div_ceil(unit as u128);
        Mib((shown * unit as u128).div_ceil(parts) as usize)
    }

    /// What so many bytes are shown in: the unit's bytes, its name, and digits behind the point.
    fn unit(bytes: usize) -> (usize, &'static str, usize) {
        match bytes {
            0..=1023 => (1, "B", 0),
            1024..=1_048_575 => (1 << 10, "KiB", 1),
            1_048_576..=1_073_741_823 => (1 << 20, "MiB", 1),
            _ => (1 << 30, "GiB", 2),
        }
    }
}

impl fmt::Display for Mib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name, digits) = Self::unit(self.0);
        write!(f, "{:.digits$} {name}", self.0 as f64 / unit as f64)
    }
}
