//! Files: which ones are read, their metadata, and reader and writer options.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod filtered;
mod parquet;
mod patterns;
mod source_file;
