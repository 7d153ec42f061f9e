//! Finds closures whose name bindings syntax does not show.
//!
//! The macro may write one closure inside of another, and replace a field of a closure's record by
//! a field of its value. Both require that the meaning of names is known. These may bind names that
//! syntax does not show:
//!
//! * Items. An item is visible in its whole block, also before it, and hides types and functions as
//!   well as variables.
//! * Macros of the user's program. They may write items, or `let`s of names in their arguments.
//!
//! No closure is written inside of a closure with such code, and no field is replaced through it.
//!
//! A macro call that is a value, `format!(..)`, binds no name around itself. Neither does a
//! statement that calls a macro of the standard library, `assert!(..);`. Their arguments may still
//! call anything: see [`calls_unknown_macros`].

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure, Item, Macro, Pat, Stmt};

use crate::analyse::returns::needs_its_closure;
use crate::operators::macros::{self, MacroEffect};
use crate::syntax::Call;

/// Returns `true` if the body of a closure may change the meaning of names in code that is written
/// inside of it.
///
/// A predicate's condition ends before such code. So does a body that must stay a closure.
pub(super) fn may_hide_names(call: &Call) -> bool {
    let Some((operator, closure)) = call.operator.zip(call.record_closure()) else { return false };
    !operator.is_predicate() && !needs_its_closure(closure, operator.is_fallible()) && binds_unseen(closure)
}

/// Returns `true` if a closure may bind names that syntax does not show.
pub(super) fn binds_unseen(closure: &ExprClosure) -> bool {
    let mut search = UnseenNames::default();
    search.visit_expr_closure(closure);
    search.binds
}

/// Returns `true` if a closure calls a macro that may do anything. Such a macro may even use
/// variables that its call does not mention, if it is defined in their scope.
pub(super) fn calls_unknown_macros(closure: &ExprClosure) -> bool {
    let mut search = UnseenNames::default();
    search.visit_expr_closure(closure);
    search.binds || search.calls
}

#[derive(Default)]
struct UnseenNames {
    /// Whether names may be bound that syntax does not show.
    binds: bool,
    /// Whether a macro with unknown effects is called.
    calls: bool,
}

impl<'ast> Visit<'ast> for UnseenNames {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        // A macro call that ends a block is its value.
        self.binds |= matches!(statement, Stmt::Macro(call) if call.semi_token.is_some() && !binds_nothing(&call.mac));
        self.binds |= matches!(statement, Stmt::Expr(Expr::Macro(call), Some(_)) if !binds_nothing(&call.mac));
        visit::visit_stmt(self, statement);
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let before_last = block.stmts.len().saturating_sub(1);
        let binds = |statement: &Stmt| matches!(statement, Stmt::Macro(call) if !binds_nothing(&call.mac));
        self.binds |= block.stmts.iter().take(before_last).any(binds);
        visit::visit_block(self, block);
    }

    fn visit_item(&mut self, _: &'ast Item) {
        self.binds = true;
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        self.binds |= matches!(pattern, Pat::Macro(_) | Pat::Verbatim(_));
        visit::visit_pat(self, pattern);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.binds |= matches!(expr, Expr::Verbatim(_));
        visit::visit_expr(self, expr);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.calls |= !is_pure(macros::effect_of(call)) || holds_unknown_calls(call.tokens.clone());
    }
}

/// Returns `true` if a macro call as a statement binds no name for the statements around it.
fn binds_nothing(call: &Macro) -> bool {
    macros::effect_of(call).is_some()
}

/// Returns `true` if a macro is known to have no side effects.
fn is_pure(effect: Option<MacroEffect>) -> bool {
    matches!(effect, Some(MacroEffect::Evaluates | MacroEffect::EvaluatesLiteral | MacroEffect::Panics))
}

/// Returns `true` if the tokens of a call contain calls of macros that are not known to be pure.
fn holds_unknown_calls(tokens: TokenStream) -> bool {
    let tokens = tokens.into_iter().collect::<Vec<_>>();
    let is_unknown_call = |tokens: &[TokenTree]| match tokens {
        [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(_)] => {
            bang.as_char() == '!' && !is_pure(macros::effect(name))
        }
        _ => false,
    };
    let is_unknown_inside =
        |token: &TokenTree| matches!(token, TokenTree::Group(group) if holds_unknown_calls(group.stream()));
    tokens.windows(3).any(is_unknown_call) || tokens.iter().any(is_unknown_inside)
}
