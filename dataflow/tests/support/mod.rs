//! Helpers that write records into pages and read them back, like generated kernels.

use std::sync::Arc;

use dataflow::{Record, Value};
use runtime::memory::{Budget, Memory};
use runtime::page::{Batch, Input, Page, RowWriter, Selection};
use runtime::row::{LeafSet, RowLayout};

/// A memory reservation that is large enough for all tests.
pub(crate) fn memory() -> Memory {
    Memory::new(Budget::new(1 << 30), "layout test")
}

/// Returns the layout of a record with only the live leaves.
pub(crate) fn layout<R: Record>(live: &LeafSet) -> Arc<RowLayout> {
    Arc::new(RowLayout::new(R::schema().types(), live))
}

/// Writes rows like a kernel: claims the bytes, then writes.
pub(crate) fn write<V: Value>(writer: &mut RowWriter, values: &[V]) {
    let written = writer.visit(|mut leaves, mut claims| {
        let sink = V::Record::sink(&mut leaves);
        for value in values {
            let at = value.twin();
            let heap = V::Record::heap_bytes(at, sink);
            claims.put(heap, |row, claims| {
                V::Record::write(at, sink, row, claims);
            });
        }
    });
    written.unwrap();
}

/// Writes values into pages with only the live leaves.
pub(crate) fn pages<V: Value>(values: &[V], live: &LeafSet) -> Vec<Page> {
    let mut writer = RowWriter::new(layout::<V::Record>(live), memory());
    write(&mut writer, values);
    writer.seal();
    writer.take_sealed().collect()
}

/// Reads the records of a batch through its cursor.
pub(crate) fn read<R: Record>(batch: &Batch<'_>) -> Vec<R> {
    let (mut records, mut selection, mut next) = (Vec::new(), Selection::default(), 0);
    while next < batch.rows() {
        next = selection.fill(next..batch.rows());
        Input::new(batch, &selection).visit(|mut leaves, rows| {
            let cursor = R::cursor(&mut leaves);
            records.extend((0..rows.len()).map(|position| R::own(R::at(cursor, rows.get(position)))));
        });
    }
    records
}

/// Returns all leaves of a record.
pub(crate) fn all<R: Record>() -> LeafSet {
    LeafSet::all(R::LEAVES)
}
