//! Operators with a state of their own in each task: `process_with`, which `map_with`, `flat_map_with` and `filter_map_with` of the language
//! become.

use std::panic::Location;

use super::{Flow, Mode};
use crate::kernel::{Emitter, process_with};
use crate::record::Record;

/// One of the parallel tasks that run an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// Which one, from 0.
    pub index: usize,
    /// How many there are.
    pub tasks: usize,
}

impl Task {
    pub(crate) fn new(index: usize, tasks: usize) -> Self {
        Task { index, tasks }
    }
}

/// What a task can keep between two records: implemented for everything that another thread can go on with.
#[diagnostic::on_unimplemented(
    message = "a task cannot keep `{Self}` between two records",
    label = "this operator's state",
    note = "a task goes from thread to thread, so its state must be `Send` and borrow nothing: write `Arc` for `Rc`"
)]
pub trait TaskState: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<S: Send + 'static> TaskState for S {}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Makes a state in each task by `open`, then calls `body` for each record with its task's state; it emits any number of records.
    ///
    /// A state sees the records of its task, in the order in which they come, and no task sees another's; which records a task gets is up to
    /// the engine unless an operator before says so, as [`Flow::partition_by`] does. `open` runs before the first record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let amounts = env.collection([5i64, 7, 1])?;
    /// let running = amounts.process_with(
    ///     |_| 0i64,
    ///     |sum, amount, out| {
    ///         *sum += amount;
    ///         out.emit(*sum);
    ///     },
    /// );
    /// assert_eq!(running.collect()?, [5, 12, 13]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn process_with<S, U: Record, O, F>(&self, open: O, body: F) -> Flow<U, M>
    where
        S: TaskState,
        O: Fn(Task) -> S + Clone + Send + 'static,
        F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        let next = self.next.called_at(Location::caller());
        self.chained_as("process_with", process_with::<T, U, S, O, F>(open, body), &next)
    }
}
