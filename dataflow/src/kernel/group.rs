//! Closures over whole groups, whose records they are lent one at a time.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::{Factory, GroupFactory, GroupKernel, TaskContext};
use runtime::page::{KeptRows, RowWriter, SortBuffer};

use super::Emitter;
use super::emitter::emitting;
use super::shared::Shared;
use crate::record::{Record, Value};

/// The records of a group, lent one at a time: a group may be larger than what a closure should keep, so a record is there until the next
/// one is asked for. What is to stay is copied out of it.
pub struct Group<'b, T: Record> {
    cursor: T::Cursor<'b>,
    rows: KeptRows<'b>,
    position: usize,
    lent: Option<T::At<'b>>,
}

impl<T: Record> Group<'_, T> {
    /// The next record.
    #[allow(clippy::should_implement_trait, reason = "an iterator could not take its records back")]
    #[inline(always)]
    pub fn next(&mut self) -> Option<T::At<'_>> {
        self.lent = self.rows.get(self.position).map(|row| T::at(self.cursor, row));
        self.position += 1;
        self.lent.as_ref().map(Value::twin)
    }

    /// How many records are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len().saturating_sub(self.position)
    }

    /// Whether no record is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies of the records that are left.
    #[must_use]
    pub fn owned(&mut self) -> Vec<T> {
        let mut records = Vec::with_capacity(self.len());
        while let Some(record) = self.next() {
            records.push(T::own(record));
        }
        records
    }
}

struct Grouping<T, U, B> {
    body: B,
    of: PhantomData<fn() -> (T, U)>,
}

/// A kernel that calls `body` for each group.
pub(crate) fn reduce_group<T: Record, U: Record, F>(body: F) -> GroupFactory
where
    F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    Arc::new(Grouping::<T, U, Shared<F>> { body: Shared::new(body), of: PhantomData })
}

impl<T: Record, U: Record, F> Factory<dyn GroupKernel> for Grouping<T, U, Shared<F>>
where
    F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn open(&self, _: &TaskContext) -> Result<Box<dyn GroupKernel>> {
        Ok(Box::new(Grouping { body: self.body.get(), of: self.of }))
    }
}

impl<T: Record, U: Record, F> GroupKernel for Grouping<T, U, F>
where
    F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn run(&mut self, rows: &SortBuffer, leading: usize, from: usize, out: &mut RowWriter) -> Result<usize> {
        emitting::<U, _>(out, |out| {
            rows.visit(|mut leaves, sorted| {
                let cursor = T::cursor(&mut leaves);
                let mut position = from;
                while position < sorted.len() && !out.is_full() {
                    let end = rows.group_end(position, leading);
                    (self.body)(&mut Group { cursor, rows: sorted.slice(position..end), position: 0, lent: None }, out);
                    position = end;
                }
                position
            })
        })
    }
}
