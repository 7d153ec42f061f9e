//! Text files: a record is a line.
//!
//! Lines end with `\n` or `\r\n`, which are not part of the record. The last line may end without
//! them. An empty line is a record.

mod encoder;
mod source;

pub use encoder::TextFormat;
pub use source::TextSource;
