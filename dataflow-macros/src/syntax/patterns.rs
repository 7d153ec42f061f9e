//! The names that patterns bind.

use std::fmt::Display;

use proc_macro2::{Ident, Span};
use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure, Pat, PatIdent};

/// The names that a pattern binds.
pub(crate) fn bound_names(pattern: &Pat) -> Vec<&Ident> {
    let mut bindings = Bindings::default();
    bindings.visit_pat(pattern);
    bindings.names
}

/// All names that are bound inside of an expression.
pub(crate) fn names_bound_inside(expr: &Expr) -> Vec<&Ident> {
    let mut bindings = Bindings { inside_expressions: true, ..Bindings::default() };
    bindings.visit_expr(expr);
    bindings.names
}

/// The names in all patterns of a closure, in its parameters and in its body, including names that
/// look like constants.
pub(crate) fn names_in_patterns(closure: &ExprClosure) -> Vec<&Ident> {
    let mut bindings = Bindings { inside_expressions: true, with_constants: true, ..Bindings::default() };
    bindings.visit_expr_closure(closure);
    bindings.names
}

/// The name of a pattern that is only a name: `x` or `mut x`, with or without a type.
pub(crate) fn plain_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) if !looks_like_a_constant(ident) => Some(ident),
        Pat::Type(pattern) => plain_name(&pattern.pat),
        Pat::Paren(pattern) => plain_name(&pattern.pat),
        _ => None,
    }
}

/// Returns `true` if a pattern binds without `mut` and `ref`.
pub(crate) fn binds_plainly(pattern: &Pat) -> bool {
    let mut mutable = MutableBindings::default();
    mutable.visit_pat(pattern);
    !mutable.has_references && mutable.names.is_empty()
}

/// The names that a pattern binds with `mut`, so that their values may change.
pub(crate) fn mutable_names(pattern: &Pat) -> Vec<&Ident> {
    let mut mutable = MutableBindings::default();
    mutable.visit_pat(pattern);
    mutable.names
}

/// Returns `true` if a name is written like a constant or a unit variant: `None`, `LIMIT`.
///
/// In a pattern, a constant is compared and a variable is bound. Syntax alone does not distinguish
/// them. The compiler warns of variables with such names.
pub(crate) fn looks_like_a_constant(name: &Ident) -> bool {
    name.to_string().trim_start_matches("r#").starts_with(char::is_uppercase)
}

/// The name that the macro gives to a record. It cannot collide with a name of the user that a
/// closure may capture.
pub(crate) fn generated_record(index: impl Display) -> Ident {
    Ident::new(&format!("{RECORD}{index}"), Span::mixed_site())
}

/// Returns `true` if the macro named the parameter.
pub(crate) fn is_generated(pattern: &Pat) -> bool {
    plain_name(pattern).is_some_and(|name| name.to_string().starts_with(RECORD))
}

/// The prefix of the names that the macro gives to records.
const RECORD: &str = "__record";

#[derive(Default)]
struct MutableBindings<'ast> {
    names: Vec<&'ast Ident>,
    has_references: bool,
}

impl<'ast> Visit<'ast> for MutableBindings<'ast> {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.has_references |= pattern.by_ref.is_some();
        if pattern.mutability.is_some() {
            self.names.push(&pattern.ident);
        }
        visit::visit_pat_ident(self, pattern);
    }
}

#[derive(Default)]
struct Bindings<'ast> {
    names: Vec<&'ast Ident>,
    inside_expressions: bool,
    with_constants: bool,
}

impl<'ast> Visit<'ast> for Bindings<'ast> {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        if self.with_constants || !looks_like_a_constant(&pattern.ident) {
            self.names.push(&pattern.ident);
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        // Bindings of a match guard end with the guard.
        if self.inside_expressions {
            visit::visit_expr(self, expr);
        }
    }
}
