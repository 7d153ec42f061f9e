//! The task of an operator, as its closures see it.

/// One of the parallel tasks that run an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// Index of the task, from 0.
    pub index: usize,
    /// Number of tasks.
    pub tasks: usize,
}

impl Task {
    pub(crate) fn new(index: usize, tasks: usize) -> Self {
        Task { index, tasks }
    }
}

/// State that a task can keep between two records. Implemented for all types that are `Send` and
/// borrow nothing.
#[diagnostic::on_unimplemented(
    message = "a task cannot keep `{Self}` between two records",
    label = "this operator's state",
    note = "a task goes from thread to thread, so its state must be `Send` and borrow nothing: write `Arc` for `Rc`"
)]
pub trait TaskState: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<S: Send + 'static> TaskState for S {}
