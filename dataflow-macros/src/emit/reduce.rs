//! `reduce`: two records of a group become one.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ExprClosure;

use crate::analyse::captures;
use crate::emit::closure::Closure;
use crate::emit::next::{Continuation, out};
use crate::emit::{capture, method};
use crate::syntax::Call;

/// `reduce(|a, b| record)`: `.reduce(move |a, b, out| out.emit(record))`
pub(crate) fn write(call: &Call, closure: &ExprClosure) -> TokenStream {
    let span = call.span();
    let next = Continuation::emit(span);
    let run = Closure::new(closure, false, call.span()).each_value(&|value| next.take(value, span));
    let (inputs, out) = (closure.inputs.iter(), out(span));
    let written = quote_spanned!(call.span()=> move |#(#inputs,)* #out| { #run });
    let written = capture::around(&captures::of(closure, &call.scope), call.span(), written);
    method::in_place_of(call, "reduce", written)
}
