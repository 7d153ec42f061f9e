//! `.step(..)`: describes the next operator to the runtime.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Index;

use crate::analyse::captures;
use crate::analyse::forwarded_fields::{self, ForwardedFields};
use crate::analyse::measures;
use crate::analyse::paths::FieldPlace;
use crate::analyse::pushdown::MovedFilters;
use crate::analyse::reads::{self, ReadSet};
use crate::analyse::steps::{ChainStep, StepWork};
use crate::emit::method;
use crate::operators::{ChainState, ClosureArguments, JoinKind, Operator, RecordOperation};
use crate::syntax::Call;
use crate::syntax::text::{self, of_name};

/// The longest source text of a closure in the plan, in characters. Users recognise the closure by
/// it.
const TEXT_LIMIT: usize = 120;

/// Describes an operator. `binding` is the variable of the chain, if the operator is its last one.
/// `moved` has the filters that were moved out of the operator.
pub(super) fn write(step: &ChainStep<'_>, binding: Option<&Ident>, moved: Option<&MovedFilters>) -> TokenStream {
    let words = step.words().map(|call| of_name(&call.word)).collect::<Vec<_>>();
    let texts = step.calls().map(|call| call.text.as_str()).filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let Some(first) = step.calls().next() else {
        return TokenStream::new();
    };
    // A bound operator was described at its binding. The closures after a bound join were not known
    // there.
    if first.operator.is_none_or(|operator| !matches!(operator.from, ChainState::Flow | ChainState::Joined)) {
        return TokenStream::new();
    }
    let (reads, forwards, expands) = (step_reads(step), step_forwards(step), step.calls().any(expands));
    let facts = StepFacts { reads, forwards, expands, maps: maps(step), ..StepFacts::default() };
    let meta = describe(first, binding, &words.join(" → "), &texts.join(" → "), &facts);
    let captured = if facts.forwards.is_empty() { None } else { write_captured(step, first, moved) };
    quote!(#meta #captured)
}

/// Emits `.captured(..)`: the proof that the closures of an operator have no side effects through
/// their captures. Only with it may filters pass the operator.
fn write_captured(step: &ChainStep<'_>, first: &Call, moved: Option<&MovedFilters>) -> Option<TokenStream> {
    let closures = step.calls().flat_map(|call| call.closures().map(|closure| (closure, &call.scope)));
    let captures = captures::of_all(closures);
    if captures.is_empty() {
        return None;
    }
    let nothing = MovedFilters::default();
    let answers = moved.unwrap_or(&nothing).of_captures(&captures, first.span());
    Some(method::in_place_of(first, "captured", quote!(#answers)))
}

/// Returns `true` if a closure may emit several records per record.
fn expands(call: &Call) -> bool {
    call.is(|operator| operator.record_operation() == Some(RecordOperation::FlatMap))
}

/// Returns `true` if the closures emit exactly one record per record.
fn maps(step: &ChainStep<'_>) -> bool {
    let is_map = |call: &Call| call.is(|operator| operator.plain_record_operation() == Some(RecordOperation::Map));
    matches!(&step.work, StepWork::Body(stages) if stages.iter().all(|stage| is_map(stage)))
}

/// The facts about an operator that the macro knows.
#[derive(Default)]
pub(super) struct StepFacts {
    /// The fields that each parameter of its closures reads.
    pub(super) reads: Vec<ReadSet>,
    /// The fields that its output copies from its input.
    pub(super) forwards: ForwardedFields,
    /// Whether its closures may emit several records per record.
    pub(super) expands: bool,
    /// Whether its closures emit exactly one record per record.
    pub(super) maps: bool,
    /// For a filter: whether it may be moved.
    pub(super) moves: bool,
    /// For a filter that was moved: the word of the last operator that it was moved below.
    pub(super) below: Option<String>,
}

/// Describes an operator by its parts. `at` is the word that the compiler points to.
pub(super) fn describe(
    at: &Call,
    binding: Option<&Ident>,
    operator: &str,
    source: &str,
    facts: &StepFacts,
) -> TokenStream {
    let span = Span::mixed_site().located_at(at.span());
    let name = of_name(binding.unwrap_or(&at.word));
    let source = text::shortened(source, TEXT_LIMIT);
    let reads = facts.reads.iter().map(written_reads);
    let forwards = written_forwards(&facts.forwards);
    let expands = facts.expands.then(|| quote!(expands: true,));
    let maps = facts.maps.then(|| quote!(maps: true,));
    let moves = facts.moves.then(|| quote!(moves: true,));
    let below = facts.below.iter().map(|word| quote!(below: #word,));
    let meta = quote_spanned! {span=>
        const {
            &::dataflow::Step {
                name: #name,
                operator: #operator,
                text: #source,
                reads: &[#(#reads),*],
                #forwards
                #expands
                #maps
                #moves
                #(#below)*
                ..::dataflow::Step::UNKNOWN
            }
        }
    };
    method::in_place_of(at, "step", meta)
}

/// The fields that the closures of an operator copy from their records.
fn step_forwards(step: &ChainStep<'_>) -> ForwardedFields {
    match &step.work {
        StepWork::Body(stages) => forwarded_fields::of(stages),
        StepWork::Single(call) if call.is(|operator| operator.takes == ClosureArguments::Handle) => {
            forwarded_fields::of_group(call)
        }
        _ => ForwardedFields::default(),
    }
}

/// Returns `true` if the macro knows fields that an operator copies.
pub(super) fn copies_fields(step: &ChainStep<'_>) -> bool {
    !step_forwards(step).is_empty()
}

fn written_forwards(forwards: &ForwardedFields) -> Option<TokenStream> {
    let fields = forwards.fields.iter().map(|(to, FieldPlace { record, path })| {
        let (to, from, record) = (to.join("."), path.join("."), Index::from(*record));
        quote!(::dataflow::Forward::Field { to: #to, record: #record, from: #from })
    });
    let rest = forwards.rest.iter().map(|(FieldPlace { record, path }, named)| {
        let (from, record) = (path.join("."), Index::from(*record));
        quote!(::dataflow::Forward::Rest { record: #record, from: #from, named: &[#(#named),*] })
    });
    let all = fields.chain(rest).collect::<Vec<_>>();
    (!all.is_empty()).then(|| quote!(forwards: &[#(#all),*],))
}

/// The fields that the closures of an operator read: one set for each parameter that is a record or
/// lends records. Closures over symbols read nothing.
fn step_reads(step: &ChainStep<'_>) -> Vec<ReadSet> {
    match &step.work {
        StepWork::Body(stages) => body_reads(stages, optional_sides(step)),
        StepWork::Predicate(call) => record_reads(call, [false; 2]).unwrap_or_default(),
        StepWork::Single(call) => match call.operator.map(|operator| operator.takes) {
            Some(ClosureArguments::Records(_)) => call.closures().flat_map(reads::of).collect(),
            Some(ClosureArguments::Groups(_) | ClosureArguments::Partition) => {
                call.closures().flat_map(reads::of_groups).collect()
            }
            Some(ClosureArguments::Handle) => measures::of(call).iter().map(measures::reads).collect(),
            _ => Vec::new(),
        },
        StepWork::Missing => Vec::new(),
    }
}

/// The stages up to the first one that makes a value get the operator's own records. Later stages
/// get values that the body made.
fn body_reads(stages: &[&Call], optional: [bool; 2]) -> Vec<ReadSet> {
    let makers = stages.iter().position(|stage| !stage.is(Operator::is_predicate));
    let first = stages.iter().take(makers.map_or(stages.len(), |maker| maker + 1));
    let mut all: Vec<ReadSet> = Vec::new();
    for reads in first.filter_map(|stage| record_reads(stage, optional)) {
        all = match all.is_empty() {
            true => reads,
            false => all.into_iter().zip(reads).map(|(known, more)| known.and(more)).collect(),
        };
    }
    all
}

/// For each side of an operator's input, whether closures get it as an `Option`.
fn optional_sides(step: &ChainStep<'_>) -> [bool; 2] {
    let join = step.heads.first().and_then(|head| head.operator);
    join.and_then(|operator| operator.join).map_or([false; 2], JoinKind::optional_sides)
}

/// The fields that a stage reads of its records, without the state of a task.
fn record_reads(stage: &Call, optional: [bool; 2]) -> Option<Vec<ReadSet>> {
    let reads = reads::of_sides(stage.record_closure()?, optional);
    Some(reads.into_iter().skip(usize::from(stage.state_closure().is_some())).collect())
}

fn written_reads(reads: &ReadSet) -> TokenStream {
    match reads {
        ReadSet::All => quote!(::dataflow::Reads::All),
        ReadSet::Fields(fields) => {
            let fields = fields.iter();
            quote!(::dataflow::Reads::Fields(&[#(#fields),*]))
        }
    }
}
