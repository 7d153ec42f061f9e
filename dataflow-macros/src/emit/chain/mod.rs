//! Emits flow expressions: the source, then one operator after the other.

mod fill;
mod scope;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprClosure};

use crate::analyse::keys;
use crate::analyse::pushdown::{self, MovedFilters};
use crate::analyse::steps::{self, ChainPart, ChainStep, StepWork};
use crate::emit::precedence::before_postfix;
use crate::emit::{aggregate, body, covered, key, matched, owning, predicate, reduce, reduce_group, step};
use crate::operators::Lowering;
use crate::syntax::hole::flow_of;
use crate::syntax::{Call, Flow, FlowId, Pipeline, Source};

use fill::FillHoles;
pub(crate) use fill::fill_holes;
pub(crate) use scope::enter_scope;

/// Emits the flows of a pipeline.
pub(crate) struct Emission<'a> {
    pipeline: &'a Pipeline,
}

impl<'a> Emission<'a> {
    pub(crate) fn new(pipeline: &'a Pipeline) -> Self {
        Emission { pipeline }
    }

    /// Emits a flow where its value is used.
    pub(super) fn flow(&self, id: FlowId) -> TokenStream {
        let flow = self.get(id);
        let source = self.source(flow);
        if flow.calls.is_empty() {
            return match &flow.source {
                Source::Local { name, is_cloned: true } => clone(name),
                _ => source,
            };
        }
        let parts = steps::of(&flow.calls);
        let last = parts.len() - 1;
        let mut written = source;
        for (index, part) in parts.iter().enumerate() {
            written = match part {
                ChainPart::Step(step) => self.step(written, step, flow.binding.as_ref().filter(|_| index == last)),
                ChainPart::Foreign(call) => {
                    let call = self.as_written(call);
                    quote!(#written #call)
                }
            };
        }
        written
    }

    /// Returns `true` if a flow is only a variable.
    pub(super) fn is_variable(&self, id: FlowId) -> bool {
        let flow = self.get(id);
        flow.calls.is_empty() && matches!(flow.source, Source::Local { .. })
    }

    fn get(&self, id: FlowId) -> &'a Flow {
        &self.pipeline.flows[id.0]
    }

    fn source(&self, flow: &Flow) -> TokenStream {
        match &flow.source {
            Source::Local { name, .. } => name.to_token_stream(),
            Source::Expression(expr) if flow.calls.is_empty() => self.filled(expr).to_token_stream(),
            Source::Expression(expr) => before_postfix(&self.filled(expr)),
            Source::Call { call, callee } => {
                let binding = flow.binding.as_ref().filter(|_| flow.calls.is_empty());
                scope::around(self, call, binding.unwrap_or(callee))
            }
        }
    }

