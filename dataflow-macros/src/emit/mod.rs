//! Third stage: emits a pipeline as calls of the builder API.
//!
//! [`chain`] walks the calls of a flow. Each [`Lowering`](crate::operators::Lowering) has a file
//! that emits its operators. They share three files: [`body`] fuses closures into one body,
//! [`tail`] writes the continuation of a value where it is made, and [`step`] describes an operator
//! to the runtime.

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

pub(crate) use capture::import_copy_methods;
pub(crate) use chain::{enter_scope, fill_holes};
pub(crate) use docs::plan_lines;
pub(crate) use parameters::parameter_checks;
