//! Where closures put records.

use runtime::error::Result;
use runtime::page::{Claims, Out, RowWriter};

use super::emitted::{PartsEmittedAs, WholeEmittedAs};
use crate::record::{Record, Value};

/// Takes what a closure emits: records of `U`, or anything that can be seen as one.
pub struct Emitter<'w, U: Record> {
    sink: U::Sink<'w>,
    /// Where event time goes, which closures do not see, and that of the record at hand.
    time: Out<'w, i64>,
    now: i64,
    claims: Claims<'w>,
}

impl<'w, U: Record> Emitter<'w, U> {
    /// Emits a record, its borrowed twin, or a tuple of parts. What it borrows is copied.
    #[inline(always)]
    pub fn emit<V: Value<Record = R> + WholeEmittedAs<U, R>, R>(&mut self, value: V) {
        self.emit_twin(value.whole_twin_of());
    }

    /// As [`Emitter::emit`], for a tuple that is written out: each part is checked for itself. Written by `#[dataflow]`.
    #[doc(hidden)]
    #[inline(always)]
    pub fn emit_parts<P: PartsEmittedAs<U>>(&mut self, parts: P) {
        self.emit_twin(parts.twin_of());
    }

    #[inline(always)]
    pub(crate) fn emit_twin(&mut self, twin: U::At<'_>) {
        let (sink, time, now) = (self.sink, self.time, self.now);
        // Without room the row is dropped: the writer keeps the reason, and the job ends with it.
        let _ = self.claims.put(U::heap_bytes(twin, sink), |row, claims| {
            U::write(twin, sink, row, claims);
            time.write(row, now);
        });
    }

    /// What is emitted from now on has this event time.
    #[inline(always)]
    pub(super) fn set_time(&mut self, now: i64) {
        self.now = now;
    }

    /// The claims by which records are written.
    pub(super) fn claims(&mut self) -> &mut Claims<'w> {
        &mut self.claims
    }

    /// Whether a page is closed.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.claims.is_full()
    }
}

/// Calls `f` with an emitter that writes to `out`.
#[inline(always)]
pub(super) fn emitting<U: Record, R>(
    out: &mut RowWriter,
    f: impl for<'w> FnOnce(&mut Emitter<'w, U>) -> R,
) -> Result<R> {
    out.visit(|mut leaves, claims| {
        let sink = U::sink(&mut leaves);
        f(&mut Emitter { sink, time: leaves.event_time(), now: 0, claims })
    })
}

/// Writes the program's own records into pages.
pub(crate) fn write_all<V: Value>(out: &mut RowWriter, records: impl IntoIterator<Item = V>) -> Result<()> {
    emitting::<V::Record, _>(out, |out| records.into_iter().for_each(|record| out.emit(record)))
}
