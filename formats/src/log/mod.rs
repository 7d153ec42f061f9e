//! Logs: folders of splits that programs append to while others follow them.
//!
//! A split is a [native](super::native) file without an end: a header, then blocks, each appended
//! with one write. Sealing a split adds the end. So readers of native files read sealed splits.
//! Columns are not copied, fields are found by name, and checksums find damage. `docs/formats.md`
//! draws the bytes.
//!
//! * [`folder`]: names, and the file that completes a log.
//! * [`header`]: the header of a split.
//! * [`input`]: the view of a log that the readers of a source share.
//! * [`reader`], [`source`]: read splits, also while they grow.
//! * [`writer`], [`appender`]: write splits.
//! * [`damage`]: errors about these files.
//!
//! # Incomplete tails
//! A writer may have died, or may be in the middle of a write. Readers do not take a header or a
//! block that is cut off by the end of the file. They read it once it is whole. The next writer of
//! the split cuts it off.
//!
//! Whole bytes with a wrong checksum are damage, and an error. A reader takes each block from one
//! read, so it never mixes the bytes of two writers. It reads a damaged block a second time before
//! it returns the error, because a writer may have cut the block off during the first read.
//!
//! # Detection of replaced files
//! * A header names the log and the split. A split under another name, or of another log, is
//!   refused.
//! * A [position](runtime::source::SplitPosition) names the log and the last block before it. A
//!   reader that resumes at a position detects a split that was truncated there and appended to
//!   again.
//! * `log.end` holds the length and a checksum of each split. A truncated split of a complete log
//!   is refused.
//! * The ends of splits of a complete log are marked. A log with such an end and no `log.end` is
//!   refused, unless a writer holds the lock of such a split: it is about to write the file.
//!
//! # Limits
//! Readers rely on a file growing only after its bytes are written. Local file systems guarantee
//! this, network file systems may not. In a log that is not complete, a split may lose whole
//! blocks, and a reader that begins at its start does not notice.

mod appender;
#[cfg(test)]
mod crash_tests;
mod damage;
mod folder;
mod header;
mod input;
mod reader;
mod source;
mod writer;

pub use source::LogSource;
pub use writer::LogSplits;
