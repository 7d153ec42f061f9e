//! The language of `#[dataflow]`, feature by feature: each pipeline compiles, and runs on both engines.

mod captures;
mod composition;
mod fallible;
mod groups;
mod inference;
mod joins;
mod names;
mod reads;
mod runs;
mod support;
