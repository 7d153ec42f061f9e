//! Data sets of the examples and benchmarks: TPC-H tables, generated text and graphs.
//!
//! They are generated on first use and stored on disk for later runs. The same arguments always
//! give the same bytes.

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
