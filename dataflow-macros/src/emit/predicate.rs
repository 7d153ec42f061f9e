//! Emits filters on a flow: one operator per conjunct.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ExprClosure;

use crate::analyse::conjuncts::{self, FieldBound};
use crate::analyse::pushdown::MovedFilter;
use crate::analyse::steps::ChainStep;
use crate::analyse::{captures, proofs, reads, rewriting};
use crate::emit::body::takes_records;
use crate::emit::closure::{Closure, untyped};
use crate::emit::step::StepFacts;
use crate::emit::{capture, method, owning, step};
use crate::operators::Operator;
use crate::spans::generated;
use crate::syntax::Call;
use crate::syntax::patterns::is_generated;
use crate::syntax::text::of_name;

/// Emits `.step(..).bounded(..).filter(..)` for each conjunct. A filter that may fail or has a
/// state is not split.
///
/// The optimizer may move filters, unless the user wants them to run as written.
pub(super) fn write(whole: &ChainStep<'_>, call: &Call, binding: Option<&Ident>) -> TokenStream {
    let Some(closure) = call.record_closure() else {
        return TokenStream::new();
    };
    let is_fallible = call.is(Operator::is_fallible);
    if is_fallible || call.state_closure().is_some() {
        let meta = step::write(whole, binding, None);
        let body = if is_fallible { fallible_body(call, closure) } else { plain_body(call, closure) };
        let state_closure =
            call.state_closure().map(|state_closure| owning::state_closure(state_closure, call, is_fallible));
        let filter = filter(call, state_closure.as_ref(), closure, &body);
        return quote!(#meta #filter);
    }
    let conjuncts = match conjuncts::of(&rewriting::with_plain_parameters(closure)) {
        one if one.len() == 1 => vec![closure.clone()],
        several => several,
    };
    // Generated names are not shown.
    let texts = match closure.inputs.iter().any(is_generated) {
        true => vec![call.text.clone(); conjuncts.len()],
        false => conjuncts::texts(closure, &call.text, conjuncts.len()),
    };
    let written = conjuncts.iter().zip(&texts).map(|(conjunct, text)| write_conjunct(call, conjunct, text, binding));
    written.collect()
}

/// Emits a filter before a body: `.step(..).proven(..).bounded(..).filter(..)`.
pub(super) fn write_moved_filter(moved: &MovedFilter) -> TokenStream {
    let MovedFilter { call, proof, .. } = moved;
    let Some(closure) = call.record_closure() else { return TokenStream::new() };
    write_proven(call, closure, &call.text, None, Some(&proof.to_token_stream()))
}

fn write_conjunct(call: &Call, conjunct: &ExprClosure, text: &str, binding: Option<&Ident>) -> TokenStream {
    let proof = proofs::of(conjunct, &call.scope).map(|questions| {
        let (inputs, answers) = (untyped(conjunct), proofs::answers(&questions, None, generated(call.span())));
        quote_spanned!(generated(call.span())=> |#(#inputs),*| #answers)
    });
    write_proven(call, conjunct, text, binding, proof.as_ref())
}

/// Emits a filter. The type of the closure `proof` shows whether the filter has a value for every
/// record. `None` if its syntax already rules that out.
fn write_proven(
    call: &Call,
    predicate: &ExprClosure,
    text: &str,
    binding: Option<&Ident>,
    proof: Option<&TokenStream>,
) -> TokenStream {
    let word = call.word.to_string();
    let facts = StepFacts {
        reads: reads::of(predicate),
        moves: !call.is_as_written && proof.is_some(),
        below: call.moved_below.as_ref().map(of_name),
        ..StepFacts::default()
    };
    let meta = step::describe(call, binding, &word, text, &facts);
    let bounds = proof.map(|_| conjuncts::bounds(predicate, &call.scope)).unwrap_or_default();
    let bounds = bounds.iter().map(|bound| write_bound(call, bound)).collect::<Vec<_>>();
    let must_prove = facts.moves || !bounds.is_empty();
    let proven = proof.filter(|_| must_prove).map(|proof| method::in_place_of(call, "proven", proof.clone()));
    let filter = filter(call, None, predicate, &plain_body(call, predicate));
    // Without side effects, other filters may pass this one. `proven` or `captured` shows that.
    let captures = captures::of(predicate, &call.scope);
    let captured = (proven.is_none() && !captures.is_empty()).then(|| {
        let answers = proofs::answers(&proofs::of_captures(&captures), None, generated(call.span()));
        method::in_place_of(call, "captured", answers.into_token_stream())
    });
    quote!(#meta #proven #captured #(#bounds)* #filter)
}

/// Emits `.bounded("shipdate", ::dataflow::Comparison::Greater, &day)`.
fn write_bound(call: &Call, bound: &FieldBound) -> TokenStream {
    let span = generated(call.span());
    let FieldBound { path, comparison, value } = bound;
    let comparison = Ident::new(comparison, span);
    let arguments = quote_spanned!(span=> #path, ::dataflow::Comparison::#comparison, &#value);
    method::in_place_of(call, "bounded", arguments)
}

fn plain_body(call: &Call, closure: &ExprClosure) -> TokenStream {
    of_records(call, Closure::new(closure, false, call.span())).value()
}

/// Adds the check of written parameter types if all parameters are records.
fn of_records<'a>(call: &Call, closure: Closure<'a>) -> Closure<'a> {
    if takes_records(call) { closure.with_records_typed() } else { closure }
}

/// The body of a fallible predicate returns `Result<bool, UserError>` for any error type of the
/// closure.
fn fallible_body(call: &Call, closure: &ExprClosure) -> TokenStream {
    let span = generated(call.span());
    let this = of_records(call, Closure::new(closure, true, call.span()));
    this.each_value(&|keep| quote_spanned!(span=> ::core::result::Result::Ok(#keep)))
}

/// Emits `.filter(move |record| body)`, after the closure that creates the state if there is one.
fn filter(call: &Call, state_closure: Option<&TokenStream>, closure: &ExprClosure, body: &TokenStream) -> TokenStream {
    let inputs = match takes_records(call) {
        true => untyped(closure).collect(),
        false => closure.inputs.iter().map(ToTokens::to_token_stream).collect::<Vec<_>>(),
    };
    let kept = quote_spanned!(call.span()=> move |#(#inputs),*| { #body });
    let kept = capture::around(&captures::of(closure, &call.scope), call.span(), kept);
    let word = call.word.to_string();
    match state_closure {
        // A block, for the same reason as in `body::write`.
        Some(state_closure) => {
            method::in_place_of(call, &word, quote_spanned!(generated(call.span())=> { #state_closure }, #kept))
        }
        None => method::in_place_of(call, &word, kept),
    }
}
