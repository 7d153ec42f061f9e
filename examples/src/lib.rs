//! Data sets that the examples and the benchmarks share: TPC-H tables, generated text and graphs.
//!
//! Both are made the first time they are asked for, kept on disk, and found again afterwards. The same
//! arguments always give the same bytes.

pub mod clicks;
mod error;
pub mod graph_data;
pub mod graphs;
mod progress;
mod random;
pub mod text_data;
pub mod tpch;
pub mod tpch_data;

pub use error::DataError;
