//! The engine's own format: blocks of columns with checksums.
//!
//! A file contains the types of its records, and can hold every type of field except lists of
//! records and maps. Header, blocks and end carry checksums (XXH3, 64 bits), so damage and
//! truncation are detected. All numbers are little-endian; `docs/formats.md` draws the bytes.
//!
//! * [`frame`]: the header of a file, the heads of blocks, and the end.
//! * [`leaf`]: a leaf's type in the header.
//! * [`mapping`]: maps the leaves of a record to the columns of a file.
//! * [`columns`]: decodes blocks. Plain values are not copied.
//! * [`reader`], [`source`]: read files. [`encoder`]: writes files.
//!
//! # Validation
//! Checksums find damage. A file with valid checksums may still be malicious, so values are also
//! checked when they are read: texts must be UTF-8, tags must be variants, and lengths must add up.
//! All faults are errors.

mod columns;
mod encoder;
mod mapping;
mod frame;
mod leaf;
mod reader;
mod source;

pub(super) use columns::{LeafColumn, batch_of, block};
pub use encoder::NativeFormat;
pub(super) use frame::{HEAD_BYTES, Head, PREFIX_BYTES, SplitName, header, header_bytes, leaves_of};
pub(super) use mapping::{FileMapping, LeafPlan};
pub use source::NativeSource;
