//! Closures over one record and a state of their task.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::{Chain, ChainFactory, Factory, KeepsState, Predicate, PredicateFactory, TaskContext};
use runtime::page::{Batch, Input, RowWriter, Selection};
use runtime::plan::Reads;

use super::Emitter;
use super::emitter::emitting;
use super::predicate::try_select;
use super::shared::{Guarded, Shared};
use super::task::{Task, TaskState};
use crate::error::UserError;
use crate::record::{Record, show_record};

struct Stateful<T, U, S, B> {
    state: Guarded<S>,
    body: B,
    /// What `body` reads, and so what may be shown of a record.
    reads: Reads,
    of: PhantomData<fn() -> (T, U)>,
}

/// A chain that calls `open` in each task, then `body` for each record.
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

/// A chain that calls `open` in each task, then `body` for each record, and ends the job with an error of either.
pub(crate) fn try_process_with<T: Record, U: Record, S, O, F>(open: O, body: F, reads: Reads) -> ChainFactory
where
    S: TaskState,
    O: Fn(Task) -> Result<S, UserError> + Clone + Send + 'static,
    F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    let (maker, shared) = (Shared::new(open), Shared::new(body));
    let has_effects = maker.accumulates() || shared.accumulates();
    let open = move |context: &TaskContext| -> Result<Box<dyn Chain>> {
        let body = shared.get();
        let state = opened(&*maker.get(), context)?;
        Ok(Box::new(Stateful::<T, U, S, Guarded<F>> { state, body, reads: reads.clone(), of: PhantomData }))
    };
    Arc::new(KeepsState { open, has_effects })
}

fn opened<S>(open: &impl Fn(Task) -> Result<S, UserError>, context: &TaskContext) -> Result<Guarded<S>> {
    open(Task::new(context.subtask, context.subtasks)).map(Guarded::new).map_err(UserError::alone)
}

impl<T: Record, U: Record, S, F> Chain for Stateful<T, U, S, Guarded<F>>
where
    S: TaskState,
    F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let (state, body) = (&mut *self.state, &*self.body);
        let (position, failed) = emitting::<U, _>(out, |out| {
            input.visit(|mut leaves, rows| {
                let cursor = T::cursor(&mut leaves);
                let mut position = from;
                while position < rows.len() && !out.is_full() {
                    if let Err(error) = body(state, T::at(cursor, rows.get(position)), out) {
                        return (position, Some(error));
                    }
                    position += 1;
                }
                (position, None)
            })
        })?;
        match failed {
            Some(error) => Err(error.with_record(&show_record(&T::schema(), &self.reads, input, position))),
            None => Ok(position),
        }
    }
}

/// A predicate with a state.
struct KeepWith<T, S, B> {
    state: Guarded<S>,
    body: B,
    reads: Reads,
    of: PhantomData<fn() -> T>,
}

/// Makes the states of a predicate.
struct OpenKeep<T, S, O, F> {
    maker: Shared<O>,
    shared: Shared<F>,
    reads: Reads,
    of: PhantomData<fn() -> (T, S)>,
}

/// A predicate that calls `open` in each task, then `keep` for each record, and ends the job with an error of either.
pub(crate) fn try_predicate_with<T: Record, S, O, F>(open: O, keep: F, reads: Reads) -> PredicateFactory
where
    S: TaskState,
    O: Fn(Task) -> Result<S, UserError> + Clone + Send + 'static,
    F: for<'a> Fn(&mut S, T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    let (maker, shared) = (Shared::new(open), Shared::new(keep));
    Arc::new(OpenKeep::<T, S, O, F> { maker, shared, reads, of: PhantomData })
}

impl<T: Record, S, O, F> Factory<dyn Predicate> for OpenKeep<T, S, O, F>
where
    S: TaskState,
    O: Fn(Task) -> Result<S, UserError> + Clone + Send + 'static,
    F: for<'a> Fn(&mut S, T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    fn open(&self, context: &TaskContext) -> Result<Box<dyn Predicate>> {
        let body = self.shared.get();
        let state = opened(&*self.maker.get(), context)?;
        Ok(Box::new(KeepWith::<T, S, Guarded<F>> { state, body, reads: self.reads.clone(), of: PhantomData }))
    }

    /// What it keeps depends on what it saw.
    fn has_effects(&self) -> bool {
        true
    }

    fn keeps_state(&self) -> bool {
        true
    }
}

impl<T: Record, S, F> Predicate for KeepWith<T, S, Guarded<F>>
where
    S: TaskState,
    F: for<'a> Fn(&mut S, T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let (state, body) = (&mut *self.state, &*self.body);
        try_select::<T>(batch, rows, &self.reads, |record| body(state, record))
    }
}
