//! Emits operators over one record at a time: `map`, `flat_map`, `filter_map` and `filter`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use crate::emit::closure::{Closure, constructor, whole};
use crate::emit::next::Continuation;
use crate::emit::precedence::before_block;
use crate::operators::RecordOperation;
use crate::syntax::names::plain_path;

/// Emits the work of an operator on one record. The value of a fallible closure is the content of
/// its `Ok`.
pub(super) fn write(operation: RecordOperation, closure: &Closure<'_>, next: &Continuation) -> TokenStream {
    match operation {
        RecordOperation::Map => closure.each_typed_value(whole, &|value| next.take(value, closure.span)),
        RecordOperation::FlatMap => flat_map(closure, next),
        RecordOperation::FilterMap => filter_map(closure, next),
        RecordOperation::Filter => filter(closure, next),
    }
}

/// `for item in items { out.emit(item) }`
fn flat_map(closure: &Closure<'_>, next: &Continuation) -> TokenStream {
    let span = closure.span;
    let (item, run) = next.each(span);
    closure.each_value(&|items| {
        let items = before_block(items);
        // No lint about a loop over an `Option`: the user did not write the loop.
        quote_spanned!(span=> { #[allow(for_loops_over_fallibles)] for #item in #items { #run } })
    })
}

/// `if let Some(value) = option { out.emit(value) }`
fn filter_map(closure: &Closure<'_>, next: &Continuation) -> TokenStream {
    let span = closure.span;
    let (value, run) = next.each(span);
    closure.each_typed_value(some_argument, &|option| match (constructor(option), plain_path(option)) {
        // Without an `Option` around them, branches may have different types: a borrowed and an
        // owned record.
        (Some((name, value)), _) if name == "Some" => next.take(value, span),
        (_, Some(name)) if name == "None" => quote_spanned!(span=> ()),
        _ => {
            // A call, so that the compiler reports a value of another type there.
            let option = closure.called_with(&quote_spanned!(span=> ::dataflow::__private::option), option);
            quote_spanned!(span=> if let ::core::option::Option::Some(#value) = #option { #run })
        }
    })
}

/// The argument of a written `Some`.
fn some_argument(option: &Expr) -> Option<&Expr> {
    constructor(option).filter(|(name, _)| *name == "Some").map(|(_, value)| value)
}

/// `if condition { … }`
fn filter(closure: &Closure<'_>, next: &Continuation) -> TokenStream {
    let span = closure.span;
    let then = next.pass(&closure.records, span);
    if closure.is_fallible {
        let keep = closure.each_value(&|keep| keep.to_token_stream());
        return quote_spanned!(span=> if { #keep } { #then });
    }
    let condition = before_block(closure.value());
    quote_spanned!(span=> if #condition { #then })
}
