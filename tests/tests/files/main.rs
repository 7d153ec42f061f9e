//! Files: which are read, what they say of themselves, and what options make of them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod filtered;
mod parquet;
mod patterns;
mod source_file;
