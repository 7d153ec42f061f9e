//! Closures over the pairs of a join.

use std::marker::PhantomData;

use runtime::error::{Error, Result};
use runtime::join::{JoinFactory, JoinKernel};
use runtime::page::{Batch, Input, RowPairs, RowWriter, Selection};
use runtime::plan::Reads;
use runtime::row::Schema;

use crate::error::UserError;
use crate::flow::AnyMode;
use crate::record::{Record, show_record};

use super::Emitter;
use super::emitter::with_emitter;
use super::shared::{Guarded, kernel_factory};

struct TryJoin<L, R, U, M, F> {
    body: Guarded<F>,
    /// The fields of each side that `body` reads, for error messages.
    reads: [Reads; 2],
    of: Types<L, R, U, M>,
}

/// The records of both sides and of the result, and the result's mode.
type Types<L, R, U, M> = PhantomData<fn() -> (L, R, U, M)>;

/// Makes a join kernel that calls `body` for each pair.
pub(crate) fn join<L: Record, R: Record, U: Record, M: AnyMode, F>(body: F) -> JoinFactory
where
    F: for<'l, 'r> Fn(L::At<'l>, R::At<'r>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    let infallible = move |left: L::At<'_>, right: R::At<'_>, out: &mut Emitter<'_, U>| {
        body(left, right, out);
        Ok(())
    };
    try_join::<L, R, U, M, _>(infallible, [Reads::All, Reads::All])
}

/// Makes a join kernel that calls `body` for each pair. An error of `body` ends the job. If flows
/// of mode `M` have event time, a result gets that of the left record.
pub(crate) fn try_join<L: Record, R: Record, U: Record, M: AnyMode, F>(body: F, reads: [Reads; 2]) -> JoinFactory
where
    F: for<'l, 'r> Fn(L::At<'l>, R::At<'r>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    kernel_factory(body, move |body| -> Box<dyn JoinKernel> {
        Box::new(TryJoin::<L, R, U, M, F> { body, reads: reads.clone(), of: PhantomData })
    })
}

impl<L: Record, R: Record, U: Record, M: AnyMode, F> JoinKernel for TryJoin<L, R, U, M, F>
where
    F: for<'l, 'r> Fn(L::At<'l>, R::At<'r>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
{
    fn run(&mut self, pairs: &RowPairs<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let body = &*self.body;
        let (position, failed) = with_emitter::<U, _>(out, |out| {
            pairs.visit(|mut left_leaves, mut right, rows| {
                let (left, right) = (L::cursor(&mut left_leaves), R::cursor(&mut right));
                let times = (M::Hidden::LEAVES > 0).then(|| left_leaves.event_time());
                let mut position = from;
                while position < rows.len() && !out.is_full() {
                    let (left_row, right_row) = rows.get(position);
                    if let Some(times) = times {
                        out.set_event_time(times.read(left_row));
                    }
                    if let Err(error) = body(L::at(left, left_row), R::at(right, right_row), out) {
                        return (position, Some(error));
                    }
                    position += 1;
                }
                (position, None)
            })
        })?;
        match failed {
            Some(error) => Err(error_with_pair(error, [L::schema, R::schema], &self.reads, pairs.pair(position))),
            None => Ok(position),
        }
    }
}

/// Adds both records to a closure's error, as far as it reads them:
/// `Sale { item: 3, .. } and Item { id: 3, .. }`.
#[cold]
#[inline(never)]
fn error_with_pair(
    error: UserError,
    schemas: [fn() -> Schema; 2],
    reads: &[Reads; 2],
    pair: Option<[Batch<'_>; 2]>,
) -> Error {
    let mut selection = Selection::default();
    selection.fill(0..1);
    let sides = pair.iter().flatten().zip(schemas.iter().zip(reads));
    let shown = sides.map(|(batch, (schema, reads))| show_record(&schema(), reads, &Input::new(batch, &selection), 0));
    error.with_record(&shown.collect::<Vec<_>>().join(" and "))
}
