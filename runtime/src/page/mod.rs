//! Pages of rows, and everything that points into them. **The one module of this crate with `unsafe`.**
//!
//! # What is promised here, so that the rest of the crate and all generated code are safe
//! * Memory comes from one `region`: a reserved range of addresses that is never unmapped and always initialised (fresh
//!   pages are zero, used ones hold old rows), so reading *plain* values anywhere in it is sound.
//! * A run of pages has one owner. It is written through its owner only, and read by others once it is shared as a
//!   [`Page`], which nobody writes any more.
//! * A cursor and the rows it may read carry the same lifetime as a *brand*: `visit` makes a fresh one for each call
//!   (`for<'b>`), so a row of one batch cannot be read through the cursor of another, and nothing borrowed leaves the call.
//! * A leaf's physical type is checked when a cursor is made (once per batch), so the row-by-row path checks nothing.
//!
//! Layout, byte by byte: `docs/layout.md`.

#![allow(unsafe_code, reason = "the one module; each block says why it is sound")]

mod batch;
mod columns;
mod copy;
mod datum;
mod dense;
mod group_table;
mod index;
mod items;
mod join_table;
mod key;
mod list_column;
mod order;
mod pairs;
mod plain;
mod poison;
mod presence;
mod region;
mod room;
mod run;
mod slot;
mod stash;
mod stored;
#[cfg(test)]
mod tests;
mod trust;
mod writer;

pub use batch::{
    Batch, Input, LeafPlace, LeafReader, Retain, Row, RowIds, Selection, Strided, StridedBytes, StridedList,
    StridedText, WINDOW_ROWS, windows,
};
pub use columns::{Columns, TextColumn, Utf8, empty_where_null};
pub use copy::hash_rows;
pub use group_table::{
    Combined, Combining, ExtremeText, GroupTable, Groups, LAST_LEVEL, PartSet, StateReader, StateRow, StateRows,
    StateSlot, part_of_hash,
};
pub use items::{NewItems, OutItems, PutItems, StoredItems, StridedItems};
pub use join_table::{JoinTable, KeySpan};
pub use list_column::ListColumn;
pub use order::{
    KeptRows, KeyBounds, Merge, Merged, OrderKey, SharedSplitters, SortBuffer, SpreadRows, order_prefixes,
};
pub use pairs::{PairRows, Pairs};
pub use plain::{ListElement, Plain};
pub use presence::Presence;
pub use region::{PAGE_BYTES, limited_bytes, rest};
pub(crate) use run::run_bytes;
pub use run::{Buffer, FIRST_ROW, NextRow, OneRow, Page, PageImage, ReadRow};
pub use stored::StoredRows;
pub use trust::TrustedRecord;
pub use writer::{Claims, NewRow, Out, OutBytes, OutList, OutText, RowWriter, SinkLeaves};
