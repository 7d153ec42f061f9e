//! Captured values that a closure over records assigns to.
//!
//! What is captured is a copy, and each task has its own: the value outside would not change. The compiler would only
//! ask for a `mut`.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, ExprAssign, ExprBinary, ExprClosure};

use crate::analyse::captures;
use crate::diagnostics::{Diagnostics, message};
use crate::syntax::Pipeline;
use crate::syntax::names::{peeled, plain_path};
use crate::syntax::patterns::{bound_names, names_bound_inside};

pub(super) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    for call in pipeline.flows.iter().flat_map(|flow| &flow.calls) {
        let captured = captures::of_records(call);
        for name in call.closures().flat_map(assigned).filter(|name| captured.contains(name)) {
            found.report_unwritable(name.span(), message::changed_capture(name));
        }
    }
}

/// The names that a closure assigns to, without its parameters and those that it binds itself, in whichever scope.
fn assigned(closure: &ExprClosure) -> Vec<&Ident> {
    let mut search = Search(Vec::new());
    search.visit_expr(&closure.body);
    let mut bound = names_bound_inside(&closure.body);
    bound.extend(closure.inputs.iter().flat_map(bound_names));
    search.0.retain(|name| !bound.contains(name));
    search.0
}

struct Search<'ast>(Vec<&'ast Ident>);

impl<'ast> Visit<'ast> for Search<'ast> {
    fn visit_expr_assign(&mut self, expr: &'ast ExprAssign) {
        self.0.extend(root(&expr.left));
        visit::visit_expr_assign(self, expr);
    }

    fn visit_expr_binary(&mut self, expr: &'ast ExprBinary) {
        if assigns(&expr.op) {
            self.0.extend(root(&expr.left));
        }
        visit::visit_expr_binary(self, expr);
    }
}

/// The variable that an assignment changes, or a part of it.
fn root(place: &Expr) -> Option<&Ident> {
    match peeled(place) {
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        place => plain_path(place),
    }
}

fn assigns(operator: &BinOp) -> bool {
    use BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign, ShlAssign, ShrAssign,
        SubAssign,
    };
    matches!(
        operator,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | BitXorAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}
