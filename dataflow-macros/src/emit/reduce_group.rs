//! `reduce_group` and `combine_group`: closures over lent records of groups.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprClosure, ExprForLoop, Ident, Item, Pat, parse_quote_spanned};

use crate::analyse::captures;
use crate::emit::{capture, checked, method};
use crate::spans::generated;
use crate::syntax::Call;
use crate::syntax::names::plain_path;
use crate::syntax::patterns::{names_bound_inside, plain_name};

/// Emits `reduce_group(|g, out| for r in g { .. })` as
/// `.reduce_group(move |g, out| while let Some(r) = g.next() { .. })`.
pub(crate) fn write(call: &Call, closure: &ExprClosure) -> TokenStream {
    let captures = captures::of(closure, &call.scope);
    let mut closure = closure.clone();
    closure.capture.get_or_insert(syn::Token![move](call.span()));
    lend(&mut closure);
    *closure.body = checked::body(&closure);
    let written = capture::around(&captures, call.span(), closure.into_token_stream());
    method::in_place_of(call, &call.word.to_string(), written)
}

/// Rewrites `for` loops over groups into loops over lent records. All parameters but the last are
/// groups. If the closure binds the name of a group again, its loops stay unchanged, and the
/// compiler checks them.
fn lend(closure: &mut ExprClosure) {
    let groups = closure.inputs.iter().take(closure.inputs.len().saturating_sub(1)).filter_map(plain_name);
    let bound = names_bound_inside(&closure.body);
    let groups: Vec<Ident> = groups.filter(|group| !bound.contains(group)).cloned().collect();
    LendingLoops { groups: &groups }.visit_expr_mut(&mut closure.body);
}

struct LendingLoops<'a> {
    groups: &'a [Ident],
}

impl VisitMut for LendingLoops<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::ForLoop(ExprForLoop { attrs, label, for_token, pat, expr: over, body, .. }) = &*expr
            && let Some(group) = plain_path(over).and_then(|over| self.groups.iter().find(|group| *group == over))
        {
            let next = quote_spanned!(group.span().located_at(for_token.span)=> #over.next());
            // As in any `for`, a pattern that does not match every record is a mistake. It must not
            // end the loop.
            let whole = Ident::new("record", generated(for_token.span));
            let (lent, body) = match plain_name(pat).is_some() || matches!(**pat, Pat::Wild(_)) {
                true => (pat.to_token_stream(), body.to_token_stream()),
                false => (whole.to_token_stream(), quote_spanned!(for_token.span=> { let #pat = #whole; #body })),
            };
            *expr = parse_quote_spanned! {for_token.span=>
                #(#attrs)* #label while let ::core::option::Option::Some(#lent) = #next #body
            };
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {
        // Items cannot use the closure's variables.
    }
}
