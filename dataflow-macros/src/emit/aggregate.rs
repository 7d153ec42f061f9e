//! `aggregate`: the measures of a group, computed in one pass.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ExprClosure, Pat, parse_quote};

use crate::analyse::measures::{self, Aggregation, Measure};
use crate::analyse::{captures, forwards};
use crate::emit::body::{generated, out};
use crate::emit::closure::Closure;
use crate::emit::next::Next;
use crate::emit::{capture, method};
use crate::syntax::Call;

/// `aggregate(|g| body)`: `.aggregates().sum(..).count().finish(move |key, (((), a), b), out| out.emit(body))`
pub(crate) fn write(call: &Call) -> TokenStream {
    let Some(aggregation) = measures::of(call) else {
        return TokenStream::new();
    };
    let added = aggregation.measures.iter().filter(|measure| measure.quotient.is_none());
    let measures = added.map(|measure| write_measure(call, measure));
    let finish = write_finish(call, &aggregation);
    let aggregates = method::in_place_of(call, "aggregates", TokenStream::new());
    quote!(#aggregates #(#measures)* #finish)
}

fn write_measure(call: &Call, measure: &Measure) -> TokenStream {
    let word = &measure.word;
    let closures = measure.closures.iter().map(|closure| match measure.is_symbolic {
        true => closure.to_token_stream(),
        false => written(call, word, closure),
    });
    let value = measure.value.iter().map(|value| {
        // As a closure without parameters, to find what it mentions: the originals stay with the user.
        let captures = captures::of(&parse_quote!(|| #value), &call.scope);
        capture::around(&captures, word.span(), value.to_token_stream())
    });
    let arguments = value.chain(closures);
    method::at_word(word.span(), &word.to_string(), quote!(#(#arguments),*))
}

/// A closure over records.
fn written(call: &Call, word: &Ident, closure: &ExprClosure) -> TokenStream {
    let inputs = &closure.inputs;
    let body = Closure::new(closure, false, word.span()).value();
    let measured = quote_spanned!(word.span()=> move |#inputs| { #body });
    capture::around(&captures::of(closure, &call.scope), word.span(), measured)
}

fn write_finish(call: &Call, aggregation: &Aggregation) -> TokenStream {
    let span = generated(call.span());
    let key = measures::key();
    let slots = (0..aggregation.measures.len()).map(measures::slot).collect::<Vec<_>>();
    let Some(closure) = call.closures().next() else {
        return TokenStream::new();
    };
    // The body as a closure over what stands in it for the group, so that none of it counts as captured.
    let mut closure = closure.clone();
    closure.inputs = std::iter::once(&key).chain(&slots).map(|name| -> Pat { parse_quote!(#name) }).collect();
    *closure.body = aggregation.body.clone();
    let captures = captures::of(&closure, &call.scope);
    let next = Next::emit(call.span()).of_fields(is_taken_over(call));
    let run = Closure::new(&closure, false, call.span()).each_value(&|value| next.take(value, span));
    let key = match aggregation.uses_key {
        true => key.into_token_stream(),
        false => quote!(_),
    };
    let quotients = aggregation.measures.iter().enumerate().filter_map(|(index, measure)| {
        let (mean, (sum, count)) = (&slots[index], measure.quotient?);
        let (sum, count) = (&slots[sum], &slots[count]);
        Some(quote_spanned!(span=> let #mean = ::dataflow::mean(#sum, #count);))
    });
    let quotients = quotients.collect::<TokenStream>();
    let added = |index: &usize| aggregation.measures[*index].quotient.is_none();
    let slots = (0..slots.len()).filter(added).map(measures::slot).collect::<Vec<_>>();
    let (slots, out) = (nested(&slots, span), out(call.span()));
    let finish = quote_spanned!(call.span()=> move |#key, #slots, #out| { #quotients #run });
    let finish = capture::around(&captures, call.span(), finish);
    method::in_place_of(call, "finish", finish)
}

/// Whether the group's record is a struct that takes over what is in the key.
fn is_taken_over(call: &Call) -> bool {
    let forwards = forwards::of_group(call);
    forwards.of_struct && !forwards.is_empty()
}

/// `(((), a), b)`: each measure adds its slot on the right.
fn nested(slots: &[Ident], span: Span) -> TokenStream {
    slots.iter().fold(quote_spanned!(span=> ()), |inner, slot| quote_spanned!(span=> (#inner, #slot)))
}
