//! Reports closures that compute, although they may only name fields.
//!
//! Such closures run while the plan is built, before there are records. Their parameters are
//! symbols. The compiler would only report a missing operator or method of a symbol.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ExprBinary, ExprCast, ExprClosure, ExprMethodCall, ExprUnary};

use crate::diagnostics::{Diagnostics, message};
use crate::operators::ClosureArguments;
use crate::syntax::names::{free_names, peeled};
use crate::syntax::patterns::bound_names;
use crate::syntax::{Call, Pipeline};

pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    for call in pipeline.calls() {
        if let Some(at) = computed(call) {
            mistakes.report_fatal(at, message::computed_symbol(&call.word));
        }
    }
}

/// The place where a call computes with a field.
fn computed(call: &Call) -> Option<Span> {
    call.operator.filter(|operator| operator.takes == ClosureArguments::Symbols)?;
    call.closures().find_map(computed_in)
}

/// The place where a closure computes with a field.
pub(super) fn computed_in(closure: &ExprClosure) -> Option<Span> {
    let mut search = ComputedField { records: closure.inputs.iter().flat_map(bound_names).collect(), found: None };
    search.visit_expr(&closure.body);
    search.found
}

/// Finds the first operation on a field.
struct ComputedField<'a> {
    records: Vec<&'a Ident>,
    found: Option<Span>,
}

impl ComputedField<'_> {
    fn report_if_field(&mut self, operand: &Expr, at: Span) {
        let names_a_field = matches!(peeled(operand), Expr::Path(_) | Expr::Field(_))
            && self.records.iter().any(|record| free_names(operand).contain(record));
        if names_a_field {
            self.found.get_or_insert(at);
        }
    }
}

impl<'ast> Visit<'ast> for ComputedField<'_> {
    fn visit_expr_binary(&mut self, expr: &'ast ExprBinary) {
        self.report_if_field(&expr.left, expr.op.span());
        self.report_if_field(&expr.right, expr.op.span());
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast ExprUnary) {
        self.report_if_field(&expr.expr, expr.op.span());
        visit::visit_expr_unary(self, expr);
    }

    fn visit_expr_cast(&mut self, expr: &'ast ExprCast) {
        self.report_if_field(&expr.expr, expr.as_token.span);
        visit::visit_expr_cast(self, expr);
    }

    fn visit_expr_method_call(&mut self, expr: &'ast ExprMethodCall) {
        self.report_if_field(&expr.receiver, expr.method.span());
        visit::visit_expr_method_call(self, expr);
    }
}
