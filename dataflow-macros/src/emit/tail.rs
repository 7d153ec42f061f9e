//! Writes the continuation of a value at the places where the value is made.
//!
//! `out.emit(if a { b } else { c })` becomes `if a { out.emit(b) } else { out.emit(c) }`. So
//! temporaries live as long as they are needed, blocks may lend their own variables, and branches
//! may have different types.

use std::cell::Cell;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Block, Expr, ExprMatch, Stmt, Token};

use crate::operators::macros::{self, MacroEffect};
use crate::syntax::names::{peeled, plain_path};

/// Rewrites `expr` so that `then` is applied to its value.
pub(super) fn push_continuation(expr: &Expr, then: &dyn Fn(&Expr) -> TokenStream) -> TokenStream {
    let pushed = rewritten(expr, then);
    pushed.into_token_stream()
}

/// Returns `true` if `part` of a value of `expr` is, or contains, a `None` without a type.
pub(super) fn has_untyped_none(expr: &Expr, part: impl Fn(&Expr) -> Option<&Expr>) -> bool {
    let found = Cell::new(false);
    push_continuation(expr, &|value| {
        found.set(found.get() || part(value).is_some_and(is_none));
        value.to_token_stream()
    });
    found.get()
}

fn is_none(value: &Expr) -> bool {
    match peeled(value) {
        Expr::Tuple(tuple) => tuple.elems.iter().any(is_none),
        value => plain_path(value).is_some_and(|name| name == "None"),
    }
}

fn rewritten(expr: &Expr, then: &dyn Fn(&Expr) -> TokenStream) -> Expr {
    match peeled(expr) {
        expr if diverges(expr) => expr.clone(),
        Expr::Block(block) if block.label.is_none() && ends_in_value(&block.block) => {
            let mut block = block.clone();
            rewrite_block(&mut block.block, then);
            Expr::Block(block)
        }
        Expr::If(branch) if branch.else_branch.is_some() => {
            let mut branch = branch.clone();
            rewrite_branch(&mut branch.then_branch, then);
            if let Some((_, otherwise)) = &mut branch.else_branch {
                **otherwise = in_block(otherwise, rewritten(otherwise, then));
            }
            Expr::If(branch)
        }
        Expr::Match(choice) => Expr::Match(rewritten_match(choice, then)),
        value => Expr::Verbatim(then(value)),
    }
}

fn rewritten_match(choice: &ExprMatch, then: &dyn Fn(&Expr) -> TokenStream) -> ExprMatch {
    let mut choice = choice.clone();
    for arm in &mut choice.arms {
        *arm.body = rewritten(&arm.body, then);
        arm.comma.get_or_insert_with(|| Token![,](proc_macro2::Span::mixed_site()));
    }
    choice
}

/// Rewrites the last expression of a block that ends in one.
fn rewrite_block(block: &mut Block, then: &dyn Fn(&Expr) -> TokenStream) {
    match block.stmts.last_mut() {
        Some(Stmt::Expr(value, None)) => *value = rewritten(value, then),
        Some(last @ Stmt::Macro(_)) => {
            if let Stmt::Macro(call) = &*last {
                let call = syn::ExprMacro { attrs: call.attrs.clone(), mac: call.mac.clone() };
                *last = Stmt::Expr(rewritten(&Expr::Macro(call), then), None);
            }
        }
        _ => {}
    }
}

/// Rewrites a branch. A branch without a value stays whole, so that the compiler reports the
/// missing value.
fn rewrite_branch(block: &mut Block, then: &dyn Fn(&Expr) -> TokenStream) {
    if ends_in_value(block) {
        return rewrite_block(block, then);
    }
    let whole = Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block: block.clone() });
    if !never_ends(block) {
        block.stmts = vec![Stmt::Expr(Expr::Verbatim(then(&whole)), None)];
    }
}

/// Makes the branch after an `else` an `if` or a block.
fn in_block(before: &Expr, after: Expr) -> Expr {
    match (before, after) {
        (Expr::If(_), after @ Expr::If(_)) | (Expr::Block(_), after @ Expr::Block(_)) => after,
        (_, after) => Expr::Block(syn::ExprBlock {
            attrs: Vec::new(),
            label: None,
            block: Block { brace_token: Default::default(), stmts: vec![Stmt::Expr(after, None)] },
        }),
    }
}

fn ends_in_value(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(_, None)) => true,
        Some(Stmt::Macro(call)) => call.semi_token.is_none(),
        _ => false,
    }
}

/// Returns `true` if a block without a value never reaches its end.
fn never_ends(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(last, Some(_))) => diverges(last),
        Some(Stmt::Macro(call)) => is_panic(&call.mac),
        _ => false,
    }
}

/// Returns `true` if an expression never has a value, so that it needs no continuation.
fn diverges(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Macro(call) => is_panic(&call.mac),
        _ => false,
    }
}

fn is_panic(call: &syn::Macro) -> bool {
    macros::effect_of(call) == Some(MacroEffect::Panics)
}
