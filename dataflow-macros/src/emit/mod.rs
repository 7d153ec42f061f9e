//! The third stage: writes a pipeline as calls of the builder API.
//!
//! Each family of operators has its file; the table in `operators` says which one writes which word. What they share
//! is here: [`chain`] walks the calls of a flow, [`body`] puts closures together that run as one, [`tail`] moves what
//! happens to a value to where the value is made, [`step`] describes an operator to the runtime.

pub(crate) mod aggregate;
mod body;
mod capture;
mod chain;
mod checked;
mod closure;
mod docs;
mod fill;
pub(crate) mod filter;
pub(crate) mod filter_map;
pub(crate) mod flat_map;
pub(crate) mod map;
mod key;
mod method;
pub(crate) mod moved;
mod next;
mod parameters;
mod precedence;
mod predicate;
pub(crate) mod reduce;
pub(crate) mod reduce_group;
mod scope;
mod step;
mod tail;

pub(crate) use body::Stage;
pub(crate) use capture::copying;
pub(crate) use chain::{Emission, Rewrite};
pub(crate) use docs::plan;
pub(crate) use fill::fill;
pub(crate) use parameters::checked;
pub(crate) use scope::enter;
