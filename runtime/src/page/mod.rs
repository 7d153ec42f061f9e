//! Pages of rows, and everything that points into them. What `unsafe` in other modules rests on is said here.
//!
//! # What is promised here, so that the rest of the crate and all generated code are safe
//! * Memory comes from one `region`: a reserved range of addresses that is never unmapped and always initialised (fresh
//!   pages are zero, used ones hold old rows), so reading *plain* values anywhere in it is sound.
//! * A run of pages has one owner. It is written through its owner only, and read by others once it is shared as a
//!   [`Page`], which nobody writes any more: it has nothing to be written by. Who goes on to write in a closed page holds a
//!   [`PageMut`], of which there is one handle, and freezes it before others get it.
//! * What is shared gives addresses to read from, `*const u8`. One to write to is had of what is owned, by `&mut`: a run, a
//!   writer, or `InPlace`, by which a table writes rows of its `OwnedRows` by place.
//! * A cursor and the rows it may read carry the same lifetime as a *brand*: `visit` makes a fresh one for each call
//!   (`for<'b>`), so a row of one batch cannot be read through the cursor of another, and nothing borrowed leaves the call.
//! * A leaf's physical type is checked when a cursor is made (once per batch), so the row-by-row path checks nothing.
//!
//! Layout, byte by byte: `docs/layout.md`.
//!
//! **One region of addresses.** All pages lie in one reserved range, so a row in a hash table is named by its byte offset there and read through the
//! same cursors, with stride 1. Texts longer than 12 bytes lie in the row's own page, found by masking the row's address, so a page can be written
//! out and read back anywhere.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

mod batch;
mod brand;
mod checked;
mod columns;
mod copy;
mod datum;
mod in_place;
mod list_column;
mod pair_rows;
mod plain;
mod poison;
mod region;
mod room;
mod run;
mod sealed;
pub(crate) mod slot;
#[cfg(test)]
pub(crate) mod tests;
mod trust;
mod writer;

pub(crate) use batch::LeafPtr;
pub(crate) use batch::WINDOW_BYTES;
pub use batch::{
    Batch, Input, LeafPlace, LeafReader, Retain, Row, RowIds, Selection, StoredItems, Strided, StridedBytes,
    StridedItems, StridedList, StridedText, WINDOW_ROWS, windows,
};
pub(crate) use checked::check_rows;
#[cfg(feature = "arrow")]
pub use columns::empty_where_null;
pub use columns::{Columns, TextColumn, Utf8, look_up};
pub(crate) use copy::{Part, heap_bytes, source};
pub(crate) use in_place::InPlace;
pub use list_column::ListColumn;
pub use pair_rows::{PairRows, PairSource, RowPairs, SeenRecord};
pub use plain::{ListElement, Plain};
pub(crate) use region::{LARGEST_BYTES, address_of};
pub use region::{PAGE_BYTES, limited_bytes, rest};
pub use run::run_bytes;
pub use run::{Buffer, FIRST_ROW};
pub(crate) use run::{Run, rows_of_page};
pub(crate) use sealed::heap_start;
pub use sealed::{NextRow, OneRow, Page, PageImage, PageMut, ReadRow};
pub(crate) use slot::{INLINE_BYTES, Slot};
pub use trust::TrustedRecord;
pub(crate) use writer::OwnedRows;
pub use writer::{
    Claims, NewItems, NewRow, Out, OutBytes, OutItems, OutList, OutText, PutItems, RowWriter, SinkLeaves,
};
