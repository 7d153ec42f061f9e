//! Emits closures that are passed to the builder unchanged, with copies of their captures.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ExprClosure;

use crate::analyse::captures;
use crate::emit::closure::Closure;
use crate::emit::{capture, checked, method};
use crate::operators::Operator;
use crate::spans::generated;
use crate::syntax::Call;

/// Emits `word(|x| body)` as `.word(move |x| body)`.
pub(crate) fn write(call: &Call, closure: &ExprClosure) -> TokenStream {
    method::in_place_of(call, &call.word.to_string(), self::closure(closure, call))
}

/// A closure of a call, with copies of its captures.
pub(super) fn closure(closure: &ExprClosure, call: &Call) -> TokenStream {
    let ExprClosure { inputs, output, .. } = closure;
    let body = checked::body(closure);
    let moved = quote_spanned!(call.span()=> move |#inputs| #output #body);
    capture::around(&captures::of(closure, &call.scope), call.span(), moved)
}

/// The closure that creates the state of a task. In a fallible body the emitted closure returns a
/// `Result`. In `try_` operators the user's closure returns it.
pub(super) fn state_closure(closure: &ExprClosure, call: &Call, is_fallible: bool) -> TokenStream {
    if !is_fallible {
        return self::closure(closure, call);
    }
    let may_fail = call.is(Operator::is_fallible);
    let (span, inputs) = (generated(call.span()), &closure.inputs);
    let this = Closure::new(closure, may_fail, call.span());
    let body = this.each_value(&|state| quote_spanned!(span=> ::core::result::Result::Ok(#state)));
    let moved = quote_spanned!(call.span()=> move |#inputs| { #body });
    capture::around(&captures::of(closure, &call.scope), call.span(), moved)
}
