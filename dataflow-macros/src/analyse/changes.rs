//! What a closure changes: the names that it assigns to, calls changing methods on, or borrows to change.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, ExprAssign, ExprBinary, ExprClosure, ExprMethodCall, ExprReference};

use crate::syntax::names::{peeled, plain_path};
use crate::syntax::patterns::{bound_names, names_bound_inside};
use crate::words::is_one_of;

/// The names that a closure assigns to, without its parameters and those that it binds itself, in whichever scope.
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

/// Methods that change what they are called on, where it is a collection.
const CHANGING: &str = "append clear dedup drain entry extend get_mut insert iter_mut pop pop_back pop_first pop_front pop_last push push_back
    push_front push_str remove resize retain reverse sort sort_by sort_by_key sort_unstable split_off swap swap_remove truncate";

/// The names that a closure calls such a method on, or borrows to change them, without those that it binds itself.
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

/// The variable that an assignment changes, or a part of it.
fn root(place: &Expr) -> Option<&Ident> {
    match peeled(place) {
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        place => plain_path(place),
    }
}

/// Whether an operator changes what stands to its left, as `+=` does.
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
