//! Closures over one record that emit any number.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::{Chain, ChainFactory, Factory, TaskContext};
use runtime::page::{Input, RowWriter};
use runtime::plan::Reads;

use super::Emitter;
use super::emitter::emitting;
use super::shared::{Guarded, Shared};
use crate::error::UserError;
use crate::record::Record;
use crate::record::show_record;

struct Process<T, U, B> {
    body: B,
    of: PhantomData<fn() -> (T, U)>,
}

/// A chain that calls `body` for each record.
pub(crate) fn process<T: Record, U: Record, F>(body: F) -> ChainFactory
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    Arc::new(Process::<T, U, Shared<F>> { body: Shared::new(body), of: PhantomData })
}

impl<T: Record, U: Record, F> Factory<dyn Chain> for Process<T, U, Shared<F>>
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn open(&self, _: &TaskContext) -> Result<Box<dyn Chain>> {
        Ok(Box::new(Process { body: self.body.get(), of: self.of }))
    }

    fn has_effects(&self) -> bool {
        self.body.accumulates()
    }
}

impl<T: Record, U: Record, F> Chain for Process<T, U, Guarded<F>>
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let body = &*self.body;
        emitting::<U, _>(out, |out| {
            input.visit(|mut leaves, rows| {
                let cursor = T::cursor(&mut leaves);
                let mut position = from;
                while position < rows.len() && !out.is_full() {
                    body(T::at(cursor, rows.get(position)), out);
                    position += 1;
                }
                position
            })
        })
    }
}

struct TryProcess<T, U, B> {
    body: B,
    /// What `body` reads, and so what may be shown of a record.
    reads: Reads,
    of: PhantomData<fn() -> (T, U)>,
}

/// A chain that calls `body` for each record, and ends the job with its error.
pub(crate) fn try_process<T: Record, U: Record, F>(body: F, reads: Reads) -> ChainFactory
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    Arc::new(TryProcess::<T, U, Shared<F>> { body: Shared::new(body), reads, of: PhantomData })
}

impl<T: Record, U: Record, F> Factory<dyn Chain> for TryProcess<T, U, Shared<F>>
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn open(&self, _: &TaskContext) -> Result<Box<dyn Chain>> {
        Ok(Box::new(TryProcess { body: self.body.get(), reads: self.reads.clone(), of: self.of }))
    }

    fn has_effects(&self) -> bool {
        self.body.accumulates()
    }
}

impl<T: Record, U: Record, F> Chain for TryProcess<T, U, Guarded<F>>
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let body = &*self.body;
        let (position, failed) = emitting::<U, _>(out, |out| {
            input.visit(|mut leaves, rows| {
                let cursor = T::cursor(&mut leaves);
                let mut position = from;
                while position < rows.len() && !out.is_full() {
                    if let Err(error) = body(T::at(cursor, rows.get(position)), out) {
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
