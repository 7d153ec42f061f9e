//! Closures that make one record of two.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::{Factory, Reduce, ReduceFactory, TaskContext};
use runtime::page::{Input, RowWriter};

use super::Emitter;
use super::emitter::emitting;
use super::shared::Shared;
use crate::record::Record;

struct Reducing<T, B> {
    body: B,
    of: PhantomData<fn() -> T>,
}

/// A reducer that calls `body` for two records of a group.
pub(crate) fn reduce<T: Record, F>(body: F) -> ReduceFactory
where
    F: for<'l, 'r> Fn(T::At<'l>, T::At<'r>, &mut Emitter<'_, T>) + Clone + Send + 'static,
{
    Arc::new(Reducing::<T, Shared<F>> { body: Shared::new(body), of: PhantomData })
}

impl<T: Record, F> Factory<dyn Reduce> for Reducing<T, Shared<F>>
where
    F: for<'l, 'r> Fn(T::At<'l>, T::At<'r>, &mut Emitter<'_, T>) + Clone + Send + 'static,
{
    fn open(&self, _: &TaskContext) -> Result<Box<dyn Reduce>> {
        Ok(Box::new(Reducing { body: self.body.get(), of: self.of }))
    }
}

impl<T: Record, F> Reduce for Reducing<T, F>
where
    F: for<'l, 'r> Fn(T::At<'l>, T::At<'r>, &mut Emitter<'_, T>) + Clone + Send + 'static,
{
    fn combine(&mut self, left: &Input<'_>, right: &Input<'_>, out: &mut RowWriter) -> Result<()> {
        emitting::<T, _>(out, |out| {
            left.visit(|mut left_leaves, left_rows| {
                right.visit(|mut right_leaves, right_rows| {
                    let (left, right) = (T::cursor(&mut left_leaves), T::cursor(&mut right_leaves));
                    if !left_rows.is_empty() && !right_rows.is_empty() {
                        (self.body)(T::at(left, left_rows.get(0)), T::at(right, right_rows.get(0)), out);
                    }
                });
            });
        })
    }
}
