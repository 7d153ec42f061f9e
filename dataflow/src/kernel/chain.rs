//! Closures over one record that emit any number of records.

use std::marker::PhantomData;

use runtime::error::Result;
use runtime::kernel::{Chain, ChainFactory};
use runtime::page::{Input, RowWriter};
use runtime::plan::Reads;

use super::Emitter;
use super::emitter::with_emitter;
use super::shared::{Guarded, error_with_record, kernel_factory};
use crate::error::UserError;
use crate::record::Record;

struct ClosureChain<T, U, F> {
    body: Guarded<F>,
    of: PhantomData<fn() -> (T, U)>,
}

/// Makes a chain that calls `body` for each record.
pub(crate) fn process<T: Record, U: Record, F>(body: F) -> ChainFactory
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    kernel_factory(body, |body| Box::new(ClosureChain::<T, U, F> { body, of: PhantomData }) as Box<dyn Chain>)
}

impl<T: Record, U: Record, F> Chain for ClosureChain<T, U, F>
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let body = &*self.body;
        with_emitter::<U, _>(out, |out| {
            input.visit(|mut leaves, rows| {
                let (cursor, times) = (T::cursor(&mut leaves), leaves.event_time());
                let mut position = from;
                while position < rows.len() && !out.is_full() {
                    let row = rows.get(position);
                    out.set_event_time(times.read(row));
                    body(T::at(cursor, row), out);
                    position += 1;
                }
                position
            })
        })
    }
}

struct TryClosureChain<T, U, F> {
    body: Guarded<F>,
    /// The fields that `body` reads, for error messages.
    reads: Reads,
    of: PhantomData<fn() -> (T, U)>,
}

/// Makes a chain that calls `body` for each record. An error of `body` ends the job.
pub(crate) fn try_process<T: Record, U: Record, F>(body: F, reads: Reads) -> ChainFactory
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    kernel_factory(body, move |body| -> Box<dyn Chain> {
        Box::new(TryClosureChain::<T, U, F> { body, reads: reads.clone(), of: PhantomData })
    })
}

impl<T: Record, U: Record, F> Chain for TryClosureChain<T, U, F>
where
    F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let body = &*self.body;
        try_for_each_record::<T, U>(input, from, out, &self.reads, |record, out| body(record, out))
    }
}

/// Calls `body` for each record from position `from` on, until a page is closed. Returns the
/// position after the last call.
///
/// An error of `body` ends the job. Its message shows the fields of the record that are in `reads`.
#[inline(always)]
pub(super) fn try_for_each_record<T: Record, U: Record>(
    input: &Input<'_>,
    from: usize,
    out: &mut RowWriter,
    reads: &Reads,
    mut body: impl for<'a> FnMut(T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError>,
) -> Result<usize> {
    let (position, failed) = with_emitter::<U, _>(out, |out| {
        input.visit(|mut leaves, rows| {
            let (cursor, times) = (T::cursor(&mut leaves), leaves.event_time());
            let mut position = from;
            while position < rows.len() && !out.is_full() {
                let row = rows.get(position);
                out.set_event_time(times.read(row));
                if let Err(error) = body(T::at(cursor, row), out) {
                    return (position, Some(error));
                }
                position += 1;
            }
            (position, None)
        })
    })?;
    match failed {
        Some(error) => Err(error_with_record(error, T::schema, reads, input, position)),
        None => Ok(position),
    }
}
