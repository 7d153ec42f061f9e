//! Closures whose scopes syntax does not show.
//!
//! The macro may write one closure inside of another, and take a field of a closure's record for one of its value. Both rest on what names
//! mean, and some code gives names a meaning that syntax does not show, or shows too late: an item means the same all over its block, also
//! before it, and hides types and functions as well as variables; a macro of the program's may write items, or `let`s of names that it is
//! given. Whatever contains such code shares its scope with nobody.
//!
//! A macro call that is a value, `format!(..)`, binds nothing around itself. What it does inside is not seen, though: see
//! [`calls_unknown_macros`].

use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure, Item, Macro, Pat, Stmt};

use crate::analyse::returns::needs_its_closure;
use crate::syntax::Call;

/// Macros of the standard library, and of this one, that evaluate what they are given, and nothing else.
const KNOWN_MACROS: &[&str] =
    &["assert", "assert_eq", "assert_ne", "date", "format", "matches", "panic", "unreachable", "vec"];

/// Whether a closure's body, written in another place, may give a name another meaning for the code that is written inside of it.
///
/// A predicate's condition ends before anything is written behind it, and so does a body that must stay a closure.
pub(super) fn is_open(call: &Call) -> bool {
    let Some((operator, closure)) = call.operator.zip(call.record_closure()) else { return false };
    let is_fallible = operator.stage().is_some_and(|stage| stage.is_fallible());
    !operator.is_predicate() && !needs_its_closure(closure, is_fallible) && binds_unseen(closure)
}

/// Whether some names in a closure may mean what syntax does not show.
pub(super) fn binds_unseen(closure: &ExprClosure) -> bool {
    let mut search = Search::default();
    search.visit_expr_closure(closure);
    search.binds
}

/// Whether a closure calls a macro that may do anything: also with variables that its call does not mention, where it is defined beside them.
pub(super) fn calls_unknown_macros(closure: &ExprClosure) -> bool {
    let mut search = Search::default();
    search.visit_expr_closure(closure);
    search.binds || search.calls
}

#[derive(Default)]
struct Search {
    /// Names are bound that syntax does not show.
    binds: bool,
    /// A macro is called that nobody knows.
    calls: bool,
}

impl<'ast> Visit<'ast> for Search {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        // A macro call that ends a block is its value.
        self.binds |= matches!(statement, Stmt::Macro(call) if call.semi_token.is_some());
        self.binds |= matches!(statement, Stmt::Expr(Expr::Macro(_), Some(_)));
        visit::visit_stmt(self, statement);
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let before_last = block.stmts.len().saturating_sub(1);
        self.binds |= block.stmts.iter().take(before_last).any(|statement| matches!(statement, Stmt::Macro(_)));
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
        let is_known = |name: &syn::Ident| KNOWN_MACROS.iter().any(|known| name == known);
        self.calls |= !call.path.segments.last().is_some_and(|segment| is_known(&segment.ident));
    }
}
