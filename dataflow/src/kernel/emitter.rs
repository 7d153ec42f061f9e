//! Where closures put records.

use runtime::error::Result;
use runtime::page::{Claims, RowWriter};

use crate::record::{Record, Value};

/// Takes what a closure emits: records of `U`, or anything that can be seen as one.
pub struct Emitter<'w, U: Record> {
    sink: U::Sink<'w>,
    claims: Claims<'w>,
}

impl<'w, U: Record> Emitter<'w, U> {
    /// Emits a record, its borrowed twin, or a tuple of parts. What it borrows is copied.
    #[inline(always)]
    pub fn emit<V: Value>(&mut self, value: V)
    where
        V::Record: Expected<U>,
    {
        self.emit_twin(<V::Record as Expected<U>>::expected(value.twin()));
    }

    #[inline(always)]
    pub(crate) fn emit_twin(&mut self, twin: U::At<'_>) {
        // Without room the row is dropped: the writer keeps the reason, and the job ends with it.
        if let Some(row) = self.claims.claim(U::heap_bytes(twin, self.sink)) {
            U::write(twin, self.sink, row, &mut self.claims);
        }
    }

    /// Whether a page is closed.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.claims.is_full()
    }
}

/// Records of the type that is expected: `U` itself. An associated type that equals `U` would say so too, but print a bare type mismatch
/// in place of this sentence.
#[diagnostic::on_unimplemented(
    message = "this makes records of `{Self}`, but `{U}` is expected",
    label = "expected `{U}`, found `{Self}`",
    note = "a number is an `i32`, or an `f64` with a point, unless it says otherwise: `1u64`"
)]
pub trait Expected<U: Record>: Record {
    /// The same twin.
    fn expected(twin: Self::At<'_>) -> U::At<'_>;
}

impl<U: Record> Expected<U> for U {
    #[inline(always)]
    fn expected(twin: U::At<'_>) -> U::At<'_> {
        twin
    }
}

/// Calls `f` with an emitter that writes to `out`.
#[inline(always)]
pub(super) fn emitting<U: Record, R>(
    out: &mut RowWriter,
    f: impl for<'w> FnOnce(&mut Emitter<'w, U>) -> R,
) -> Result<R> {
    out.visit(|mut leaves, claims| f(&mut Emitter { sink: U::sink(&mut leaves), claims }))
}

/// Writes records of the program's into pages.
pub(crate) fn write_all<V: Value>(out: &mut RowWriter, records: impl IntoIterator<Item = V>) -> Result<()> {
    emitting::<V::Record, _>(out, |out| records.into_iter().for_each(|record| out.emit(record)))
}
