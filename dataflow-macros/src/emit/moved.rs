//! Closures that go into the builder as they are, with copies of what they capture.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ExprClosure;

use crate::analyse::captures;
use crate::emit::{capture, method};
use crate::syntax::Call;

/// `word(|x| body)`: `.word(move |x| body)`
pub(crate) fn write(call: &Call) -> TokenStream {
    let Some(closure) = call.record_closure() else {
        return TokenStream::new();
    };
    method::in_place_of(call, &call.word.to_string(), self::closure(closure, call))
}

/// One closure of a call, which owns what it captures.
pub(super) fn closure(closure: &ExprClosure, call: &Call) -> TokenStream {
    let ExprClosure { inputs, output, body, .. } = closure;
    let moved = quote_spanned!(call.span()=> move |#inputs| #output #body);
    capture::around(&captures::of(closure, &call.scope), call.span(), moved)
}
