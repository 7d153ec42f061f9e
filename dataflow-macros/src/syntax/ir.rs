//! The intermediate representation: the form in which all stages see a pipeline.

use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::{AngleBracketedGenericArguments, Expr, ExprClosure, Pat, Token, token};

use crate::operators::{ChainState, Operator};
use crate::syntax::ids::FlowId;
use crate::syntax::scope::{LocalKind, Scope};

/// A function's body, or the inside of `dataflow! { … }`.
#[derive(Default)]
pub(crate) struct Pipeline {
    /// Every flow expression; arguments stand before the chain that they are part of.
    pub(crate) flows: Vec<Flow>,
    /// Every name that is bound to a flow.
    pub(crate) names: Vec<FlowName>,
    /// Flows that stand as statements: nothing takes their value.
    pub(crate) dropped: Vec<FlowId>,
    /// The function's last expression, if it is a flow.
    pub(crate) returned: Option<FlowId>,
    /// Flows that a `for` loop goes over.
    pub(crate) looped: Vec<FlowId>,
    /// Methods that are called on the value of a result.
    pub(crate) behind_results: Vec<(FlowId, Ident)>,
    /// The second uses of solution sets, which are joined once.
    pub(crate) solutions_used_again: Vec<Ident>,
    /// Operators that are called on a solution set.
    pub(crate) on_solutions: Vec<Ident>,
    /// Operators that are given a solution set as the other flow, and do not look it up.
    pub(crate) with_solutions: Vec<Ident>,
    /// The solution sets of loops whose bodies do not mention them.
    pub(crate) unused_solutions: Vec<Pat>,
    /// Functions called by a plain name, in order.
    pub(crate) called: Vec<Ident>,
}

/// A name bound to a flow.
pub(crate) struct FlowName {
    pub(crate) ident: Ident,
    /// The state of a chain that starts with the name: a name may be bound to a grouping or a join, too.
    pub(crate) state: ChainState,
    /// Whether the name is bound to a reference to a flow, `&DataSet<..>`, which is passed on as it is.
    pub(crate) is_reference: bool,
    /// Whether the value certainly is a flow: by its written type, or by the words that make it.
    pub(crate) is_certain: bool,
    /// Whether anything mentions the name.
    pub(crate) used: bool,
    /// Whether it is a mistake if nothing mentions the name.
    pub(crate) must_be_used: bool,
    /// Whether it is what the body of a loop gets.
    pub(crate) is_of_round: bool,
}

/// An expression that is a flow: a source and the calls chained onto it.
pub(crate) struct Flow {
    pub(crate) source: Source,
    pub(crate) calls: Vec<Call>,
    /// The state of the chain after its last call, or at its source.
    pub(crate) state: ChainState,
    /// The variable that a `let` binds the flow to.
    pub(crate) binding: Option<Ident>,
    /// The source as the user wrote it, for the plan in the documentation.
    pub(crate) label: String,
    /// Whether the flow is an argument of another flow's operator or of a call.
    pub(crate) is_argument: bool,
}

/// Where a flow comes from.
pub(crate) enum Source {
    /// A variable. Its value is a clone of the handle, unless it is a reference that a function gets.
    Local { name: Ident, is_cloned: bool },
    /// A call that takes a flow. It gets a scope of the graph, named after the variable or after this callee.
    Call { call: Expr, callee: Ident },
    /// A source of the environment, a marked expression, a block or branch that ends in a flow.
    Expression(Expr),
}

/// One call in a chain.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) dot: Token![.],
    pub(crate) word: Ident,
    pub(crate) turbofish: Option<AngleBracketedGenericArguments>,
    pub(crate) paren: token::Paren,
    pub(crate) args: Punctuated<Expr, Token![,]>,
    /// What the word means here; `None` for a word that is left to the compiler.
    pub(crate) operator: Option<&'static Operator>,
    /// The names in scope at the call.
    pub(crate) scope: Scope,
    /// The arguments as the user wrote them, on one line.
    pub(crate) text: String,
    /// For a filter that has moved: the word of the operator that it stood behind.
    pub(crate) below: Option<Ident>,
    /// Whether filters stay where they are written.
    pub(crate) is_as_written: bool,
}

impl Pipeline {
    /// The calls of all flows.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.flows.iter().flat_map(|flow| &flow.calls)
    }

    /// Leaves all filters where they are written.
    pub(crate) fn leave_filters(&mut self) {
        let calls = self.flows.iter_mut().flat_map(|flow| &mut flow.calls);
        calls.for_each(|call| call.is_as_written = true);
    }

    /// Whether a name certainly stands for a flow.
    pub(crate) fn is_certainly_a_flow(&self, name: &Ident, scope: &Scope) -> bool {
        matches!(scope.find(name), Some(LocalKind::Flow(id)) if self.names[id.0].is_certain)
    }
}

impl FlowName {
    /// A name of which nothing more is known.
    pub(crate) fn new(ident: &Ident) -> Self {
        let ident = ident.clone();
        FlowName {
            ident,
            state: ChainState::Flow,
            is_reference: false,
            is_certain: false,
            used: false,
            must_be_used: false,
            is_of_round: false,
        }
    }
}

impl Flow {
    /// Whether the chain still is a flow, and not the value of a result.
    pub(crate) fn is_flow(&self) -> bool {
        self.state != ChainState::Result
    }

    /// Whether the value certainly is a flow: the last word is known, or there is none behind a variable.
    pub(crate) fn is_certain(&self) -> bool {
        match self.calls.last() {
            Some(call) => call.operator.is_some() && self.is_flow(),
            None => matches!(self.source, Source::Local { .. }),
        }
    }
}

impl Call {
    /// Whether the word is an operator for which a fact holds.
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

    /// The closure that looks at records: the only one, or the one behind a task's set-up.
    pub(crate) fn record_closure(&self) -> Option<&ExprClosure> {
        self.closures().last()
    }

    /// The closure that makes the state of a task.
    pub(crate) fn set_up(&self) -> Option<&ExprClosure> {
        self.operator.filter(|operator| operator.has_state()).and_then(|_| self.closures().next())
    }

    /// Where the user wrote the word.
    pub(crate) fn span(&self) -> Span {
        self.word.span()
    }
}
