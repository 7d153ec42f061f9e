//! The engine below `dataflow`: it never sees a user type.
//!
//! The modules stand in layer order: a module uses only what stands before it, and a test holds this.

pub mod error;
pub mod value;
pub mod metrics;
pub mod memory;
pub mod row;
pub mod page;
pub mod hash;
mod stream;
pub mod storage;
pub mod spill;
pub mod kernel;
mod rendezvous;
pub mod output;
pub mod source;
pub mod strategy;
pub mod sink;
pub mod statistics;
pub mod sort;
pub mod group;
pub mod state;
pub mod plan;
pub mod join;
pub mod physical;
pub mod optimizer;
pub mod operators;
pub mod snapshot;
pub mod exec;
pub mod explain;
pub mod embedded;
