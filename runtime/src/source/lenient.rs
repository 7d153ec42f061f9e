//! Bad records that are left out.

use crate::error::Result;
use crate::output::Claim;

/// What happens to records that cannot be read: they are written to a file, and left out.
///
/// The file has a line for each: where it stands, what is wrong, and the line itself, with tabs between them. It gets its name when the
/// job is done, as outputs do, and is empty where every record was good.
///
/// # Limits
/// Only what somebody reads of a record is looked at, so a field that no operator names makes no record bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lenient {
    path: String,
    at_most: Option<u64>,
}

impl Lenient {
    /// Bad records go to this file.
    ///
    /// ```
    /// # use runtime::source::Lenient;
    /// let lenient = Lenient::to("bad.txt").at_most(100);
    /// ```
    #[must_use]
    pub fn to(path: impl Into<String>) -> Self {
        Lenient { path: path.into(), at_most: None }
    }

    /// One bad record more than this ends the job.
    #[must_use]
    pub fn at_most(self, records: u64) -> Self {
        Lenient { at_most: Some(records), ..self }
    }

    /// The path of the file of rejected records.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The number of rejected records that ends the job.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        self.at_most
    }
}

/// A bad record on its way to its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Which file of the source.
    pub part: usize,
    /// Where its split begins.
    pub split_start: u64,
    /// How many lines of the split stand before it.
    pub lines_before: u64,
    /// What is wrong.
    pub message: String,
    /// The line, without its end.
    pub line: Vec<u8>,
}

/// Where a source's bad records go. Readers count them at once, the executor writes them on a thread that may block.
pub trait RejectSink: Send + Sync {
    /// Whether something is in the way of the file.
    ///
    /// # Errors
    /// What it is.
    fn check(&self) -> Result<()>;
    /// Where the file goes, to be held against the job's other outputs.
    fn claim(&self) -> Option<Claim>;
    /// Makes the file, without a name as yet, and begins to count.
    ///
    /// # Errors
    /// Where it cannot be made.
    fn prepare(&self) -> Result<()>;
    /// Writes records.
    ///
    /// # Errors
    /// Where they cannot be written.
    fn write(&self, rejected: &[Rejected]) -> Result<()>;
    /// Gives the file its name, or removes it.
    ///
    /// # Errors
    /// Where it cannot get its name.
    fn finish(&self, success: bool) -> Result<()>;
    /// How many records were bad.
    fn count(&self) -> u64;
}
