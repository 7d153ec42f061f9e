//! Emits keys and orders that are computed from records.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ExprClosure, Index};

use crate::analyse::reads::{self, ReadSet};
use crate::analyse::{captures, keys};
use crate::emit::closure::{Closure, whole};
use crate::emit::{capture, matched};
use crate::operators::ClosureArguments;
use crate::spans::generated;
use crate::syntax::{Call, text};

/// Emits `|o| o.day.month()` as
/// `|symbols| symbols.computed(move |o, key| key.emit(o.day.month())).reading(&["day"])`. For an
/// order, `.order(|k| (desc(k.0), k.1))` follows.
pub(super) fn write(call: &Call, closure: &ExprClosure, is_matched: bool) -> TokenStream {
    if call.is(|operator| operator.takes == ClosureArguments::Order) {
        let order = keys::order(closure);
        let mut computing = closure.clone();
        *computing.body = order.body.clone();
        return computed(call, &computing, &directions(call, &order), is_matched);
    }
    computed(call, closure, &TokenStream::new(), is_matched)
}

fn computed(call: &Call, closure: &ExprClosure, order: &TokenStream, is_matched: bool) -> TokenStream {
    let span = generated(call.span());
    let (symbols, key) = (Ident::new("__symbols", span), Ident::new("__key", call.span()));
    // The user's span: the compiler reports a key of a wrong type at this call.
    let emit = |value: &syn::Expr| quote_spanned!(call.span()=> #key.emit(#value));
    let computing = Closure::new(closure, false, call.span());
    let run = computing.each_typed_value(whole, &emit);
    let record = closure.inputs.iter();
    let body = quote_spanned!(call.span()=> move |#(#record,)* #key| { #run });
    let body = capture::around(&captures::of(closure, &call.scope), call.span(), body);
    let reading = reads::of(closure).into_iter().next().and_then(|reads| match reads {
        ReadSet::All => None,
        ReadSet::Fields(fields) => {
            let fields = fields.iter();
            Some(quote_spanned!(span=> .reading(&[#(#fields),*])))
        }
    });
    let text = text::canonical_closure(closure);
    let written = quote_spanned!(span=> .written(#text));
    let key = quote_spanned!(call.span()=> ::dataflow::Symbols::computed(#symbols, #body) #reading #written #order);
    let key = if is_matched { matched::computed(call, closure, key) } else { key };
    quote_spanned!(call.span()=> |#symbols| #key)
}

/// The directions of the parts of a computed order. Empty if all parts are ascending by default.
fn directions(call: &Call, order: &keys::ComputedOrder) -> TokenStream {
    if order.directions.iter().all(Option::is_none) {
        return TokenStream::new();
    }
    let span = generated(call.span());
    let parts = Ident::new("__parts", span);
    let part = |(index, word): (usize, &Option<syn::ExprPath>)| {
        let index = Index::from(index);
        let symbol = if order.is_tuple { quote!(#parts.#index) } else { parts.to_token_stream() };
        word.as_ref().map_or(symbol.clone(), |word| quote!(#word(#symbol)))
    };
    let directed = order.directions.iter().enumerate().map(part);
    let directed = if order.is_tuple { quote!((#(#directed,)*)) } else { quote!(#(#directed)*) };
    quote_spanned!(span=> .order(|#parts| #directed))
}
