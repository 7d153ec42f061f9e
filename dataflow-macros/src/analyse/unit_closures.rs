//! Reports closures that return nothing although they should make a record.
//!
//! Their value is `()`, which is also a record. So the compiler would only report a missing type,
//! in another place.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ExprAsync, ExprClosure, ExprReturn, Item, Macro, Stmt};

use crate::analyse::mutations::assigns;
use crate::diagnostics::{Diagnostics, message};
use crate::operators::ClosureArguments;
use crate::operators::macros::{self, MacroEffect};
use crate::syntax::names::peeled;
use crate::syntax::{Call, Pipeline};

pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    for call in pipeline.calls().filter(|call| makes_records(call)) {
        if let Some((at, sentence)) = call.record_closure().and_then(|closure| missing_value(call, closure)) {
            mistakes.report_fatal(at, sentence);
        }
    }
}

fn makes_records(call: &Call) -> bool {
    let takes_records = |takes| matches!(takes, ClosureArguments::Records(_) | ClosureArguments::TaskThenRecord);
    call.is(|operator| {
        takes_records(operator.takes) && operator.record_operation().is_some() && !operator.is_predicate()
    })
}

/// The place where a closure returns nothing, and its message.
fn missing_value(call: &Call, closure: &ExprClosure) -> Option<(Span, String)> {
    let body = peeled(&closure.body);
    if let Some(printing) = printing(body) {
        return Some((printing.path.span(), message::printed_record(&call.word)));
    }
    let Expr::Block(block) = body else { return bare_return(call, body) };
    match block.block.stmts.last() {
        Some(Stmt::Macro(last)) if is_printing(&last.mac) => {
            Some((last.mac.path.span(), message::printed_record(&call.word)))
        }
        Some(Stmt::Expr(last, Some(semicolon))) if has_a_value(last) => {
            Some((semicolon.span, message::value_dropped(&call.word)))
        }
        _ => bare_return(call, body),
    }
}

fn printing(body: &Expr) -> Option<&Macro> {
    match body {
        Expr::Macro(call) if is_printing(&call.mac) => Some(&call.mac),
        _ => None,
    }
}

fn is_printing(call: &Macro) -> bool {
    macros::effect_of(call) == Some(MacroEffect::Prints)
}

/// Returns `true` if an expression before a `;` may be meant as the closure's value: it computes
/// something, and neither exits nor assigns.
fn has_a_value(expr: &Expr) -> bool {
    match peeled(expr) {
        Expr::Binary(binary) => !assigns(&binary.op),
        Expr::Struct(_)
        | Expr::Tuple(_)
        | Expr::Lit(_)
        | Expr::Path(_)
        | Expr::Field(_)
        | Expr::Unary(_)
        | Expr::Cast(_) => true,
        _ => false,
    }
}

/// A `return` without a value.
fn bare_return(call: &Call, body: &Expr) -> Option<(Span, String)> {
    let mut search = BareReturn(None);
    search.visit_expr(body);
    search.0.map(|at| (at, message::returned_nothing(&call.word)))
}

struct BareReturn(Option<Span>);

impl<'ast> Visit<'ast> for BareReturn {
    fn visit_expr_return(&mut self, expr: &'ast ExprReturn) {
        match &expr.expr {
            None => {
                self.0.get_or_insert(expr.return_token.span);
            }
            Some(_) => visit::visit_expr_return(self, expr),
        }
    }
    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}
