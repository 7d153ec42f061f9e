//! Filters that stand on a flow: operators of their own, one for each conjunct.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ExprClosure;

use crate::analyse::conjuncts::{self, Bound};
use crate::analyse::steps::Step;
use crate::analyse::{captures, reads};
use crate::emit::body::generated;
use crate::emit::closure::Closure;
use crate::emit::{capture, method, step};
use crate::syntax::Call;

/// Writes `.step(..).bounded(..).filter(..)`, once for each conjunct, or `.step(..).try_filter(..)`.
pub(super) fn write(whole: &Step<'_>, call: &Call, binding: Option<&Ident>) -> TokenStream {
    let Some(closure) = call.closures().next() else {
        return TokenStream::new();
    };
    if call.operator.and_then(|operator| operator.stage()).is_some_and(|stage| stage.is_fallible()) {
        let meta = step::write(whole, binding);
        let filter = filter(call, closure, &fallible_body(call, closure), "try_filter");
        return quote!(#meta #filter);
    }
    conjuncts::of(closure).iter().map(|conjunct| write_conjunct(call, conjunct, binding)).collect()
}

fn write_conjunct(call: &Call, conjunct: &ExprClosure, binding: Option<&Ident>) -> TokenStream {
    let word = call.word.to_string();
    let meta = step::describe(call, binding, &word, &call.text, &reads::of(conjunct));
    let bounds = conjuncts::bounds(conjunct, &call.scope);
    let bounds = bounds.iter().map(|bound| write_bound(call, bound));
    let body = Closure::new(conjunct, false, call.span()).value().into_token_stream();
    let filter = filter(call, conjunct, &body, "filter");
    quote!(#meta #(#bounds)* #filter)
}

/// `.bounded("shipdate", ::dataflow::Comparison::Greater, &day)`
fn write_bound(call: &Call, bound: &Bound) -> TokenStream {
    let span = generated(call.span());
    let Bound { path, comparison, value } = bound;
    let comparison = Ident::new(comparison, span);
    let arguments = quote_spanned!(span=> #path, ::dataflow::Comparison::#comparison, &#value);
    method::in_place_of(call, "bounded", arguments)
}

/// The body of a fallible predicate gives `Result<bool, UserError>`, whatever its own error is.
fn fallible_body(call: &Call, closure: &ExprClosure) -> TokenStream {
    let span = generated(call.span());
    let this = Closure::new(closure, true, call.span());
    this.each_value(&|keep| quote_spanned!(span=> ::core::result::Result::Ok(#keep)))
}

fn filter(call: &Call, closure: &ExprClosure, body: &TokenStream, word: &str) -> TokenStream {
    let inputs = &closure.inputs;
    let kept = quote_spanned!(call.span()=> move |#inputs| { #body });
    let kept = capture::around(&captures::of(closure, &call.scope), call.span(), kept);
    method::in_place_of(call, word, kept)
}
