//! Reports operators that are called on the `Result` of a source.

use syn::{Expr, ExprMethodCall};

use crate::diagnostics::{Diagnostics, message};
use crate::operators::sources;
use crate::syntax::names::plain_path;
use crate::syntax::{Flow, Pipeline, Source};

pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    for source in pipeline.flows.iter().filter_map(taken_for_a_flow) {
        mistakes.report_fatal(source.method.span(), message::source_may_fail(&source.method));
    }
}

fn taken_for_a_flow(flow: &Flow) -> Option<&ExprMethodCall> {
    let Source::Expression(Expr::MethodCall(call)) = &flow.source else { return None };
    let is_of_env = plain_path(&call.receiver).is_some_and(sources::is_environment);
    let is_operated = flow.calls.first().is_some_and(|first| first.operator.is_some());
    (is_of_env && sources::may_fail(&call.method) && is_operated).then_some(call)
}
