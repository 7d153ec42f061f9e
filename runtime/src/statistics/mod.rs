//! Estimates of a flow's records before the run: their number, their width, and their distinct
//! keys.
//!
//! A source supplies a sample of its rows ([`Sample`](crate::source::Sample)). Each operator
//! derives a [`Relation`] from those of its inputs. Filters and closures without effects run over
//! the sampled rows, so their selectivity is measured. Joins and groupings count keys.

mod distinct;
mod relation;
mod rows;

pub use relation::Relation;
pub use rows::Effort;
