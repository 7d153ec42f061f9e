//! Bodies: several closures over records, emitted as one function.
//!
//! A stage is an operator that reads one record at a time. [`each_record`] emits it from its
//! [`Closure`], and passes its value to a [`Continuation`]: the emitter, or the next stage. So a
//! body is emitted from its last stage to its first.
//!
//! A fused closure is written inside of the previous one, whose variables must not hide names that
//! it uses. Items, statement macros, and macros in patterns bind names that syntax does not show.
//! So the operator after a closure with them starts a new body. An additional closure around the
//! outer one could keep both in one loop, but then the outer closure could not lend its variables
//! to the inner one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::ExprClosure;
use syn::spanned::Spanned;

use crate::analyse::captures;
use crate::analyse::made_values::MadeValues;
use crate::emit::closure::{Closure, untyped};
use crate::emit::next::{Continuation, out};
use crate::emit::{capture, each_record, method, owning};
use crate::operators::{ClosureArguments, Operator};
use crate::spans::generated;
use crate::syntax::Call;
use crate::syntax::patterns::plain_name;

/// Emits `process`, `process_with` or their fallible forms, with the work of all stages. If
/// `must_be_fieldwise`, the structs that the body makes must be of types whose fields are those of
/// records, because the plan relies on them.
pub(super) fn write(stages: &[&Call], must_be_fieldwise: bool) -> TokenStream {
    let Some((first, last)) = stages.first().zip(stages.last()) else {
        return TokenStream::new();
    };
    let heads = LeadingStages::of(stages);
    let mut next = Continuation::emit(last.span());
    for (index, stage) in stages.iter().enumerate().rev() {
        let must_be_checked = must_be_fieldwise && MadeValues::of(stage).is_some_and(|values| values.has_struct());
        next = written_stage(
            stage,
            &next.fieldwise_if(must_be_checked),
            heads.names(index, stage),
            made_at(&stages[..index]),
        );
    }
    let Some((parameters, run)) = next.into_stage() else {
        return TokenStream::new();
    };
    let span = generated(first.span());
    let out = out(last.span());
    let is_fallible = stages.iter().filter_map(|stage| stage.operator).any(Operator::is_fallible);
    let done = is_fallible.then(|| quote_spanned!(span=> ; ::core::result::Result::Ok(())));
    let closure = quote_spanned!(first.span()=> move |#(#parameters,)* #out| { #run #done });
    let closures = stages.iter().filter_map(|stage| Some((stage.record_closure()?, &stage.scope)));
    let closure = capture::around(&captures::of_all(closures), first.span(), closure);
    match first.state_closure() {
        Some(state_closure) => {
            // The compiler checks closures after all other arguments. A block is not a closure, so
            // the state closure is checked first, and the body gets the type of the state.
            let state_closure = owning::state_closure(state_closure, first, is_fallible);
            let word = if is_fallible { "try_process_with" } else { "process_with" };
            method::in_place_of(first, word, quote_spanned!(span=> { #state_closure }, #closure))
        }
        None => method::in_place_of(first, if is_fallible { "try_process" } else { "process" }, closure),
    }
}

/// Returns `true` if all parameters of an operator's closures are records.
pub(super) fn takes_records(call: &Call) -> bool {
    call.is(|operator| matches!(operator.takes, ClosureArguments::Records(_)))
}

/// The span of the values that these stages pass to the next one. A wrong type is reported there.
fn made_at(before: &[&Call]) -> Option<Span> {
    let maker = before.iter().rev().find(|stage| !stage.is(Operator::is_predicate))?;
    Some(maker.record_closure()?.body.span())
}

/// Emits a stage. With `names`, its records have these names, and its patterns bind only inside of
/// the stage.
fn written_stage(call: &Call, next: &Continuation, names: Option<Vec<Ident>>, made_at: Option<Span>) -> Continuation {
    let operator = call.operator.and_then(|operator| Some((operator.record_operation()?, operator.is_fallible())));
    let (Some((operation, is_fallible)), Some(closure)) = (operator, call.record_closure()) else {
        return Continuation::stage(Vec::new(), TokenStream::new());
    };
    let this = Closure::new(closure, is_fallible, call.span());
    let (this, parameters) = match names {
        Some(names) => {
            let parameters = names.iter().map(ToTokens::to_token_stream).collect();
            (this.with_records_named(names), parameters)
        }
        None if takes_records(call) => (this.with_records_typed(), untyped(closure).collect()),
        None => (this, closure.inputs.iter().map(ToTokens::to_token_stream).collect()),
    };
    let this = this.with_records_located(made_at);
    Continuation::stage(parameters, each_record::write(operation, &this, next))
}

/// The stages that read the operator's own records: predicates, and the first stage that makes a
/// value.
struct LeadingStages {
    count: usize,
    /// Whether their parameters are the same plain names, so that no parameter hides a name that
    /// another stage uses.
    share_names: bool,
}

impl LeadingStages {
    fn of(stages: &[&Call]) -> Self {
        let count = stages.iter().take_while(|stage| stage.is(Operator::is_predicate)).count() + 1;
        let closures = stages.iter().take(count).filter_map(|stage| stage.record_closure());
        let mut names = closures.map(plain_parameters);
        let first = names.next().flatten();
        LeadingStages { count, share_names: first.is_some() && names.all(|names| names == first) }
    }

    /// Generated names for the records of a stage, if the user's names cannot be used. A predicate
    /// passes its records on, so its patterns must not move out of them.
    fn names(&self, index: usize, stage: &Call) -> Option<Vec<Ident>> {
        let closure = stage.record_closure()?;
        let must_agree = self.count > 1 && index < self.count && !self.share_names;
        let must_last = stage.is(Operator::is_predicate) && plain_parameters(closure).is_none();
        let name = |side| format_ident!("record{side}", span = generated(stage.span()));
        (must_agree || must_last).then(|| (0..closure.inputs.len()).map(name).collect())
    }
}

fn plain_parameters(closure: &ExprClosure) -> Option<Vec<&Ident>> {
    closure.inputs.iter().map(plain_name).collect()
}
