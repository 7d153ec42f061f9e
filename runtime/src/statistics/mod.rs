//! What is known of a flow's records before the run: how many there are, how wide, how many different keys.
//!
//! A source gives a sample of its rows ([`Sample`](crate::source::Sample)). Operators make a [`Relation`] of the relations that they are given: filters and closures without
//! effects run over the sampled rows, so what they drop and emit is seen and not guessed; joins and groupings count keys.

mod distinct;
mod relation;
mod rows;

pub use relation::Relation;
pub use rows::Effort;
