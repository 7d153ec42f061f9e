//! First stage: reads the body of a function into a [`Pipeline`], the form that the other stages
//! use.
//!
//! The body stays the user's syntax tree, with one change: each flow expression is replaced by a
//! [`hole`]. The removed expression becomes a [`Flow`]: a source and the calls chained onto it.

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
