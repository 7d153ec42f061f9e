//! Closures over one record and a state of their task.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::{Chain, ChainFactory, TaskContext};
use runtime::page::{Input, RowWriter};

use super::Emitter;
use super::emitter::emitting;
use super::shared::Shared;
use crate::flow::{Task, TaskState};
use crate::record::Record;

struct Stateful<T, U, S, B> {
    state: S,
    body: B,
    of: PhantomData<fn() -> (T, U)>,
}

/// A chain that calls `open` in each task, then `body` for each record.
pub(crate) fn process_with<T: Record, U: Record, S, O, F>(open: O, body: F) -> ChainFactory
where
    S: TaskState,
    O: Fn(Task) -> S + Clone + Send + 'static,
    F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    let shared = Shared::new((open, body));
    Arc::new(move |context: &TaskContext| -> Result<Box<dyn Chain>> {
        let (open, body) = shared.get();
        let state = open(Task::new(context.subtask, context.subtasks));
        Ok(Box::new(Stateful::<T, U, S, F> { state, body, of: PhantomData }))
    })
}

impl<T: Record, U: Record, S, F> Chain for Stateful<T, U, S, F>
where
    S: TaskState,
    F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        emitting::<U, _>(out, |out| {
            input.visit(|mut leaves, rows| {
                let cursor = T::cursor(&mut leaves);
                let mut position = from;
                while position < rows.len() && !out.is_full() {
                    (self.body)(&mut self.state, T::at(cursor, rows.get(position)), out);
                    position += 1;
                }
                position
            })
        })
    }
}
