//! Where results are written to.

use runtime::output::Target;

pub use runtime::output::IfExists;

/// Where a flow is written to, and what happens to what exists there. Sinks take it, or a path alone.
///
/// A path is a file, a folder of files where it ends with `/`, or `-`, standard output. Links are followed; devices and pipes with a name are written to
/// as records come.
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
    /// This path. A file that exists is replaced, a folder that exists must be empty.
    #[must_use]
    pub fn to(path: impl Into<String>) -> Self {
        Output { path: path.into(), if_exists: None }
    }

    /// What happens to what exists, of files and folders alike.
    ///
    /// | | a file | a folder |
    /// |---|---|---|
    /// | `Overwrite` | is replaced when the job is done | likewise, all of it; it must hold nothing but files and folders `field=value` |
    /// | `Append` | records are added when the job is done, below one header: text, CSV, JSON lines and binary, not compressed | files are added, in any format |
    /// | `Fail` | the job is refused | likewise, unless it is empty |
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

    /// A folder, whatever the end of the path.
    pub(super) fn folder(&self) -> Target {
        Target::folder(&self.path, self.if_exists)
    }
}

impl<P: AsRef<str>> From<P> for Output {
    fn from(path: P) -> Self {
        Output::at(path.as_ref())
    }
}
