//! Closures over a record and all records of another flow, or a value that was made of these records.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::{Error, Result};
use runtime::kernel::{Chain, TaskContext};
use runtime::page::{Input, RowWriter};
use runtime::plan::Reads;
use runtime::sort::{FrozenRows, SideInputFactory, SideInputKernel, SortedRows};

use crate::error::UserError;
use crate::flow::TaskState;
use crate::record::Record;

use super::Emitter;
use super::chain::try_each;
use super::shared::{Guarded, SharedClosure};

/// All records of a flow, lent to a closure: a list. It is `Copy`, and what it gives are borrowed twins.
pub struct Rows<'r, T: Record> {
    cursor: T::Cursor<'r>,
    rows: SortedRows<'r>,
}

copies! { [T: Record] Rows<'_, T> }

impl<'r, T: Record> Rows<'r, T> {
    /// How many.
    #[must_use]
    pub fn len(self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.rows.is_empty()
    }

    /// The record at a position, where there are so many.
    #[inline(always)]
    #[must_use]
    pub fn get(self, position: usize) -> Option<T::At<'r>> {
        self.rows.get(position).map(|row| T::at(self.cursor, row))
    }

    /// One after the other.
    #[inline(always)]
    #[must_use]
    pub fn iter(self) -> RowsIter<'r, T> {
        RowsIter { rows: self, next: 0 }
    }
}

impl<'r, T: Record> IntoIterator for Rows<'r, T> {
    type Item = T::At<'r>;
    type IntoIter = RowsIter<'r, T>;
    #[inline(always)]
    fn into_iter(self) -> RowsIter<'r, T> {
        self.iter()
    }
}

/// Goes over [`Rows`].
pub struct RowsIter<'r, T: Record> {
    rows: Rows<'r, T>,
    next: usize,
}

impl<T: Record> Clone for RowsIter<'_, T> {
    fn clone(&self) -> Self {
        RowsIter { rows: self.rows, next: self.next }
    }
}

impl<'r, T: Record> Iterator for RowsIter<'r, T> {
    type Item = T::At<'r>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let record = self.rows.get(self.next)?;
        self.next += 1;
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows.len() - self.next;
        (left, Some(left))
    }
}

impl<T: Record> ExactSizeIterator for RowsIter<'_, T> {}

/// Lends all rows to `f`.
#[inline(always)]
fn lent<R: Record, V>(all: &FrozenRows, f: impl for<'r> FnOnce(Rows<'r, R>) -> V) -> Result<V> {
    all.visit(|mut leaves, rows| f(Rows { cursor: R::cursor(&mut leaves), rows }))
}

/// The records, those beside them, and the result's.
type Types<T, R, U> = PhantomData<fn() -> (T, R, U)>;

/// The kernel of `with_all`.
struct WithRows<T, R, U, F> {
    all: Option<Arc<FrozenRows>>,
    body: Guarded<F>,
    /// The fields that `body` reads, which errors may show.
    reads: Reads,
    of: Types<T, R, U>,
}

/// A kernel that calls `body` for each record with all rows, and ends the job with its error.
pub(crate) fn try_with_rows<T: Record, R: Record, U: Record, F>(body: F, reads: Reads) -> SideInputFactory
where
    F: for<'a, 'r> Fn(T::At<'a>, Rows<'r, R>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    let shared = SharedClosure::new(body);
    Arc::new(move |_: &TaskContext| -> Result<Box<dyn SideInputKernel>> {
        let (body, reads) = (shared.get(), reads.clone());
        Ok(Box::new(WithRows::<T, R, U, F> { all: None, body, reads, of: PhantomData }))
    })
}

impl<T: Record, R: Record, U: Record, F> SideInputKernel for WithRows<T, R, U, F>
where
    F: for<'a, 'r> Fn(T::At<'a>, Rows<'r, R>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn begin(&mut self, all: Arc<FrozenRows>) -> Result<()> {
        self.all = Some(all);
        Ok(())
    }
}

impl<T: Record, R: Record, U: Record, F> Chain for WithRows<T, R, U, F>
where
    F: for<'a, 'r> Fn(T::At<'a>, Rows<'r, R>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let (all, body) = (self.all.as_ref().ok_or_else(not_begun)?, &*self.body);
        let reads = &self.reads;
        lent::<R, _>(all, |rows| try_each::<T, U>(input, from, out, reads, |record, out| body(record, rows, out)))?
    }
}

/// The kernel of `with_all(..).init(..)`.
struct WithMade<T, R, U, S, O, F> {
    made: Option<Guarded<S>>,
    init: Guarded<O>,
    body: Guarded<F>,
    reads: Reads,
    of: Types<T, R, U>,
}

/// A kernel that calls `init` once with all rows, and `body` for each record with the value of `init`.
pub(crate) fn try_with_made<T: Record, R: Record, U: Record, S, O, F>(
    init: O,
    body: F,
    reads: Reads,
) -> SideInputFactory
where
    S: TaskState,
    O: for<'r> Fn(Rows<'r, R>) -> S + Clone + Send + 'static,
    F: for<'a> Fn(T::At<'a>, &S, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    let (maker, shared) = (SharedClosure::new(init), SharedClosure::new(body));
    Arc::new(move |_: &TaskContext| -> Result<Box<dyn SideInputKernel>> {
        let (init, body, reads) = (maker.get(), shared.get(), reads.clone());
        Ok(Box::new(WithMade::<T, R, U, S, O, F> { made: None, init, body, reads, of: PhantomData }))
    })
}

impl<T: Record, R: Record, U: Record, S, O, F> SideInputKernel for WithMade<T, R, U, S, O, F>
where
    S: TaskState,
    O: for<'r> Fn(Rows<'r, R>) -> S + Clone + Send + 'static,
    F: for<'a> Fn(T::At<'a>, &S, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn begin(&mut self, all: Arc<FrozenRows>) -> Result<()> {
        let init = &*self.init;
        self.made = Some(Guarded::new(lent::<R, _>(&all, init)?));
        Ok(())
    }
}

impl<T: Record, R: Record, U: Record, S, O, F> Chain for WithMade<T, R, U, S, O, F>
where
    S: TaskState,
    O: for<'r> Fn(Rows<'r, R>) -> S + Clone + Send + 'static,
    F: for<'a> Fn(T::At<'a>, &S, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let (made, body) = (&**self.made.as_ref().ok_or_else(not_begun)?, &*self.body);
        try_each::<T, U>(input, from, out, &self.reads, |record, out| body(record, made, out))
    }
}

#[cold]
fn not_begun() -> Error {
    Error::Internal("a record came before the rows beside it".to_owned())
}
