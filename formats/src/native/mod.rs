//! The engine's own format: blocks of columns, checked and complete.
//!
//! A file says what its records are, holds every field that a record may have, and proves that it is whole: header, blocks and end carry
//! checksums (XXH3, 64 bits). All numbers are little-endian; `docs/formats.md` draws the bytes.
//!
//! * [`frame`]: header, heads of blocks, end.
//! * [`leaf`]: a leaf's type in the header.
//! * [`fit`]: which column of a file each leaf is read from.
//! * [`columns`]: a block's bytes as leaves. Plain values are handed out where they were read.
//! * [`reader`], [`source`]: files as records; [`encoder`]: records as files.
//!
//! # What is believed
//! Nothing: checksums find damage, and what a checksum cannot know (texts that are no UTF-8, a tag that is no variant, lengths that do not
//! add up) is looked at where it is read. So a file that was made to deceive is an error, too.

mod columns;
mod encoder;
mod fit;
mod frame;
mod leaf;
mod reader;
mod source;

pub(super) use columns::{Held, batch_of, block};
pub use encoder::NativeFormat;
pub(super) use fit::{FileFit, LeafPlan};
pub(super) use frame::{HEAD_BYTES, Head, PREFIX_BYTES, SplitName, header, header_bytes, leaves_of};
pub use source::NativeSource;
