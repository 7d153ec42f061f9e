//! The third stage: writes a pipeline as calls of the builder API.
//!
//! Each [`Lowering`](crate::operators::Lowering) of the table has its file; [`chain`] walks the calls of a flow, and calls the file of each. The
//! files share [`body`], which fuses closures that run as one, [`tail`], which writes the continuation of a value where the value is made, and
//! [`step`], which describes an operator to the runtime.

mod aggregate;
mod body;
mod capture;
mod chain;
mod checked;
mod closure;
mod covered;
mod docs;
mod each_record;
mod key;
mod matched;
mod method;
mod next;
mod owning;
mod parameters;
mod precedence;
mod predicate;
mod reduce;
mod reduce_group;
mod step;
mod tail;

pub(crate) use capture::copying;
pub(crate) use chain::{enter, fill};
pub(crate) use docs::plan;
pub(crate) use parameters::checked;
