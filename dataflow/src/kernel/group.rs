//! Closures over whole groups, whose records they are lent one at a time.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::{CoGroupFactory, CoGroupKernel, Factory, GROUP_ROWS, GroupFactory, GroupKernel, TaskContext};
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

impl<'b, T: Record> Group<'b, T> {
    #[inline(always)]
    fn new(cursor: T::Cursor<'b>, rows: KeptRows<'b>) -> Self {
        Group { cursor, rows, position: 0, lent: None }
    }
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
                while position < sorted.len() && position < from + GROUP_ROWS && !out.is_full() {
                    let end = rows.group_end(position, leading);
                    (self.body)(&mut Group::new(cursor, sorted.slice(position..end)), out);
                    position = end;
                }
                position
            })
        })
    }
}

struct CoGrouping<L, R, U, B> {
    body: B,
    of: Types<L, R, U>,
}

/// Both sides' records and the result's.
type Types<L, R, U> = PhantomData<fn() -> (L, R, U)>;

/// A kernel that calls `body` for each key's groups of two sides.
pub(crate) fn co_group<L: Record, R: Record, U: Record, F>(body: F) -> CoGroupFactory
where
    F: for<'l, 'r> Fn(&mut Group<'l, L>, &mut Group<'r, R>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    let shared = Shared::new(body);
    Arc::new(move |_: &TaskContext| -> Result<Box<dyn CoGroupKernel>> {
        Ok(Box::new(CoGrouping::<L, R, U, F> { body: shared.get(), of: PhantomData }))
    })
}

impl<L: Record, R: Record, U: Record, F> CoGroupKernel for CoGrouping<L, R, U, F>
where
    F: for<'l, 'r> Fn(&mut Group<'l, L>, &mut Group<'r, R>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn run(
        &mut self,
        sides: [&SortBuffer; 2],
        leading: usize,
        from: [usize; 2],
        out: &mut RowWriter,
    ) -> Result<[usize; 2]> {
        emitting::<U, _>(out, |out| {
            sides[0].visit(|mut left, left_rows| {
                sides[1].visit(|mut right, right_rows| {
                    let (left, right) = (L::cursor(&mut left), R::cursor(&mut right));
                    let (mut at, until) = (from, from[0] + from[1] + GROUP_ROWS);
                    while at[0] + at[1] < until && !out.is_full() {
                        let ends = SortBuffer::next_groups(sides, at, leading);
                        if ends == at {
                            break;
                        }
                        let mut lefts = Group::new(left, left_rows.slice(at[0]..ends[0]));
                        let mut rights = Group::new(right, right_rows.slice(at[1]..ends[1]));
                        (self.body)(&mut lefts, &mut rights, out);
                        at = ends;
                    }
                    at
                })
            })
        })
    }
}
