//! Text files: a record is a line.
//!
//! Lines end with `\n` or `\r\n`, which do not belong to them; the last may end with the file. An empty line is a record.

mod encoder;
mod source;

pub use encoder::TextFormat;
pub use source::TextSource;
