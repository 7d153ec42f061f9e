//! Logs: folders of splits that programs append to, and that others follow meanwhile.
//!
//! A split is a [native](super::native) file that has no end yet: a header that says what the records are, blocks as they were appended, each with one
//! write, and, once it is sealed, the end. So what is known of these files holds here, too: columns are handed out where they were read, fields are
//! found by name, checksums tell damage; and a sealed split is read by all that reads native files. `docs/formats.md` draws the bytes.
//!
//! * [`folder`]: names, and what says that a log is complete.
//! * [`header`]: what a split's records are, once that is written.
//! * [`reader`], [`source`]: splits as records, while they grow.
//! * [`writer`], [`appender`]: records as splits.
//!
//! # What is not whole is not there yet
//! A writer may have died, or be in the middle of a write: a header or a block that the file ends within is left where it is, and read when it is whole.
//! The next writer of the split cuts it off first. What is whole and wrong is damage, and an error. A reader takes each block from one read, so it
//! never puts together the bytes of two writers; and it reads a wrong one once more before it complains, since it may have read while it was cut off.
//!
//! # Limits
//! That a file is seen to be longer only once its bytes are there holds for local file systems, and not for those on a network.

mod appender;
mod folder;
mod header;
mod reader;
mod source;
mod writer;

pub use source::LogSource;
pub use writer::LogSplits;
