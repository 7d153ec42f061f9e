//! Second stage: checks a pipeline, and decides what the third stage emits.
//!
//! The check for results comes before the check for unused flows. Without any result every flow is
//! unused, which is one mistake and gets one message. The other checks are independent of each
//! other.

mod arity;
mod branches;
mod captured;
pub(crate) mod captures;
mod changes;
pub(crate) mod conjuncts;
pub(crate) mod forwards;
mod fusion;
mod hygiene;
mod inside;
pub(crate) mod keys;
pub(crate) mod measures;
mod nothing;
pub(crate) mod paths;
mod partners;
mod places;
pub(crate) mod proofs;
pub(crate) mod pushdown;
pub(crate) mod reads;
pub(crate) mod renamed;
mod recursion;
mod results;
pub(crate) mod returns;
mod signature;
mod sources;
pub(crate) mod steps;
mod symbols;
mod unfinished;
mod unused;
pub(crate) mod values;

use syn::Signature;

use crate::diagnostics::Diagnostics;
use crate::syntax::Pipeline;

pub(crate) use signature::check as check_signature;

/// Checks a function.
pub(crate) fn check_function(pipeline: &Pipeline, signature: &Signature, found: &mut Diagnostics) {
    if !results::check(pipeline, signature, found) {
        unused::check(pipeline, Some(signature), found);
    }
    recursion::check(pipeline, signature, found);
    unfinished::check_returned(pipeline, signature, found);
    check_operators(pipeline, found);
}

/// Checks an inline pipeline.
pub(crate) fn check_expression(pipeline: &Pipeline, found: &mut Diagnostics) {
    unused::check(pipeline, None, found);
    check_operators(pipeline, found);
}

fn check_operators(pipeline: &Pipeline, found: &mut Diagnostics) {
    sources::check(pipeline, found);
    places::check(pipeline, found);
    nothing::check(pipeline, found);
    arity::check(pipeline, found);
    unfinished::check(pipeline, found);
    inside::check(pipeline, found);
    captured::check(pipeline, found);
    symbols::check(pipeline, found);
    keys::check(pipeline, found);
    measures::check(pipeline, found);
    partners::check(pipeline, found);
}
