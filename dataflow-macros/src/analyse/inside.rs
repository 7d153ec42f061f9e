//! Flows that are read where records are looked at.
//!
//! Where a name is a flow beyond doubt, it is reported here, and nothing is said about what the closure does with it.
//! Of other names the compiler knows the type: capturing a flow does not type-check, with the same sentence.

use proc_macro2::Ident;

use crate::analyse::captures;
use crate::diagnostics::{Diagnostics, message};
use crate::operators::Takes;
use crate::syntax::{Call, Pipeline};

pub(super) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    let calls = pipeline.flows.iter().flat_map(|flow| &flow.calls);
    for name in calls.flat_map(|call| flows_inside(call, pipeline)) {
        found.report_unwritable(name.span(), message::FLOW_INSIDE_CLOSURE);
    }
}

fn flows_inside(call: &Call, pipeline: &Pipeline) -> Vec<Ident> {
    let looks_at_records = call
        .operator
        .is_some_and(|operator| matches!(operator.takes, Takes::Records(_) | Takes::Handle));
    if !looks_at_records {
        return Vec::new();
    }
    let captures = call.closures().flat_map(|closure| captures::of(closure, &call.scope));
    let flows =
        captures.filter(|capture| !capture.is_guess && pipeline.is_certainly_a_flow(&capture.name, &call.scope));
    flows.map(|capture| capture.name).collect()
}
