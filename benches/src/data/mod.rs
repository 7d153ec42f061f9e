//! Input files that only the benchmarks need, generated once.
//!
//! Every value is computed from its row's number, so expected answers can be computed without the
//! files.

pub(crate) mod events;
pub(crate) mod facts;
mod files;
pub(crate) mod graphs;
pub(crate) mod h2o;
pub(crate) mod pairs;
mod random;

use files::{parquet_of_binary, write_binary, write_once, write_rows};
pub(crate) use random::{fraction, random};
