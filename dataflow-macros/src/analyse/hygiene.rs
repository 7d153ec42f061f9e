//! Closures whose scopes syntax does not show.
//!
//! The macro may write one closure inside of another, and take a field of a closure's record for one of its value. Both rest on what names
//! mean, and some code gives names a meaning that syntax does not show, or shows too late: an item means the same all over its block, also
//! before it, and hides types and functions as well as variables; a macro of the program's may write items, or `let`s of names that it is
//! given. Whatever contains such code shares its scope with nobody.
//!
//! A macro call that is a value, `format!(..)`, binds nothing around itself, nor does a statement that calls a macro of the standard
//! library's, `assert!(..);`. What it does inside is not seen, though: see
//! [`calls_unknown_macros`].

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure, Item, Macro, Pat, Stmt};

use crate::analyse::returns::needs_its_closure;
use crate::operators::macros::{self, MacroEffect};
use crate::syntax::Call;

/// Whether a closure's body, written in another place, may give a name another meaning for the code that is written inside of it.
///
/// A predicate's condition ends before anything is written behind it, and so does a body that must stay a closure.
pub(super) fn is_open(call: &Call) -> bool {
    let Some((operator, closure)) = call.operator.zip(call.record_closure()) else { return false };
    !operator.is_predicate() && !needs_its_closure(closure, operator.is_fallible()) && binds_unseen(closure)
}

/// Whether some names in a closure may mean what syntax does not show.
pub(super) fn binds_unseen(closure: &ExprClosure) -> bool {
    let mut search = UnseenNames::default();
    search.visit_expr_closure(closure);
    search.binds
}

/// Whether a closure calls a macro that may do anything: also with variables that its call does not mention, where it is defined beside them.
pub(super) fn calls_unknown_macros(closure: &ExprClosure) -> bool {
    let mut search = UnseenNames::default();
    search.visit_expr_closure(closure);
    search.binds || search.calls
}

#[derive(Default)]
struct UnseenNames {
    /// Names are bound that syntax does not show.
    binds: bool,
    /// A macro is called that nobody knows.
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

/// Whether a macro call as a statement gives no name a meaning, for the statements around it.
fn binds_nothing(call: &Macro) -> bool {
    macros::effect_of(call).is_some()
}

/// Whether a macro is known to act on nothing outside.
fn is_pure(effect: Option<MacroEffect>) -> bool {
    matches!(effect, Some(MacroEffect::Evaluates | MacroEffect::EvaluatesLiteral | MacroEffect::Panics))
}

/// Whether other macros than the known ones are called among the tokens of a call.
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
