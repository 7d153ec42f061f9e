//! Data sets that the examples and the benchmarks share: TPC-H tables and generated text.
//!
//! Both are made the first time they are asked for, kept on disk, and found again afterwards. The same
//! arguments always give the same bytes.

mod error;
mod progress;
pub mod text_data;
pub mod tpch;
pub mod tpch_data;

pub use error::DataError;
