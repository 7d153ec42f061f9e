//! Closures over groups, which borrow the records of a group one at a time.

use std::marker::PhantomData;

use runtime::error::Result;
use runtime::page::{LeafReader, NextRow, ReadRow, Row, RowWriter};
use runtime::sort::{CoGroupFactory, CoGroupKernel, GROUP_ROWS, GroupFactory, GroupKernel, SortBuffer, SortedRows};

use crate::error::UserError;
use crate::record::{Record, Value};

use super::Emitter;
use super::emitter::with_emitter;
use super::shared::{Guarded, kernel_factory};

/// The records of a group, borrowed one at a time. A group can be larger than memory, so a record
/// is valid until the next call of [`next`](Group::next). A closure copies the parts that it keeps.
pub struct Group<'b, T: Record> {
    rows: GroupRows<'b, T>,
}

/// The storage of a group's records.
enum GroupRows<'b, T: Record> {
    /// All records in memory, and the last record returned.
    InMemory { cursor: T::Cursor<'b>, rows: SortedRows<'b>, position: usize, current_record: Option<T::At<'b>> },
    /// Most records on disk.
    OnDisk(&'b mut dyn NextRow),
}

impl<'b, T: Record> Group<'b, T> {
    #[inline(always)]
    fn new(cursor: T::Cursor<'b>, rows: SortedRows<'b>) -> Self {
        Group { rows: GroupRows::InMemory { cursor, rows, position: 0, current_record: None } }
    }

    fn on_disk(rows: &'b mut dyn NextRow) -> Self {
        Group { rows: GroupRows::OnDisk(rows) }
    }
}

/// Reads one record.
struct ReadRecord<T>(PhantomData<fn() -> T>);

impl<T: Record> ReadRow for ReadRecord<T> {
    type Out<'r> = T::At<'r>;

    fn read<'r>(mut leaves: LeafReader<'r>, row: Row<'r>) -> T::At<'r> {
        T::at(T::cursor(&mut leaves), row)
    }
}

impl<T: Record> Group<'_, T> {
    /// Returns the next record. `None` after the last.
    #[allow(clippy::should_implement_trait, reason = "an iterator could not take its records back")]
    #[inline(always)]
    pub fn next(&mut self) -> Option<T::At<'_>> {
        match &mut self.rows {
            GroupRows::InMemory { cursor, rows, position, current_record } => {
                *current_record = rows.get(*position).map(|row| T::at(*cursor, row));
                *position += 1;
                current_record.as_ref().map(Value::twin)
            }
            GroupRows::OnDisk(rows) => next_on_disk::<T>(*rows),
        }
    }

    /// Returns the number of remaining records.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.rows {
            GroupRows::InMemory { rows, position, .. } => rows.len().saturating_sub(*position),
            GroupRows::OnDisk(rows) => rows.left(),
        }
    }

    /// Returns `true` if no records remain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns owned copies of the remaining records.
    #[must_use]
    pub fn owned(&mut self) -> Vec<T> {
        let mut records = Vec::with_capacity(self.len());
        while let Some(record) = self.next() {
            records.push(T::own(record));
        }
        records
    }
}

#[inline(never)]
fn next_on_disk<T: Record>(rows: &mut dyn NextRow) -> Option<T::At<'_>> {
    rows.next().map(|row| row.read::<ReadRecord<T>>())
}

struct GroupByClosure<T, U, F> {
    body: Guarded<F>,
    of: PhantomData<fn() -> (T, U)>,
}

/// Makes a kernel that calls `body` for each group.
pub(crate) fn reduce_group<T: Record, U: Record, F>(body: F) -> GroupFactory
where
    F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    try_reduce_group::<T, U, _>(move |group: &mut Group<'_, T>, out: &mut Emitter<'_, U>| {
        body(group, out);
        Ok(())
    })
}

/// Makes a kernel that calls `body` for each group. An error of `body` ends the job.
pub(crate) fn try_reduce_group<T: Record, U: Record, F>(body: F) -> GroupFactory
where
    F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    kernel_factory(body, |body| Box::new(GroupByClosure::<T, U, F> { body, of: PhantomData }) as Box<dyn GroupKernel>)
}

impl<T: Record, U: Record, F> GroupKernel for GroupByClosure<T, U, F>
where
    F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn run(&mut self, rows: &SortBuffer, leading: usize, from: usize, out: &mut RowWriter) -> Result<usize> {
        let (position, failed) = with_emitter::<U, _>(out, |out| {
            rows.visit(|mut leaves, sorted| {
                let cursor = T::cursor(&mut leaves);
                let mut position = from;
                while position < sorted.len() && position < from + GROUP_ROWS && !out.is_full() {
                    let end = rows.group_end(position, leading);
                    if let Err(error) = (self.body)(&mut Group::new(cursor, sorted.slice(position..end)), out) {
                        return (position, Some(error));
                    }
                    position = end;
                }
                (position, None)
            })
        })?;
        failed.map_or(Ok(position), |error| Err(error.without_record()))
    }

    fn run_large(&mut self, group: &mut dyn NextRow, out: &mut RowWriter) -> Result<()> {
        with_emitter::<U, _>(out, |out| (self.body)(&mut Group::on_disk(group), out))?
            .map_err(UserError::without_record)
    }
}

struct CoGroupByClosure<L, R, U, F> {
    body: Guarded<F>,
    of: Types<L, R, U>,
}

/// The records of both sides, and of the result.
type Types<L, R, U> = PhantomData<fn() -> (L, R, U)>;

/// Makes a kernel that calls `body` for the two groups of each key.
pub(crate) fn co_group<L: Record, R: Record, U: Record, F>(body: F) -> CoGroupFactory
where
    F: for<'l, 'r> Fn(&mut Group<'l, L>, &mut Group<'r, R>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    kernel_factory(body, |body| {
        Box::new(CoGroupByClosure::<L, R, U, F> { body, of: PhantomData }) as Box<dyn CoGroupKernel>
    })
}

impl<L: Record, R: Record, U: Record, F> CoGroupKernel for CoGroupByClosure<L, R, U, F>
where
    F: for<'l, 'r> Fn(&mut Group<'l, L>, &mut Group<'r, R>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn run(
        &mut self,
        sides: [&SortBuffer; 2],
        leading: usize,
        from: [usize; 2],
        until: [usize; 2],
        out: &mut RowWriter,
    ) -> Result<[usize; 2]> {
        with_emitter::<U, _>(out, |out| {
            sides[0].visit(|mut left, left_rows| {
                sides[1].visit(|mut right, right_rows| {
                    let (left, right) = (L::cursor(&mut left), R::cursor(&mut right));
                    let (mut at, max_position_sum) = (from, from[0] + from[1] + GROUP_ROWS);
                    while at[0] + at[1] < max_position_sum && !out.is_full() {
                        let ends = SortBuffer::next_groups(sides, at, until, leading);
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

    fn run_large(&mut self, [left, right]: [&mut dyn NextRow; 2], out: &mut RowWriter) -> Result<()> {
        with_emitter::<U, _>(out, |out| (self.body)(&mut Group::on_disk(left), &mut Group::on_disk(right), out))
    }
}
