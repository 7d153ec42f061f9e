//! The intermediate representation of a pipeline, used by all stages.

use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::{AngleBracketedGenericArguments, Expr, ExprClosure, Pat, Token, token};

use crate::operators::{ChainState, Operator};
use crate::syntax::ids::FlowId;
use crate::syntax::scope::{LocalKind, Scope};

/// A function's body, or the contents of `dataflow! { … }`.
#[derive(Default)]
pub(crate) struct Pipeline {
    /// All flow expressions. A flow that is an argument comes before the flow that uses it.
    pub(crate) flows: Vec<Flow>,
    /// All names bound to a flow.
    pub(crate) names: Vec<FlowName>,
    /// Flows that are statements, so their value is dropped.
    pub(crate) dropped: Vec<FlowId>,
    /// The function's last expression, if it is a flow.
    pub(crate) returned: Option<FlowId>,
    /// Flows that a `for` loop iterates over.
    pub(crate) for_loop_flows: Vec<FlowId>,
    /// Methods called on the value of a result.
    pub(crate) methods_on_results: Vec<(FlowId, Ident)>,
    /// Second uses of a solution set, which may be joined only once.
    pub(crate) repeated_solution_uses: Vec<Ident>,
    /// Operators called on a solution set.
    pub(crate) operators_on_solutions: Vec<Ident>,
    /// Operators other than `join` and `left_join` whose other flow is a solution set.
    pub(crate) operators_with_solutions: Vec<Ident>,
    /// Solution sets that their loop's body does not mention.
    pub(crate) unused_solutions: Vec<Pat>,
    /// Functions called by a plain name, in order of the calls.
    pub(crate) called: Vec<Ident>,
}

/// A name bound to a flow.
pub(crate) struct FlowName {
    pub(crate) ident: Ident,
    /// The state of a chain that starts with the name, which may also be bound to a grouping or a
    /// join.
    pub(crate) state: ChainState,
    /// Whether the name is bound to a reference, `&DataSet<..>`. A reference is passed on without a
    /// clone.
    pub(crate) is_reference: bool,
    /// Whether the value certainly is a flow, by its written type or by the operators that make it.
    pub(crate) is_certain: bool,
    /// Whether the name is mentioned.
    pub(crate) used: bool,
    /// Whether an unmentioned name is reported.
    pub(crate) must_be_used: bool,
    /// Whether the name is a parameter of a loop's body.
    pub(crate) is_loop_parameter: bool,
}

/// An expression that is a flow: a source and the calls chained onto it.
pub(crate) struct Flow {
    pub(crate) source: Source,
    pub(crate) calls: Vec<Call>,
    /// The state after the last call, or at the source if there is no call.
    pub(crate) state: ChainState,
    /// The variable that the flow is bound or assigned to.
    pub(crate) binding: Option<Ident>,
    /// The source as the user wrote it. Shown in the plan in the documentation.
    pub(crate) label: String,
    /// Whether the flow is an argument of an operator or of another call, or the operand of a `?`.
    pub(crate) is_argument: bool,
}

/// The start of a chain.
pub(crate) enum Source {
    /// A variable. The handle is cloned, unless a call gets it by reference.
    Local { name: Ident, is_cloned: bool },
    /// A call that takes a flow. Its operators form a scope of the graph, named after the variable
    /// or `callee`.
    Call { call: Expr, callee: Ident },
    /// A source of the environment, a marked expression, or a block or branch that ends in a flow.
    Expression(Expr),
}

/// A call in a chain.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) dot: Token![.],
    pub(crate) word: Ident,
    pub(crate) turbofish: Option<AngleBracketedGenericArguments>,
    pub(crate) paren: token::Paren,
    pub(crate) args: Punctuated<Expr, Token![,]>,
    /// The operator that the word means here. `None` if the word is unknown: the compiler then
    /// resolves it.
    pub(crate) operator: Option<&'static Operator>,
    /// The names in scope at the call.
    pub(crate) scope: Scope,
    /// The arguments as written, on one line.
    pub(crate) text: String,
    /// For a filter that was moved: the word of the last operator that it was moved below.
    pub(crate) moved_below: Option<Ident>,
    /// Whether filters keep their position.
    pub(crate) is_as_written: bool,
}

impl Pipeline {
    /// The calls of all flows.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.flows.iter().flat_map(|flow| &flow.calls)
    }

    /// Keeps all filters at their position.
    pub(crate) fn keep_filters_in_place(&mut self) {
        let calls = self.flows.iter_mut().flat_map(|flow| &mut flow.calls);
        calls.for_each(|call| call.is_as_written = true);
    }

    /// Returns `true` if a name certainly stands for a flow.
    pub(crate) fn is_certainly_a_flow(&self, name: &Ident, scope: &Scope) -> bool {
        matches!(scope.find(name), Some(LocalKind::Flow(id)) if self.names[id.0].is_certain)
    }
}

impl FlowName {
    /// A name without known facts.
    pub(crate) fn new(ident: &Ident) -> Self {
        let ident = ident.clone();
        FlowName {
            ident,
            state: ChainState::Flow,
            is_reference: false,
            is_certain: false,
            used: false,
            must_be_used: false,
            is_loop_parameter: false,
        }
    }
}

impl Flow {
    /// Returns `false` if the chain ends in a result.
    pub(crate) fn is_flow(&self) -> bool {
        self.state != ChainState::Result
    }

    /// Returns `true` if the value certainly is a flow: the last call is a known operator, or the
    /// chain is only a variable.
    pub(crate) fn is_certain(&self) -> bool {
        match self.calls.last() {
            Some(call) => call.operator.is_some() && self.is_flow(),
            None => matches!(self.source, Source::Local { .. }),
        }
    }
}

impl Call {
    /// Returns `true` if the word is an operator and `fact` holds for it.
    pub(crate) fn is(&self, fact: impl FnOnce(&Operator) -> bool) -> bool {
        self.operator.is_some_and(fact)
    }

    /// The closures among the arguments.
    pub(crate) fn closures(&self) -> impl Iterator<Item = &ExprClosure> {
        self.args.iter().filter_map(|argument| match argument {
            Expr::Closure(closure) => Some(closure),
            _ => None,
        })
    }

    /// The closure over records: the only closure, or the second one of an operator with state.
    pub(crate) fn record_closure(&self) -> Option<&ExprClosure> {
        self.closures().last()
    }

    /// The closure that creates the state of a task.
    pub(crate) fn state_closure(&self) -> Option<&ExprClosure> {
        self.operator.filter(|operator| operator.has_state()).and_then(|_| self.closures().next())
    }

    /// The span of the operator's word.
    pub(crate) fn span(&self) -> Span {
        self.word.span()
    }
}
