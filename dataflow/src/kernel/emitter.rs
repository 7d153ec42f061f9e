//! The receiver of the records that closures emit.

use runtime::error::Result;
use runtime::page::{Claims, Out, RowWriter};

use super::emitted::{PartsEmittedAs, WholeEmittedAs};
use crate::record::{Record, Value};

/// Receives the records of `U` that a closure emits, and any other [`Value`] of that record.
pub struct Emitter<'w, U: Record> {
    sink: U::Sink<'w>,
    /// The leaf of the event time, which closures do not see, and the current record's event time.
    time_sink: Out<'w, i64>,
    event_time: i64,
    claims: Claims<'w>,
}

impl<'w, U: Record> Emitter<'w, U> {
    /// Emits a record, its borrowed twin, or a tuple of parts. Borrowed data is copied.
    #[inline(always)]
    pub fn emit<V: Value<Record = R> + WholeEmittedAs<U, R>, R>(&mut self, value: V) {
        self.emit_twin(value.whole_twin_of());
    }

    /// Like [`Emitter::emit`], for a tuple literal. Each part is checked alone. `#[dataflow]`
    /// generates this call.
    #[doc(hidden)]
    #[inline(always)]
    pub fn emit_parts<P: PartsEmittedAs<U>>(&mut self, parts: P) {
        self.emit_twin(parts.twin_of());
    }

    #[inline(always)]
    pub(crate) fn emit_twin(&mut self, twin: U::At<'_>) {
        let (sink, time_sink, event_time) = (self.sink, self.time_sink, self.event_time);
        // If there is no room, the row is dropped. The writer keeps the error, and the job ends
        // with it.
        let _ = self.claims.put(U::heap_bytes(twin, sink), |row, claims| {
            U::write(twin, sink, row, claims);
            time_sink.write(row, event_time);
        });
    }

    /// Sets the event time of the records that are emitted next.
    #[inline(always)]
    pub(super) fn set_event_time(&mut self, event_time: i64) {
        self.event_time = event_time;
    }

    /// The claims through which records are written.
    pub(super) fn claims(&mut self) -> &mut Claims<'w> {
        &mut self.claims
    }

    /// Returns `true` if a page was closed.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.claims.is_full()
    }
}

/// Calls `f` with an emitter that writes to `out`.
#[inline(always)]
pub(super) fn with_emitter<U: Record, R>(
    out: &mut RowWriter,
    f: impl for<'w> FnOnce(&mut Emitter<'w, U>) -> R,
) -> Result<R> {
    out.visit(|mut leaves, claims| {
        let sink = U::sink(&mut leaves);
        f(&mut Emitter { sink, time_sink: leaves.event_time(), event_time: 0, claims })
    })
}

/// Writes records of the program into pages.
pub(crate) fn write_all<V: Value>(out: &mut RowWriter, records: impl IntoIterator<Item = V>) -> Result<()> {
    with_emitter::<V::Record, _>(out, |out| records.into_iter().for_each(|record| out.emit(record)))
}
