//! `reduce_group`: a closure over the records of each group, which are lent.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprClosure, ExprForLoop, Ident, Item, parse_quote_spanned};

use crate::analyse::captures;
use crate::emit::{capture, method};
use crate::syntax::Call;
use crate::syntax::names::plain_path;
use crate::syntax::patterns::{names_bound_inside, plain_name};

/// `reduce_group(|g, out| for r in g { .. })`: `.reduce_group(move |g, out| while let Some(r) = g.next() { .. })`
pub(crate) fn write(call: &Call) -> TokenStream {
    let Some(closure) = call.closures().next() else {
        return TokenStream::new();
    };
    let captures = captures::of(closure, &call.scope);
    let mut closure = closure.clone();
    closure.capture.get_or_insert(syn::Token![move](call.span()));
    lend(&mut closure);
    let written = capture::around(&captures, call.span(), closure.into_token_stream());
    method::in_place_of(call, "reduce_group", written)
}

/// Writes loops over the group as what lends its records. Where the closure gives its name to something else, which is which is left to
/// the compiler.
fn lend(closure: &mut ExprClosure) {
    let Some(group) = closure.inputs.first().and_then(plain_name).cloned() else { return };
    if !names_bound_inside(&closure.body).contains(&&group) {
        Lend { group: &group }.visit_expr_mut(&mut closure.body);
    }
}

struct Lend<'a> {
    group: &'a Ident,
}

impl VisitMut for Lend<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::ForLoop(ExprForLoop { attrs, label, for_token, pat, expr: over, body, .. }) = &*expr
            && plain_path(over) == Some(self.group)
        {
            let next = quote_spanned!(self.group.span().located_at(for_token.span)=> #over.next());
            *expr = parse_quote_spanned! {for_token.span=>
                #(#attrs)* #label while let ::core::option::Option::Some(#pat) = #next #body
            };
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {
        // The closure's names mean nothing in items.
    }
}
