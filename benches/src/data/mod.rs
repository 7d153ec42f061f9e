//! Input files that only the benchmarks need, made once.
//!
//! Every value follows from its row's number, so what a query must answer can be computed beside it.

pub(crate) mod events;
pub(crate) mod facts;
mod files;
pub(crate) mod graphs;
pub(crate) mod h2o;
pub(crate) mod pairs;
mod random;

use files::{parquet_of_binary, write_binary, write_once, write_rows};
pub(crate) use random::{fraction, random};
