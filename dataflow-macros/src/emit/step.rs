//! `.step(..)`: what the runtime is told about the operator that follows.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::analyse::measures;
use crate::analyse::reads::{self, Reads};
use crate::analyse::steps::{Step, Work};
use crate::emit::method;
use crate::emit::scope::plain;
use crate::operators::{Stand, Takes};
use crate::syntax::{Call, text};

/// The longest source text that is carried along; it is for people to recognise their closure by.
const TEXT_LIMIT: usize = 120;

/// Describes an operator. `binding` is the variable that the chain is bound to, if the operator is its last one.
pub(super) fn write(step: &Step<'_>, binding: Option<&Ident>) -> TokenStream {
    let words = step.words().map(|call| plain(&call.word)).collect::<Vec<_>>();
    let texts = step.calls().map(|call| call.text.as_str()).filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let Some(first) = step.calls().next() else {
        return TokenStream::new();
    };
    // A step is put on a flow; a join or a grouping that has a name got it where it was named.
    if first.operator.is_none_or(|operator| operator.from != Stand::Flow) {
        return TokenStream::new();
    }
    describe(first, binding, &words.join(" → "), &texts.join(" → "), &step_reads(step))
}

/// Describes an operator by its parts; `at` is the word that the compiler points to.
pub(super) fn describe(
    at: &Call,
    binding: Option<&Ident>,
    operator: &str,
    source: &str,
    reads: &[Reads],
) -> TokenStream {
    let span = Span::mixed_site().located_at(at.span());
    let name = plain(binding.unwrap_or(&at.word));
    let source = text::shortened(source, TEXT_LIMIT);
    let reads = reads.iter().map(written_reads);
    let meta = quote_spanned! {span=>
        const {
            &::dataflow::Step {
                name: #name,
                operator: #operator,
                text: #source,
                reads: &[#(#reads),*],
            }
        }
    };
    method::in_place_of(at, "step", meta)
}

/// What the closures of an operator read, one set for each parameter. Symbols name their fields themselves.
fn step_reads(step: &Step<'_>) -> Vec<Reads> {
    match &step.work {
        Work::Body(stages) => body_reads(stages),
        Work::Predicate(call) => record_reads(call).unwrap_or_default(),
        Work::Single(call) => match call.operator.map(|operator| operator.takes) {
            Some(Takes::Records(_) | Takes::Partition) => call.closures().flat_map(reads::of).collect(),
            Some(Takes::Handle) => measures::of(call).iter().map(measures::reads).collect(),
            _ => Vec::new(),
        },
        Work::Missing => Vec::new(),
    }
}

/// A body gets the operator's own records as long as its stages only filter; the stages after that see what the body
/// made itself.
fn body_reads(stages: &[&Call]) -> Vec<Reads> {
    let makers = stages.iter().position(|stage| !stage.operator.is_some_and(|operator| operator.is_predicate()));
    let first = stages.iter().take(makers.map_or(stages.len(), |maker| maker + 1));
    let mut all: Vec<Reads> = Vec::new();
    for reads in first.filter_map(|stage| record_reads(stage)) {
        all = match all.is_empty() {
            true => reads,
            false => all.into_iter().zip(reads).map(|(known, more)| known.and(more)).collect(),
        };
    }
    all
}

/// What a stage reads of its records; the state of a task is none.
fn record_reads(stage: &Call) -> Option<Vec<Reads>> {
    let reads = reads::of(stage.record_closure()?);
    Some(reads.into_iter().skip(usize::from(stage.set_up().is_some())).collect())
}

fn written_reads(reads: &Reads) -> TokenStream {
    match reads {
        Reads::All => quote!(::dataflow::Reads::All),
        Reads::Fields(fields) => {
            let fields = fields.iter();
            quote!(::dataflow::Reads::Fields(&[#(#fields),*]))
        }
    }
}
