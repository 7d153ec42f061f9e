//! `aggregate`: emits the measures of a group, which are computed in one pass.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprClosure, Pat, parse_quote};

use crate::analyse::measures::conditions::proofs_of;
use crate::analyse::measures::{self, Aggregation, MeasureCall, names_field};
use crate::analyse::{captures, forwarded_fields, proofs};
use crate::emit::closure::{Closure, untyped, whole};
use crate::emit::next::{Continuation, out};
use crate::emit::{capture, method};
use crate::operators::measures::{MeasureArguments, MeasureLowering};
use crate::spans::generated;
use crate::syntax::{Call, text};

/// Emits `aggregate(|g| body)` as
/// `.aggregates().sum(..).count().finish(move |key, (((), a), b), out| out.emit(body))`.
pub(crate) fn write(call: &Call, closure: &ExprClosure) -> TokenStream {
    let Some(aggregation) = measures::of(call) else {
        return TokenStream::new();
    };
    let added = aggregation.measures.iter().enumerate().filter(|(index, measure)| !measure.is_derived(*index));
    let texts = added.clone().map(|(_, measure)| measure_text(measure));
    let written = method::in_place_of(call, "written", quote!(&[#(#texts),*]));
    let measures = added.map(|(index, measure)| {
        let required = write_required(call, measure);
        let measure = write_measure(call, &aggregation, index);
        quote!(#required #measure)
    });
    let finish = write_finish(call, closure, &aggregation);
    let aggregates = method::in_place_of(call, "aggregates", TokenStream::new());
    quote!(#aggregates #written #(#measures)* #finish)
}

/// The text of a measure. The state of a snapshot is restored only to a measure with the same text.
fn measure_text(measure: &MeasureCall) -> String {
    let MeasureCall { word, value, closures, .. } = measure;
    let arguments = value.iter().map(text::canonical).chain(closures.iter().map(text::canonical_closure));
    format!("{word}({})", arguments.collect::<Vec<_>>().join(", "))
}

/// Emits `.cannot_fail(|record| answers)`: requires types with which a measure under a condition
/// cannot fail.
fn write_required(call: &Call, measure: &MeasureCall) -> TokenStream {
    let (Some(condition), Some(proofs)) = (measure.condition, proofs_of(measure, &call.scope)) else {
        return TokenStream::new();
    };
    let at = measure.word.span().located_at(condition.at);
    let required = measure.closures.iter().zip(&proofs).filter(|(_, questions)| !questions.is_empty()).map(
        |(closure, questions)| {
            let (inputs, answers) = (untyped(closure), proofs::answers(questions, None, at));
            let answers = quote_spanned!(at=> move |#(#inputs),*| #answers);
            let captures = captures::of(closure, &call.scope);
            method::at_word(at, "cannot_fail", capture::around(&captures, at, answers))
        },
    );
    required.collect()
}

fn write_measure(call: &Call, aggregation: &Aggregation, index: usize) -> TokenStream {
    if let Some(lowered) = write_lowered(call, aggregation, index) {
        return lowered;
    }
    let measure = &aggregation.measures[index];
    let word = &measure.word;
    let closures = measure.closures.iter().map(|closure| match measure.measure.takes == MeasureArguments::Symbols {
        true => closure.to_token_stream(),
        false => written(call, word, closure),
    });
    let value = measure.value.iter().map(|value| written_value(call, word, value));
    let arguments = value.chain(closures);
    method::at_word(word.span(), &word.to_string(), quote!(#(#arguments),*))
}

/// A measure that is emitted as another method, or with other arguments.
fn write_lowered(call: &Call, aggregation: &Aggregation, index: usize) -> Option<TokenStream> {
    let measure = &aggregation.measures[index];
    let word = &measure.word;
    let is_divided = aggregation.measures.iter().any(|mean| matches!(mean.quotient, Some((sum, _)) if sum == index));
    let (name, arguments) = match (measure.measure.lowering, &measure.closures[..]) {
        (MeasureLowering::Sum, [closure]) if is_divided => ("sum_parts", written(call, word, closure)),
        (MeasureLowering::Sum, [closure]) if measure.is_deferred_sum() => ("sum_if_used", written(call, word, closure)),
        (MeasureLowering::Quantile, [closure]) => {
            let quantile_group = aggregation.measures.iter().filter(|measure| measure.quantile_group == Some(index));
            let shares = quantile_group.map(|measure| match &measure.value {
                Some(share) => written_value(call, word, share),
                None => quote_spanned!(word.span()=> 0.5),
            });
            let closure = written(call, word, closure);
            ("quantiles", quote!([#(#shares),*], #closure))
        }
        (MeasureLowering::First, [closure]) if aggregation.needs_whole_groups() => {
            let seen = written_seen(call, word, closure);
            ("first_seen", quote!(#closure, #seen))
        }
        (MeasureLowering::Count, [closure]) => ("count_if", written_some(call, word, closure)),
        (MeasureLowering::Extreme { of_field }, closures) if closures.iter().all(names_field) => {
            let both = closures.iter().map(|closure| {
                let seen = written_seen(call, word, closure);
                quote!(#closure, #seen)
            });
            (of_field, quote!(#(#both),*))
        }
        _ => return None,
    };
    Some(method::at_word(word.span(), name, arguments))
}

/// A value with copies of its captures.
fn written_value(call: &Call, word: &Ident, value: &Expr) -> TokenStream {
    // A closure without parameters has the captures of the value.
    let captures = captures::of(&parse_quote!(|| #value), &call.scope);
    capture::around(&captures, word.span(), value.to_token_stream())
}

/// A closure over records.
fn written(call: &Call, word: &Ident, closure: &ExprClosure) -> TokenStream {
    let inputs = &closure.inputs;
    measured(call, word, closure, |body| quote_spanned!(word.span()=> move |#inputs| { #body }))
}

/// A closure over records that returns `true` if the value is a `Some`.
fn written_some(call: &Call, word: &Ident, closure: &ExprClosure) -> TokenStream {
    let inputs = &closure.inputs;
    let is_some = quote_spanned!(word.span()=> ::core::option::Option::is_some);
    measured(call, word, closure, |body| quote_spanned!(word.span()=> move |#inputs| #is_some(&{ #body })))
}

/// A closure over records that returns a field in its borrowed form.
fn written_seen(call: &Call, word: &Ident, closure: &ExprClosure) -> TokenStream {
    let inputs = &closure.inputs;
    measured(call, word, closure, |body| quote_spanned!(word.span()=> move |#inputs, _| { #body }))
}

/// Emits a measure's closure: `write` makes it from the body with checked arithmetic. Its captures
/// are copied before it.
fn measured(
    call: &Call,
    word: &Ident,
    closure: &ExprClosure,
    write: impl FnOnce(TokenStream) -> TokenStream,
) -> TokenStream {
    let written = write(Closure::new(closure, false, word.span()).value());
    capture::around(&captures::of(closure, &call.scope), word.span(), written)
}

fn write_finish(call: &Call, closure: &ExprClosure, aggregation: &Aggregation) -> TokenStream {
    let span = generated(call.span());
    let key = measures::key();
    let slots = (0..aggregation.measures.len()).map(measures::slot).collect::<Vec<_>>();
    // The body becomes a closure over the generated variables, so that these do not count as
    // captured.
    let mut closure = closure.clone();
    closure.inputs = std::iter::once(&key).chain(&slots).map(|name| -> Pat { parse_quote!(#name) }).collect();
    *closure.body = aggregation.body.clone();
    let captures = captures::of(&closure, &call.scope);
    let next = Continuation::emit(call.span()).fieldwise_if(copies_key_fields(call));
    let run = Closure::new(&closure, false, call.span()).each_typed_value(whole, &|value| next.take(value, span));
    let key = match aggregation.uses_key {
        true => key.into_token_stream(),
        false => quote!(_),
    };
    let quotients = aggregation.measures.iter().enumerate().filter_map(|(index, measure)| {
        let (mean, (sum, count)) = (&slots[index], measure.quotient?);
        let (sum, count) = (&slots[sum], &slots[count]);
        Some(quote_spanned!(span=> let (#mean, #sum) = (#sum.mean(#count), #sum.sum());))
    });
    let quotients = quotients.collect::<TokenStream>();
    let selected =
        (0..slots.len()).filter(|&index| aggregation.measures[index].quantile_group == Some(index)).map(|first| {
            let quantile_group =
                (0..slots.len()).filter(|&index| aggregation.measures[index].quantile_group == Some(first));
            let (all, names) = (&slots[first], quantile_group.map(measures::slot));
            quote_spanned!(span=> let [#(#names),*] = #all;)
        });
    let selected = selected.collect::<TokenStream>();
    let added = |index: &usize| !aggregation.measures[*index].is_derived(*index);
    let slots = (0..slots.len()).filter(added).map(measures::slot).collect::<Vec<_>>();
    let (slots, out) = (nested(&slots, span), out(call.span()));
    let finish = quote_spanned!(call.span()=> move |#key, #slots, #out| { #quotients #selected #run });
    let finish = capture::around(&captures, call.span(), finish);
    method::in_place_of(call, if aggregation.needs_whole_groups() { "finish_groups" } else { "finish" }, finish)
}

/// Returns `true` if the group's record is a struct that copies fields from the key.
fn copies_key_fields(call: &Call) -> bool {
    let forwards = forwarded_fields::of_group(call);
    forwards.of_struct && !forwards.is_empty()
}

/// `(((), a), b)`: each measure adds its slot on the right.
fn nested(slots: &[Ident], span: Span) -> TokenStream {
    slots.iter().fold(quote_spanned!(span=> ()), |inner, slot| quote_spanned!(span=> (#inner, #slot)))
}
