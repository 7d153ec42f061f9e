//! Ways to run a program.

use std::fmt;

use tests::PARALLELISM;

use super::program::Program;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Embedded,
    /// In ample memory, with this many tasks.
    Ample(usize),
    Minimum(usize),
    /// With snapshots: stopped and restored in one process.
    Restored,
    /// With snapshots: in processes that are killed.
    Killed,
}

impl Way {
    /// The ways of a program, the simplest first.
    pub fn all(program: &Program) -> Vec<Way> {
        let local = PARALLELISM.into_iter().flat_map(|tasks| [Way::Ample(tasks), Way::Minimum(tasks)]);
        let snapshots = [Way::Restored, Way::Killed].into_iter().filter(|_| program.share.has_snapshots());
        [Way::Embedded].into_iter().chain(local).chain(snapshots).collect()
    }

    /// Returns `true` if all runs are equal, except for the order in which tasks run.
    pub fn is_steady(self) -> bool {
        !matches!(self, Way::Restored | Way::Killed)
    }

    pub fn parse(text: &str) -> Option<Way> {
        let (name, tasks) = text.split_once(' ').unwrap_or((text, "1"));
        let tasks = tasks.parse().ok()?;
        let all = [Way::Embedded, Way::Ample(tasks), Way::Minimum(tasks), Way::Restored, Way::Killed];
        all.into_iter().find(|way| way.to_string().split(' ').next() == Some(name))
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Embedded => f.write_str("embedded"),
            Way::Ample(tasks) => write!(f, "ample {tasks}"),
            Way::Minimum(tasks) => write!(f, "minimum {tasks}"),
            Way::Restored => f.write_str("restored"),
            Way::Killed => f.write_str("killed"),
        }
    }
}
