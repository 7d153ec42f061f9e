//! Actions of safe programs on records while they are read and written. Each ends in an error or in
//! complete records.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]
#![forbid(unsafe_code)]

mod drops;
mod fragile;
mod keys;
