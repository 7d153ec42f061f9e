//! Closures that combine two records into one.

use std::marker::PhantomData;

use runtime::error::Result;
use runtime::group::{Combined, GroupTable, Groups, Reduce, ReduceFactory};
use runtime::page::{Input, RowWriter};

use crate::record::Record;

use super::Emitter;
use super::emitter::with_emitter;
use super::shared::{Guarded, kernel_factory};

struct ReduceByClosure<T, F> {
    body: Guarded<F>,
    of: PhantomData<fn() -> T>,
}

/// Makes a reducer that calls `body` for two records of a group.
pub(crate) fn reduce<T: Record, F>(body: F) -> ReduceFactory
where
    F: for<'l, 'r> Fn(T::At<'l>, T::At<'r>, &mut Emitter<'_, T>) + Clone + Send + 'static,
{
    kernel_factory(body, |body| Box::new(ReduceByClosure::<T, F> { body, of: PhantomData }) as Box<dyn Reduce>)
}

impl<T: Record, F> Reduce for ReduceByClosure<T, F>
where
    F: for<'l, 'r> Fn(T::At<'l>, T::At<'r>, &mut Emitter<'_, T>) + Clone + Send + 'static,
{
    fn combine(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        groups: &Groups,
        scratch: &mut RowWriter,
    ) -> Result<Combined> {
        let body = &*self.body;
        with_emitter::<T, _>(scratch, |out| {
            table.combine(input, groups, |mut group_leaves, mut leaves, mut pairs| {
                let (group, cursor) = (T::cursor(&mut group_leaves), T::cursor(&mut leaves));
                while let Some((left, right)) = pairs.next() {
                    body(T::at(group, left), T::at(cursor, right), out);
                    match pairs.settle(out.claims())? {
                        Combined::Kept => {}
                        fault => return Ok(fault),
                    }
                }
                Ok(Combined::Kept)
            })
        })?
    }
}
