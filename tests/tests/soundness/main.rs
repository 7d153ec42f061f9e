//! What safe programs may do to records while they are read and written, and that it ends in an error or in whole records.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]
#![forbid(unsafe_code)]

mod drops;
mod fragile;
mod keys;
