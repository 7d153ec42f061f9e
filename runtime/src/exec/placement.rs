//! The processes of a job's tasks.

use std::ops::Range;

/// Assigns tasks to processes.
///
/// The tasks of an operator exchange values through a
/// [`Rendezvous`](crate::rendezvous::Rendezvous). Tables, files and runtime filters that tasks
/// share are local to a process. They save work there, and are never needed to agree with tasks of
/// other processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Placement {
    /// All tasks are in this process.
    #[default]
    Local,
}

impl Placement {
    /// The tasks of a stage that this process makes.
    pub(super) fn local_tasks(self, tasks: usize) -> Range<usize> {
        match self {
            Placement::Local => 0..tasks,
        }
    }
}
