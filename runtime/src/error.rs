//! The error type of the engine. Each message states the problem, its place in the user's program
//! or data, and the next step.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The result of the engine's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operator as the user wrote it: `words (flat_map) at src/main.rs:12`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The operator's name: the binding, or the operator's own word.
    pub name: Arc<str>,
    /// The operator in the words of the program: `filter → map`.
    pub operator: Arc<str>,
    /// The file in which the operator is written.
    pub file: Arc<str>,
    /// The line of the operator, from 1.
    pub line: u32,
    /// The column of the operator in that line, from 1.
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

/// The purpose of a path in the user's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlUse {
    /// The files of a source.
    Read,
    /// An output of a sink.
    Write,
    /// A folder that is kept after the job: a log, or snapshots.
    Keep,
    /// A folder for spilled pages.
    Spill,
}

/// Returns the reason why a path that is a URL cannot be used, with the way to use its records.
/// `None` if the path is no URL. Call it only for paths that do not exist.
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

/// Errors of a job, or of a plan that is rejected before it starts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The operation that failed: "read", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A path, folder or glob matches no readable file.
    #[error("no input at {path}: {reason}")]
    NoInput {
        /// The path as the user wrote it.
        path: String,
        /// The problem, such as the missing file.
        reason: String,
    },
    /// The bytes of a file are invalid.
    #[error("{}{place}: {message}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// Line, row, column or offset, with its leading punctuation: ":12", ", row group 3".
        place: String,
        /// The expected and the found value.
        message: String,
    },
    /// The columns of a file do not fit the record.
    #[error("{}: {message}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The column, its expected type and its actual type.
        message: String,
    },
    /// An operator requested more than is left of the memory budget.
    #[error(
        "out of memory: {operator} needs {} more, and {} of the budget of {} are in use{}; raise `--memory`, or reduce what the operator keeps",
        Mib(*need), Mib(*used), Mib(*budget), long_records(*longest_run)
    )]
    OutOfMemory {
        /// The operator that requested the memory.
        operator: String,
        /// The requested bytes.
        need: usize,
        /// Bytes reserved in the whole budget at that moment.
        used: usize,
        /// The budget in bytes.
        budget: usize,
        /// Bytes of pages of the longest record so far. 0 if each record fits in a page.
        longest_run: usize,
    },
    /// The minimum memory of a plan is more than the budget. Detected before the job starts.
    #[error(
        "{} of memory is too little for this program, which needs at least {}; raise `--memory`, or lower `--parallelism`:{by_operator}",
        Mib(*budget), Mib::rounded_up(*need)
    )]
    TooLittleMemory {
        /// The minimum memory in bytes.
        need: usize,
        /// The budget in bytes.
        budget: usize,
        /// One line for each operator with a minimum.
        by_operator: String,
    },
    /// The minimum memory of a job that runs in a closure of another job is more than the running
    /// jobs leave.
    #[error(
        "a job that a closure of another job runs needs at least {} of memory, and {} of the budget of {} are left beside the jobs that run now; it cannot wait \
         for them, since one of them waits for it: raise `--memory`, lower `--parallelism`, or run it outside of the closure",
        Mib::rounded_up(*need), Mib(*free), Mib(*budget)
    )]
    NoRoomInside {
        /// The minimum memory of the inner job in bytes.
        need: usize,
        /// Bytes of the budget that are left after the minimums of the running jobs.
        free: usize,
        /// The budget in bytes.
        budget: usize,
    },
    /// The process cannot map the address space for pages.
    #[error(
        "the system grants this process {} of addresses for pages and no more; raise the limit (`ulimit -v`), or lower `--memory` below that",
        Mib(*bytes)
    )]
    FewAddresses {
        /// Bytes that the system grants, or that were requested last.
        bytes: usize,
    },
    /// No file for spilled pages can be created in the folder.
    #[error("cannot spill to {}: {source}; make the folder one that can be written to, or name another with `--spill-dir`", folder.display())]
    NoSpillFolder {
        /// The spill folder.
        folder: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The disk of spilled pages is full.
    #[error(
        "the disk of {} is full: {} were spilled to it; free some space, name another folder with `--spill-dir`, or raise `--memory` ({source})",
        folder.display(), Mib(*spilled as usize)
    )]
    DiskFull {
        /// The spill folder.
        folder: PathBuf,
        /// Bytes that all tasks have spilled to it.
        spilled: u64,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The result of an operation is out of the range of its type.
    #[error("overflow: {what}")]
    Overflow {
        /// The operation and its operands.
        what: String,
    },
    /// A user's closure panicked.
    #[error("a closure panicked: {message}")]
    Panic {
        /// The panic's message and its place in the source.
        message: String,
    },
    /// A user's closure returned an error.
    #[error("{0}")]
    User(Box<dyn std::error::Error + Send + Sync>),
    /// A flow that is read as a single value does not have exactly one record.
    #[error(
        "expected a flow of one record, found {}; a flow that `with` takes as a value is best made by an `aggregate`, and `with_all` takes one of any number",
        match found { 0 => "none".to_owned(), found => format!("{found} records") }
    )]
    NotOneRecord {
        /// Its number of records.
        found: usize,
    },
    /// The plan is invalid. Detected before the first record is read.
    #[error("{0}")]
    Plan(String),
    /// Any of the above, with the operator in which it happened.
    #[error("{origin}: {error}")]
    At {
        /// The operator.
        origin: Origin,
        /// The error.
        #[source]
        error: Box<Error>,
    },
    /// A source or sink outside of the engine has broken a rule of its interface.
    #[error("{0}")]
    Connector(String),
    /// The job was cancelled.
    #[error("the job was cancelled")]
    Cancelled,
    /// A broken invariant of the engine: a defect of the engine, not of the program.
    #[error("internal error, please report: {0}")]
    Internal(String),
}

impl Error {
    /// The error for a folder in which no spill file can be created.
    pub(crate) fn no_spill_folder(folder: &Path, source: std::io::Error) -> Self {
        match refused_url(folder, UrlUse::Spill).filter(|_| !folder.exists()) {
            Some(reason) => Error::Plan(format!("cannot spill to {}: {reason}", folder.display())),
            None => Error::NoSpillFolder { folder: folder.to_owned(), source },
        }
    }

    /// Attaches the operator, unless one is attached already: the innermost operator caused the
    /// error.
    #[must_use]
    pub fn at(self, origin: &Origin) -> Self {
        match self {
            Error::At { .. } | Error::Cancelled => self,
            error => Error::At { origin: origin.clone(), error: Box::new(error) },
        }
    }

    /// Returns a function for `map_err` that makes an [`Error::Io`].
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }
}

/// The addition to a message if records are longer than a page. Empty if none is.
fn long_records(longest_run: usize) -> String {
    if longest_run == 0 {
        return String::new();
    }
    format!(", where a record takes up to {} and several are on their way", Mib(longest_run))
}

/// A number of bytes, displayed in the largest fitting unit.
#[derive(Clone, Copy)]
pub struct Mib(pub usize);

impl Mib {
    /// Rounds up to a number that is displayed exactly. So the user can pass the displayed number.
    pub fn rounded_up(bytes: usize) -> Self {
        let (unit, _, digits) = Self::unit(bytes);
        let parts = 10_u128.pow(digits as u32);
        let shown = (bytes as u128 * parts).div_ceil(unit as u128);
        Mib((shown * unit as u128).div_ceil(parts) as usize)
    }

    /// The unit for a number of bytes: the unit's bytes, its name, and the number of decimals.
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
