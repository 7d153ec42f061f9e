//! The first stage: reads a function's body into [`Pipeline`], the form that the other stages work on.
//!
//! The body stays the user's own syntax tree, with one change: each expression that is a flow is taken out and leaves
//! a [`hole`] behind. What was taken out is a [`Flow`]: where it comes from, and the calls chained onto it.

mod groups;
pub(crate) mod hole;
mod ids;
mod ir;
pub(crate) mod names;
pub(crate) mod patterns;
pub(crate) mod scope;
pub(crate) mod text;
pub(crate) mod types;
mod walk;

pub(crate) use ids::{FlowId, NameId};
pub(crate) use ir::{Call, Flow, FlowName, Pipeline, Source};
pub(crate) use walk::{read_expression, read_function};