    /// Appends an operator to a flow.
    fn step(&self, flow: TokenStream, step: &ChainStep<'_>, binding: Option<&Ident>) -> TokenStream {
        let moved = match &step.work {
            StepWork::Body(stages) => pushdown::of(step, stages),
            _ => None,
        };
        if let Some(moved) = moved {
            return self.body_with_moved_filters(&flow, step, &moved, binding);
        }
        let heads = step.heads.iter().map(|call| self.operator_call(call)).collect::<TokenStream>();
        match &step.work {
            StepWork::Predicate(call) => {
                let filter = predicate::write(step, call, binding);
                quote!(#flow #filter)
            }
            StepWork::Body(stages) => {
                let meta = step::write(step, binding, None);
                let body = body::write(stages, step::copies_fields(step));
                quote!(#flow #meta #heads #body)
            }
            StepWork::Single(call) => {
                let (meta, checked) = (step::write(step, binding, None), covered::write(step, call));
                let call = self.operator_call(call);
                quote!(#flow #meta #heads #checked #call)
            }
            StepWork::Missing => {
                let meta = step::write(step, binding, None);
                quote!(#flow #meta #heads)
            }
        }
    }

    /// A body, after the filters that were moved out of it.
    fn body_with_moved_filters(
        &self,
        flow: &TokenStream,
        step: &ChainStep<'_>,
        moved: &MovedFilters,
        binding: Option<&Ident>,
    ) -> TokenStream {
        let of_side = |side| {
            let filters = moved.filters.iter().filter(move |filter| filter.side == side);
            filters.map(predicate::write_moved_filter).collect::<TokenStream>()
        };
        let (left, right) = (of_side(0), of_side(1));
        let heads = step.heads.iter().enumerate().map(|(index, call)| match index {
            0 if !right.is_empty() => self.join_with_filters(call, &right),
            _ => self.operator_call(call),
        });
        let heads = heads.collect::<TokenStream>();
        let shown = ChainStep { heads: step.heads.clone(), work: StepWork::Body(moved.shown.iter().collect()) };
        let meta = step::write(&shown, binding, Some(moved));
        let emitted = moved.emitted.iter().collect::<Vec<_>>();
        let body = body::write(&emitted, true);
        let written = quote!(#flow #left #meta #heads #body);
        if moved.capture_proofs.is_empty() {
            return written;
        }
        // Proofs have no size. Closures capture them.
        let capture_proofs =
            moved.capture_proofs.iter().map(|(name, answers)| quote_spanned!(name.span()=> let #name = #answers;));
        quote!({ #(#capture_proofs)* #written })
    }

    /// The call that begins a join, with filters on its other flow.
    fn join_with_filters(&self, call: &Call, filters: &TokenStream) -> TokenStream {
        let Call { dot, word, turbofish, paren, .. } = call;
        let mut tokens = quote!(#dot #word #turbofish);
        let args = call.args.iter().enumerate().map(|(index, argument)| match (index, flow_of(argument)) {
            (0, Some(flow)) if self.is_variable(flow) => {
                let flow = self.source(self.get(flow));
                quote!(#flow #filters)
            }
            (0, _) => {
                let flow = before_postfix(&self.filled(argument));
                quote!(#flow #filters)
            }
            _ => self.filled(argument).into_token_stream(),
        });
        paren.surround(&mut tokens, |inside| inside.extend(quote!(#(#args),*)));
        tokens
    }

    /// A call that is an operator, or a part of one.
    fn operator_call(&self, call: &Call) -> TokenStream {
        let write: fn(&Call, &ExprClosure) -> TokenStream = match call.operator.map(|operator| operator.lowering) {
            Some(Lowering::Owning) => owning::write,
            Some(Lowering::Reduction) => reduce::write,
            Some(Lowering::GroupBody) => reduce_group::write,
            Some(Lowering::Aggregation) => aggregate::write,
            Some(Lowering::AsWritten | Lowering::Each(_) | Lowering::TryEach(_)) | None => {
                return self.as_written(call);
            }
        };
        call.record_closure().map(|closure| write(call, closure)).unwrap_or_default()
    }

    fn as_written(&self, call: &Call) -> TokenStream {
        let Call { dot, word, turbofish, paren, .. } = call;
        let mut tokens = quote!(#dot #word #turbofish);
        let args = call.args.iter().enumerate().map(|(index, argument)| match argument {
            Expr::Closure(closure) if call.is(|operator| keys::is_computed(operator, closure)) => {
                key::write(call, closure, matched::is_matched(call, index))
            }
            Expr::Closure(closure) if matched::is_matched(call, index) => {
                matched::write(call, closure).into_token_stream()
            }
            argument => self.filled(argument).into_token_stream(),
        });
        paren.surround(&mut tokens, |inside| inside.extend(quote!(#(#args),*)));
        tokens
    }

    pub(super) fn filled(&self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        FillHoles::new(self).expr(&mut expr);
        expr
    }
}

/// A clone of a handle, which is cheap. All of its tokens have the span of the user's name, so that
/// a flow of a wrong kind is reported there.
fn clone(name: &Ident) -> TokenStream {
    quote_spanned!(name.span()=> #name.clone())
}
