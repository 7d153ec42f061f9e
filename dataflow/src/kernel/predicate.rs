//! Closures that decide whether a record is kept.

use std::marker::PhantomData;

use runtime::error::Result;
use runtime::kernel::{Predicate, PredicateFactory};
use runtime::page::{Batch, Input, Selection};
use runtime::plan::Reads;

use super::shared::{Guarded, error_with_record, kernel_factory};
use crate::error::UserError;
use crate::record::Record;

struct ClosurePredicate<T, F> {
    body: Guarded<F>,
    of: PhantomData<fn() -> T>,
}

/// Makes a predicate that calls `body` for each record.
pub(crate) fn predicate<T: Record, F>(body: F) -> PredicateFactory
where
    F: for<'a> Fn(T::At<'a>) -> bool + Clone + Send + 'static,
{
    kernel_factory(body, |body| Box::new(ClosurePredicate::<T, F> { body, of: PhantomData }) as Box<dyn Predicate>)
}

impl<T: Record, F> Predicate for ClosurePredicate<T, F>
where
    F: for<'a> Fn(T::At<'a>) -> bool + Clone + Send + 'static,
{
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let body = &*self.body;
        rows.retain(batch, |mut leaves, rows| {
            let cursor = T::cursor(&mut leaves);
            rows.each(|row| body(T::at(cursor, row)));
        });
        Ok(())
    }
}

struct TryClosurePredicate<T, F> {
    body: Guarded<F>,
    /// The fields that `body` reads, for error messages.
    reads: Reads,
    of: PhantomData<fn() -> T>,
}

/// Makes a predicate that calls `body` for each record. An error of `body` ends the job.
pub(crate) fn try_predicate<T: Record, F>(body: F, reads: Reads) -> PredicateFactory
where
    F: for<'a> Fn(T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    kernel_factory(body, move |body| -> Box<dyn Predicate> {
        Box::new(TryClosurePredicate::<T, F> { body, reads: reads.clone(), of: PhantomData })
    })
}

impl<T: Record, F> Predicate for TryClosurePredicate<T, F>
where
    F: for<'a> Fn(T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let body = &*self.body;
        try_select::<T>(batch, rows, &self.reads, |record| body(record))
    }
}

/// Keeps the rows for which `keep` returns `Ok(true)`. Adds the record to an error, as far as
/// `reads` allows.
#[inline]
pub(super) fn try_select<T: Record>(
    batch: &Batch<'_>,
    rows: &mut Selection,
    reads: &Reads,
    mut keep: impl for<'a> FnMut(T::At<'a>) -> Result<bool, UserError>,
) -> Result<()> {
    let mut position = 0;
    let input_rows = rows.rows().to_vec();
    let result = rows.retain(batch, |mut leaves, rows| {
        let cursor = T::cursor(&mut leaves);
        rows.try_each(|row| {
            position += 1;
            keep(T::at(cursor, row))
        })
    });
    result.map_err(|error| {
        let mut selection = Selection::default();
        selection.set(input_rows);
        let input = Input::new(batch, &selection);
        error_with_record(error, T::schema, reads, &input, position - 1)
    })
}
