//! Finds the names that a closure changes: by assignment, by mutating methods, or by mutable
//! borrows.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, ExprAssign, ExprBinary, ExprClosure, ExprMethodCall, ExprReference};

use crate::syntax::names::{peeled, plain_path};
use crate::syntax::patterns::{bound_names, names_bound_inside};
use crate::words::is_one_of;

/// The names that a closure assigns to, without its parameters and the names that it binds in any
/// scope.
pub(super) fn assigned(closure: &ExprClosure) -> Vec<&Ident> {
    let mut search = Assigned(Vec::new());
    search.visit_expr(&closure.body);
    without_bound(closure, search.0)
}

fn without_bound<'ast>(closure: &'ast ExprClosure, mut names: Vec<&'ast Ident>) -> Vec<&'ast Ident> {
    let mut bound = names_bound_inside(&closure.body);
    bound.extend(closure.inputs.iter().flat_map(bound_names));
    names.retain(|name| !bound.contains(name));
    names
}

/// Methods that change a collection.
const CHANGING: &str = "append clear dedup drain entry extend get_mut insert iter_mut pop pop_back pop_first pop_front pop_last push push_back
    push_front push_str remove resize retain reverse sort sort_by sort_by_key sort_unstable split_off swap swap_remove truncate";

/// The names that a closure mutates by these methods or borrows mutably, without its parameters and
/// the names that it binds.
pub(super) fn by_methods(closure: &ExprClosure) -> Vec<&Ident> {
    let mut calls = Changed(Vec::new());
    calls.visit_expr(&closure.body);
    without_bound(closure, calls.0)
}

struct Changed<'ast>(Vec<&'ast Ident>);

impl<'ast> Visit<'ast> for Changed<'ast> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if is_one_of(&call.method, CHANGING) {
            self.0.extend(plain_path(&call.receiver));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_reference(&mut self, reference: &'ast ExprReference) {
        if reference.mutability.is_some() {
            self.0.extend(plain_path(&reference.expr));
        }
        visit::visit_expr_reference(self, reference);
    }
}

struct Assigned<'ast>(Vec<&'ast Ident>);

impl<'ast> Visit<'ast> for Assigned<'ast> {
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

/// The variable that an assignment changes, wholly or in part.
fn root(place: &Expr) -> Option<&Ident> {
    match peeled(place) {
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        place => plain_path(place),
    }
}

/// Returns `true` if an operator changes its left operand, as `+=` does.
pub(super) fn assigns(operator: &BinOp) -> bool {
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
