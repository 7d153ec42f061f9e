//! Finds bodies that exit early, by `return` or `?`.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ExprAsync, ExprClosure, ExprReturn, ExprTry, Item, Macro, ReturnType};

/// Returns `true` if a closure's body must stay a closure: it has a return type, or it exits by
/// `return` or `?`, which exit only that closure. Any other body is moved to the place where its
/// value is used.
///
/// In a fallible closure, `?` may exit the fused body, because errors end the job.
pub(crate) fn needs_its_closure(closure: &ExprClosure, is_fallible: bool) -> bool {
    let mut exits = Exits::default();
    exits.visit_expr(&closure.body);
    matches!(closure.output, ReturnType::Type(..)) || exits.returns || (exits.attempts && !is_fallible)
}

/// The kinds of early exits in a body, without those in inner closures and functions.
#[derive(Default)]
struct Exits {
    returns: bool,
    attempts: bool,
}

impl<'ast> Visit<'ast> for Exits {
    fn visit_expr_return(&mut self, _: &'ast ExprReturn) {
        self.returns = true;
    }
    fn visit_expr_try(&mut self, attempt: &'ast ExprTry) {
        self.attempts = true;
        visit::visit_expr_try(self, attempt);
    }
    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}
    fn visit_item(&mut self, _: &'ast Item) {}
    fn visit_macro(&mut self, call: &'ast Macro) {
        scan(call.tokens.clone(), self);
    }
}

/// A `return` or a `?` among the tokens of a macro call may become a part of the body.
fn scan(tokens: TokenStream, exits: &mut Exits) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => exits.returns |= ident == "return",
            TokenTree::Punct(punct) => exits.attempts |= punct.as_char() == '?',
            TokenTree::Group(group) => scan(group.stream(), exits),
            TokenTree::Literal(_) => {}
        }
    }
}
