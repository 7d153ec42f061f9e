//! Closures over one record and the state of their task.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::{Chain, ChainFactory, KeepsState, Predicate, PredicateFactory, TaskContext};
use runtime::page::{Batch, Input, RowWriter, Selection};
use runtime::plan::Reads;

use super::Emitter;
use super::chain::try_for_each_record;
use super::predicate::try_select;
use super::shared::{Guarded, SharedClosure};
use super::task::{Task, TaskState};
use crate::error::UserError;
use crate::record::Record;

struct StatefulChain<T, U, S, F> {
    state: Guarded<S>,
    body: Guarded<F>,
    /// The fields that `body` reads, for error messages.
    reads: Reads,
    of: PhantomData<fn() -> (T, U)>,
}

/// Makes a chain that calls `open` once per task, then `body` for each record.
pub(crate) fn process_with<T: Record, U: Record, S, O, F>(open: O, body: F) -> ChainFactory
where
    S: TaskState,
    O: Fn(Task) -> S + Clone + Send + 'static,
    F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    let infallible = move |state: &mut S, record: T::At<'_>, out: &mut Emitter<'_, U>| {
        body(state, record, out);
        Ok(())
    };
    try_process_with::<T, U, S, _, _>(move |task| Ok(open(task)), infallible, Reads::All)
}

/// Makes a chain that calls `open` once per task, then `body` for each record. An error of either
/// ends the job.
pub(crate) fn try_process_with<T: Record, U: Record, S, O, F>(open: O, body: F, reads: Reads) -> ChainFactory
where
    S: TaskState,
    O: Fn(Task) -> Result<S, UserError> + Clone + Send + 'static,
    F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    let (maker, shared) = (SharedClosure::new(open), SharedClosure::new(body));
    let has_effects = maker.accumulates() || shared.accumulates();
    let open = move |context: &TaskContext| -> Result<Box<dyn Chain>> {
        let body = shared.get();
        let state = open_state(&*maker.get(), context)?;
        Ok(Box::new(StatefulChain::<T, U, S, F> { state, body, reads: reads.clone(), of: PhantomData }))
    };
    Arc::new(KeepsState { open, has_effects })
}

fn open_state<S>(open: &impl Fn(Task) -> Result<S, UserError>, context: &TaskContext) -> Result<Guarded<S>> {
    open(Task::new(context.subtask, context.subtasks)).map(Guarded::new).map_err(UserError::without_record)
}

impl<T: Record, U: Record, S, F> Chain for StatefulChain<T, U, S, F>
where
    S: TaskState,
    F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let (state, body) = (&mut *self.state, &*self.body);
        try_for_each_record::<T, U>(input, from, out, &self.reads, |record, out| body(state, record, out))
    }
}

/// A predicate with a state.
struct StatefulPredicate<T, S, F> {
    state: Guarded<S>,
    body: Guarded<F>,
    reads: Reads,
    of: PhantomData<fn() -> T>,
}

/// Makes a predicate that calls `open` once per task, then `keep` for each record. An error of
/// either ends the job.
pub(crate) fn try_predicate_with<T: Record, S, O, F>(open: O, keep: F, reads: Reads) -> PredicateFactory
where
    S: TaskState,
    O: Fn(Task) -> Result<S, UserError> + Clone + Send + 'static,
    F: for<'a> Fn(&mut S, T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    let (maker, shared) = (SharedClosure::new(open), SharedClosure::new(keep));
    let open = move |context: &TaskContext| -> Result<Box<dyn Predicate>> {
        let body = shared.get();
        let state = open_state(&*maker.get(), context)?;
        Ok(Box::new(StatefulPredicate::<T, S, F> { state, body, reads: reads.clone(), of: PhantomData }))
    };
    // The result for a record depends on the records before it.
    Arc::new(KeepsState { open, has_effects: true })
}

impl<T: Record, S, F> Predicate for StatefulPredicate<T, S, F>
where
    S: TaskState,
    F: for<'a> Fn(&mut S, T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let (state, body) = (&mut *self.state, &*self.body);
        try_select::<T>(batch, rows, &self.reads, |record| body(state, record))
    }
}
