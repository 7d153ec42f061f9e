//! Sources that are read as if they could not fail.

use syn::{Expr, ExprMethodCall};

use crate::diagnostics::{Diagnostics, message};
use crate::syntax::names::plain_path;
use crate::syntax::{Flow, Pipeline, Source};

/// The sources of an environment.
const SOURCES: [&str; 9] = [
    "collection",
    "read_text",
    "read_csv",
    "read_csv_with",
    "read_json",
    "read_json_with",
    "read_parquet",
    "read_binary",
    "read_native",
];

/// Reports operators on what a source gives, which is a `Result`.
pub(super) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    for source in pipeline.flows.iter().filter_map(taken_for_a_flow) {
        found.report_unwritable(source.method.span(), message::source_may_fail(&source.method));
    }
}

fn taken_for_a_flow(flow: &Flow) -> Option<&ExprMethodCall> {
    let Source::Expression(Expr::MethodCall(call)) = &flow.source else { return None };
    let is_of_env = plain_path(&call.receiver).is_some_and(|name| name == "env");
    let is_source = SOURCES.iter().any(|source| call.method == source);
    let is_operated = flow.calls.first().is_some_and(|first| first.operator.is_some());
    (is_of_env && is_source && is_operated).then_some(call)
}
