//! Groups without delimiters: what a `macro_rules` macro leaves around an expression that was passed to it.
//!
//! They hide what stands inside, a closure for one, and the compiler forgets them where a procedural macro hands them
//! on. Without them the tree itself says what belongs together, and is printed with parentheses where it has to be.

use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr};

/// Takes the groups away from a body.
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
