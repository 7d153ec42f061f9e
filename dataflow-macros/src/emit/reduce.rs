//! `reduce`: combines two records of a group into one.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ExprClosure;

use crate::analyse::captures;
use crate::emit::closure::Closure;
use crate::emit::next::{Continuation, out};
use crate::emit::{capture, method};
use crate::operators::ChainState;
use crate::syntax::{Call, text};

/// Emits `reduce(|a, b| record)` as `.reduce(move |a, b, out| out.emit(record))`.
pub(crate) fn write(call: &Call, closure: &ExprClosure) -> TokenStream {
    let span = call.span();
    let next = Continuation::emit(span);
    let run = Closure::new(closure, false, call.span()).each_value(&|value| next.take(value, span));
    let (inputs, out) = (closure.inputs.iter(), out(span));
    let written = quote_spanned!(call.span()=> move |#(#inputs,)* #out| { #run });
    let written = capture::around(&captures::of(closure, &call.scope), call.span(), written);
    let reduce = method::in_place_of(call, "reduce", written);
    if !call.is(|operator| operator.from == ChainState::Grouped) {
        return reduce;
    }
    let text = text::canonical_closure(closure);
    let written = method::in_place_of(call, "written", text.to_token_stream());
    quote!(#written #reduce)
}
