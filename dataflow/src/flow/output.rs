//! The destination of a sink.

use runtime::output::Target;

pub use runtime::output::IfExists;

/// The path of an output, and what happens to existing files. Sinks accept it in place of a path.
///
/// A path is a file, a folder of files if it ends with `/`, or standard output if it is `-`. Links
/// are followed. Devices and named pipes receive records as they are processed.
///
/// ```
/// # use dataflow::prelude::*;
/// # let folder = std::env::temp_dir().join(format!("dataflow-doc-output-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("log.csv").display().to_string();
/// let env = Env::embedded();
/// for day in 1..=3u64 {
///     let log = Output::to(&path).if_exists(IfExists::Append);
///     env.collection([(day, "good")])?.write_csv(log);
///     env.run()?;
/// }
/// assert_eq!(std::fs::read_to_string(&path)?, "0,1\n1,good\n2,good\n3,good\n");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    path: String,
    if_exists: Option<IfExists>,
}

impl Output {
    /// Creates an output at this path. An existing file is replaced. An existing folder must be
    /// empty.
    #[must_use]
    pub fn to(path: impl Into<String>) -> Self {
        Output { path: path.into(), if_exists: None }
    }

    /// Sets what happens to an existing file or folder.
    ///
    /// | | File | Folder |
    /// |---|---|---|
    /// | `Overwrite` | is replaced after success | the same, with all files in it |
    /// | `Append` | records are added after success | files are added, in any format |
    /// | `Fail` | the job is refused | the job is refused, unless the folder is empty |
    ///
    /// `Overwrite` accepts only folders that contain nothing but files and folders `field=value`.
    /// `Append` to a file works for text, CSV, JSON lines and binary files without compression. The
    /// header is not written again.
    #[must_use]
    pub fn if_exists(self, if_exists: IfExists) -> Self {
        Output { if_exists: Some(if_exists), ..self }
    }

    #[inline(never)]
    fn at(path: &str) -> Self {
        Output { path: path.to_owned(), if_exists: None }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn target(&self) -> Target {
        Target::of(&self.path, self.if_exists)
    }

    /// A folder, even if the path does not end with `/`.
    pub(super) fn folder(&self) -> Target {
        Target::folder(&self.path, self.if_exists)
    }
}

impl<P: AsRef<str>> From<P> for Output {
    fn from(path: P) -> Self {
        Output::at(path.as_ref())
    }
}
