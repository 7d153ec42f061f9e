//! Second stage: checks a pipeline, and decides what the third stage emits.
//!
//! The check for results comes before the check for unused flows. Without any result every flow is
//! unused, which is one mistake and gets one message. The other checks are independent of each
//! other.

mod arity;
mod branches;
mod capture_checks;
pub(crate) mod captures;
mod mutations;
pub(crate) mod conjuncts;
pub(crate) mod forwarded_fields;
mod fusion;
mod hygiene;
mod captured_flows;
pub(crate) mod keys;
pub(crate) mod measures;
mod unit_closures;
pub(crate) mod paths;
mod optional_sides;
mod misplaced;
pub(crate) mod proofs;
pub(crate) mod pushdown;
pub(crate) mod reads;
pub(crate) mod rewriting;
mod recursion;
mod results;
pub(crate) mod returns;
mod signature;
mod sources;
pub(crate) mod steps;
mod symbols;
mod unfinished;
mod unused;
pub(crate) mod made_values;

use syn::Signature;

use crate::diagnostics::Diagnostics;
use crate::syntax::Pipeline;

pub(crate) use signature::check as check_signature;

/// Checks a function.
pub(crate) fn check_function(pipeline: &Pipeline, signature: &Signature, mistakes: &mut Diagnostics) {
    if !results::check(pipeline, signature, mistakes) {
        unused::check(pipeline, Some(signature), mistakes);
    }
    recursion::check(pipeline, signature, mistakes);
    unfinished::check_returned(pipeline, signature, mistakes);
    check_operators(pipeline, mistakes);
}

/// Checks an inline pipeline.
pub(crate) fn check_expression(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    unused::check(pipeline, None, mistakes);
    check_operators(pipeline, mistakes);
}

fn check_operators(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    sources::check(pipeline, mistakes);
    misplaced::check(pipeline, mistakes);
    unit_closures::check(pipeline, mistakes);
    arity::check(pipeline, mistakes);
    unfinished::check(pipeline, mistakes);
    captured_flows::check(pipeline, mistakes);
    capture_checks::check(pipeline, mistakes);
    symbols::check(pipeline, mistakes);
    keys::check(pipeline, mistakes);
    measures::check(pipeline, mistakes);
    optional_sides::check(pipeline, mistakes);
}
