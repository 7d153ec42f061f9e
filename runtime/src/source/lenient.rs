//! Records that cannot be read, and are left out.

use crate::error::Result;
use crate::output::Claim;

/// Leaves out records that cannot be read, and writes them to a file.
///
/// The file has one line for each bad record: its place, the error, and the line itself, separated
/// by tabs. It gets its name at the end of the job, like other outputs. It is empty if all records
/// are good.
///
/// # Limits
/// Only leaves that an operator reads are decoded. A bad value in another leaf is not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lenient {
    path: String,
    at_most: Option<u64>,
}

impl Lenient {
    /// Writes bad records to this file.
    ///
    /// ```
    /// # use runtime::source::Lenient;
    /// let lenient = Lenient::to("bad.txt").at_most(100);
    /// ```
    #[must_use]
    pub fn to(path: impl Into<String>) -> Self {
        Lenient { path: path.into(), at_most: None }
    }

    /// Ends the job with an error if there are more bad records than this.
    #[must_use]
    pub fn at_most(self, records: u64) -> Self {
        Lenient { at_most: Some(records), ..self }
    }

    /// The path of the file of rejected records.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The most bad records that the job accepts. `None` if there is no limit.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        self.at_most
    }
}

/// A bad record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The number of the file in the source.
    pub part: usize,
    /// The offset of its split in the file, in bytes.
    pub split_start: u64,
    /// The number of lines before it in the split.
    pub lines_before: u64,
    /// The error.
    pub message: String,
    /// The line, without its end.
    pub line: Vec<u8>,
}

/// Receives the bad records of a source. Readers count them, and blocking threads write them.
pub trait RejectSink: Send + Sync {
    /// Checks that the file can be created.
    ///
    /// # Errors
    /// Fails if an existing file or folder is in the way.
    fn check(&self) -> Result<()>;
    /// The target of the file. The job checks that no other output has the same.
    fn claim(&self) -> Option<Claim>;
    /// Creates the file under a temporary name, and sets the count to 0.
    ///
    /// # Errors
    /// Fails if it cannot be created.
    fn prepare(&self) -> Result<()>;
    /// Writes records. May block.
    ///
    /// # Errors
    /// Fails if they cannot be written.
    fn write(&self, rejected: &[Rejected]) -> Result<()>;
    /// Gives the file its name if the job succeeded, and removes it otherwise.
    ///
    /// # Errors
    /// Fails if the file cannot be renamed.
    fn finish(&self, success: bool) -> Result<()>;
    /// The number of bad records.
    fn count(&self) -> u64;
}
