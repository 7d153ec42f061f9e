//! Closures over all records of a task.

use std::marker::PhantomData;

use runtime::error::Result;
use runtime::page::RowWriter;
use runtime::sort::{PartitionFactory, PartitionKernel, SortBuffer, SortedRows};

use crate::record::Record;

use super::Emitter;
use super::emitter::emitting;
use super::shared::{Guarded, kernels};

/// The records of one task, in the order in which they came.
///
/// The closure may keep the records as long as it runs.
pub struct TaskRecords<'r, T: Record> {
    cursor: T::Cursor<'r>,
    rows: SortedRows<'r>,
    next: usize,
}

impl<'r, T: Record> Iterator for TaskRecords<'r, T> {
    type Item = T::At<'r>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.get(self.next)?;
        self.next += 1;
        Some(T::at(self.cursor, row))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows.len() - self.next;
        (left, Some(left))
    }
}

impl<T: Record> ExactSizeIterator for TaskRecords<'_, T> {}

struct MapPartition<T, U, F> {
    body: Guarded<F>,
    of: PhantomData<fn() -> (T, U)>,
}

/// A kernel that calls `body` once for all records of a task.
pub(crate) fn map_partition<T: Record, U: Record, F>(body: F) -> PartitionFactory
where
    F: for<'r> Fn(TaskRecords<'r, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    kernels(body, |body| Box::new(MapPartition::<T, U, F> { body, of: PhantomData }) as Box<dyn PartitionKernel>)
}

impl<T: Record, U: Record, F> PartitionKernel for MapPartition<T, U, F>
where
    F: for<'r> Fn(TaskRecords<'r, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn run(&mut self, rows: &SortBuffer, out: &mut RowWriter) -> Result<()> {
        emitting::<U, _>(out, |out| {
            rows.visit(|mut leaves, rows| {
                (self.body)(TaskRecords { cursor: T::cursor(&mut leaves), rows, next: 0 }, out);
            });
        })
    }
}
