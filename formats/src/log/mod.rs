//! Logs: folders of splits that programs append to while others follow them.
//!
//! A split is a [native](super::native) file without an end: a header, then blocks, each appended with one write. Once
//! it is sealed it has an end. So readers of native files read a sealed split, columns are handed out where they were
//! read, fields are found by name, and checksums find damage. `docs/formats.md` draws the bytes.
//!
//! * [`folder`]: names, and the file that completes a log.
//! * [`header`]: the header of a split.
//! * [`input`]: a log as all readers of a source see it.
//! * [`reader`], [`source`]: splits as records, while they grow.
//! * [`writer`], [`appender`]: records as splits.
//! * [`damage`]: errors about these files.
//!
//! # Incomplete tails
//! A writer may have died, or be in the middle of a write. Readers leave a header or a block that the file ends within,
//! and read it once it is whole. The next writer of the split cuts it off. Whole bytes that are wrong are damage, and an
//! error. A reader takes each block from one read, so it never mixes the bytes of two writers. It reads a wrong block a
//! second time before it returns the error, since a writer may have cut it off during the first read.
//!
//! # Files that are not what they were
//! * A header names the log and the split. So a split under another name, or of another log, is refused.
//! * A [`Mark`](runtime::source::Mark) names the log and the last block before a position. So a reader that goes on from a
//!   position finds a split that was cut there and appended to again, by whatever program.
//! * `log.end` holds the length and a checksum of each split. So a split of a complete log that was cut is refused.
//! * The ends of splits in a complete log are marked. So a log whose `log.end` is missing is refused, unless a writer
//!   holds the lock of such a split: it is about to write the file.
//!
//! # Limits
//! Readers rely on a file becoming longer only when its bytes are there. Local file systems do this, those on a network
//! may not. A split of a log that is not complete may lose whole blocks unnoticed by a reader that begins at its start.

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
