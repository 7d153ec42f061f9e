//! Closures that say whether a record stays.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::{Factory, Predicate, PredicateFactory, TaskContext};
use runtime::page::{Batch, Input, Selection};
use runtime::plan::Reads;

use super::shared::{Guarded, Shared};
use crate::error::UserError;
use crate::record::{Record, show_record};

struct Keep<T, B> {
    body: B,
    of: PhantomData<fn() -> T>,
}

/// A predicate that calls `body`.
pub(crate) fn predicate<T: Record, F>(body: F) -> PredicateFactory
where
    F: for<'a> Fn(T::At<'a>) -> bool + Clone + Send + 'static,
{
    Arc::new(Keep::<T, Shared<F>> { body: Shared::new(body), of: PhantomData })
}

impl<T: Record, F> Factory<dyn Predicate> for Keep<T, Shared<F>>
where
    F: for<'a> Fn(T::At<'a>) -> bool + Clone + Send + 'static,
{
    fn open(&self, _: &TaskContext) -> Result<Box<dyn Predicate>> {
        Ok(Box::new(Keep { body: self.body.get(), of: self.of }))
    }

    fn has_effects(&self) -> bool {
        self.body.accumulates()
    }
}

impl<T: Record, F> Predicate for Keep<T, Guarded<F>>
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

struct TryKeep<T, B> {
    body: B,
    /// What `body` reads, and so what may be shown of a record.
    reads: Reads,
    of: PhantomData<fn() -> T>,
}

/// A predicate that calls `body`, and ends the job with its error.
pub(crate) fn try_predicate<T: Record, F>(body: F, reads: Reads) -> PredicateFactory
where
    F: for<'a> Fn(T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    Arc::new(TryKeep::<T, Shared<F>> { body: Shared::new(body), reads, of: PhantomData })
}

impl<T: Record, F> Factory<dyn Predicate> for TryKeep<T, Shared<F>>
where
    F: for<'a> Fn(T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    fn open(&self, _: &TaskContext) -> Result<Box<dyn Predicate>> {
        Ok(Box::new(TryKeep { body: self.body.get(), reads: self.reads.clone(), of: self.of }))
    }

    fn has_effects(&self) -> bool {
        self.body.accumulates()
    }
}

impl<T: Record, F> Predicate for TryKeep<T, Guarded<F>>
where
    F: for<'a> Fn(T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
{
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let body = &*self.body;
        try_select::<T>(batch, rows, &self.reads, |record| body(record))
    }
}

/// Keeps the rows for which `keep` gives `Ok(true)`; its error is shown with the record, as far as `reads` goes.
#[inline]
pub(super) fn try_select<T: Record>(
    batch: &Batch<'_>,
    rows: &mut Selection,
    reads: &Reads,
    mut keep: impl for<'a> FnMut(T::At<'a>) -> Result<bool, UserError>,
) -> Result<()> {
    let mut position = 0;
    let asked = rows.rows().to_vec();
    let result = rows.retain(batch, |mut leaves, rows| {
        let cursor = T::cursor(&mut leaves);
        rows.try_each(|row| {
            position += 1;
            keep(T::at(cursor, row))
        })
    });
    result.map_err(|error| {
        let mut selection = Selection::default();
        selection.set(asked);
        let input = Input::new(batch, &selection);
        error.with_record(&show_record(&T::schema(), reads, &input, position - 1))
    })
}
