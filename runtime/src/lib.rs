//! The engine below `dataflow`: it never sees a user type.
//!
//! The modules stand in layer order: a module uses only what stands before it, and a test holds this.

pub mod embedded;
pub mod error;
pub mod exec;
pub mod explain;
pub mod format;
pub mod kernel;
pub mod memory;
pub mod metrics;
pub mod operators;
pub mod optimizer;
pub mod page;
pub mod physical;
pub mod plan;
pub mod row;
pub mod source;
pub mod strategy;
pub mod value;
