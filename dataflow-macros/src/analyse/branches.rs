//! Counts the places at which a closure makes its value.

use syn::{Block, Expr, ExprClosure, Stmt};

use crate::analyse::returns::needs_its_closure;
use crate::syntax::names::peeled;

/// The number of places in a body at which its value is made: one per branch.
pub(super) fn count(closure: &ExprClosure, is_fallible: bool) -> usize {
    match needs_its_closure(closure, is_fallible) {
        true => 1,
        false => in_expr(&closure.body),
    }
}

fn in_expr(expr: &Expr) -> usize {
    match peeled(expr) {
        Expr::Block(block) => in_block(&block.block),
        Expr::If(branch) => match &branch.else_branch {
            Some((_, otherwise)) => in_block(&branch.then_branch) + in_expr(otherwise),
            None => 1,
        },
        Expr::Match(choice) => choice.arms.iter().map(|arm| in_expr(&arm.body)).sum(),
        _ => 1,
    }
}

fn in_block(block: &Block) -> usize {
    match block.stmts.last() {
        Some(Stmt::Expr(value, None)) => in_expr(value),
        _ => 1,
    }
}
