//! Pages of rows, the cursors that read them, and the writers that fill them.
//!
//! * [`RowWriter`] fills pages. Generated code writes rows through the sinks of [`SinkLeaves`].
//! * [`Page`]: closed, shared and immutable. [`PageMut`]: closed, with an owner that still writes.
//! * [`Batch`]: the rows of a page or of [`Columns`], as strided leaves. [`Input`] adds a
//!   [`Selection`] of rows.
//! * [`LeafReader`] makes the cursors through which generated code reads rows.
//!
//! All pages are in one reserved range of addresses, the `region`. The byte offset of a row in it
//! is the row's *place*. Hash tables refer to rows by place, and read them through the same
//! cursors, with stride 1. Texts longer than 12 bytes are in the row's own page, which is found by
//! masking the row's address. So a page can be written to disk and read back to any other place.
//! `docs/layout.md` draws the layout byte by byte.
//!
//! # Guarantees
//! The rest of the crate and all generated code are safe because of these guarantees. `unsafe`
//! blocks in other modules rely on them too.
//!
//! * The `region` is never unmapped and always initialised: fresh pages are zero, used ones hold
//!   old rows. So reading *plain* values anywhere in it is sound.
//! * A run of pages has one owner, and only its owner writes it. Others read it after it is shared
//!   as a [`Page`], which cannot be written. A table that still writes in a closed page
//!   holds a [`PageMut`], of which there is one handle, and freezes it before it shares it.
//! * Shared pages give addresses to read from, `*const u8`. Addresses to write to need `&mut` of
//!   the owner. Owners are runs, writers, and `PlaceWriter`, by which a table writes rows of its
//!   `OwnedRows`.
//! * A cursor and the rows that it may read have the same lifetime as a *brand*. `visit` makes a
//!   fresh one for each call (`for<'b>`). So the cursor of one batch cannot read a row of another,
//!   and no borrow leaves the call.
//! * A leaf's physical type is checked when a cursor is made, once per batch. So reading a row
//!   checks nothing.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod batch;
mod brand;
mod columns;
mod copy;
mod datum;
mod fitting;
mod list_column;
mod pair_rows;
mod place_writer;
mod plain;
mod poison;
mod region;
mod run;
mod sealed;
pub(crate) mod slot;
#[cfg(test)]
pub(crate) mod tests;
mod trust;
mod validate;
mod writer;

pub(crate) use batch::LeafPtr;
pub(crate) use batch::WINDOW_BYTES;
pub use batch::{
    Batch, Input, LeafPlace, LeafReader, Retain, Row, RowIds, Selection, StoredItems, Strided, StridedBytes,
    StridedItems, StridedList, StridedText, WINDOW_ROWS, windows,
};
#[cfg(feature = "arrow")]
pub use columns::empty_where_null;
pub use columns::{Columns, TextColumn, Utf8, look_up};
pub(crate) use copy::{LeafCopy, heap_bytes, source_leaf};
pub use list_column::ListColumn;
pub use pair_rows::{BrandedPairs, MappedRecord, PairSource, RowPairs};
pub(crate) use place_writer::PlaceWriter;
pub use plain::{ListElement, Plain};
pub(crate) use region::{MAX_REGION_BYTES, address_of};
pub use region::{PAGE_BYTES, limited_bytes, release_idle_memory};
pub use run::run_bytes;
pub use run::{Buffer, FIRST_ROW};
pub(crate) use run::{Run, rows_of_page};
pub(crate) use sealed::heap_start;
pub use sealed::{NextRow, OneRow, Page, PageImage, PageMut, ReadRow};
pub(crate) use slot::{INLINE_BYTES, Slot};
pub use trust::TrustedRecord;
pub(crate) use validate::validate_rows;
pub(crate) use writer::OwnedRows;
pub use writer::{
    Claims, NewItems, NewRow, Out, OutBytes, OutItems, OutList, OutText, PutItems, RowWriter, SinkLeaves,
};
