//! Removes groups without delimiters, which a `macro_rules` macro puts around an expression
//! argument.
//!
//! A group hides the expression inside of it, for example a closure. The compiler also loses the
//! groups when a procedural macro returns them. Without groups, the tree itself has the precedence,
//! and is printed with the parentheses that it needs.

use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr};

/// Removes the groups from a body.
pub(crate) fn ungroup(body: &mut Block) {
    Ungroup.visit_block_mut(body);
}

struct Ungroup;

impl VisitMut for Ungroup {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        while let Expr::Group(group) = expr {
            *expr = std::mem::replace(&mut *group.expr, Expr::Verbatim(Default::default()));
        }
        visit_mut::visit_expr_mut(self, expr);
    }
}
