//! Recognises flow expressions by syntax:
//!
//! * a name bound to a flow;
//! * a source of the environment;
//! * a call that takes a flow;
//! * an expression marked with `flow!`;
//! * a block or branch that ends in a flow;
//! * calls chained onto a flow.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprCall, ExprMacro, ExprMethodCall, ExprReference, ExprTry, Stmt, Token, parse_quote};

use crate::operators::{self, ChainState, ClosureArguments, Operator, sources};
use crate::syntax::hole::{flow_of, hole};
use crate::syntax::names::{free_names, free_names_of_closure, peeled, plain_path, repeated_use};
use crate::syntax::patterns::{bound_names, generated_record, looks_like_a_constant, plain_name};
use crate::syntax::scope::LocalKind;
use crate::syntax::walk::BodyWalk;
use crate::syntax::{Call, Flow, FlowId, FlowName, Source, text};

impl BodyWalk {
    /// Walks an expression. Takes it out of the tree if it is a flow. The caller puts a hole in its
    /// place, or chains onto it.
    pub(super) fn flow(&mut self, expr: &mut Expr) -> Option<FlowId> {
        match expr {
            Expr::Path(_) => self.local(plain_path(expr)?.clone()),
            Expr::Paren(inner) => self.flow(&mut inner.expr),
            Expr::Group(inner) => self.flow(&mut inner.expr),
            Expr::Macro(call) if call.mac.path.is_ident("flow") => self.marked_flow(call),
            Expr::MethodCall(call) => self.method_call(call),
            Expr::Call(call) => self.function_call(call),
            Expr::Try(inner) => self.try_expression(inner),
            Expr::Reference(inner) => {
                self.reference(inner);
                None
            }
            Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::Unsafe(_) => {
                visit_mut::visit_expr_mut(self, expr);
                self.is_flow(tail(expr)?).then(|| self.unknown_source(expr))
            }
            _ => {
                visit_mut::visit_expr_mut(self, expr);
                None
            }
        }
    }

    fn is_flow(&self, flow: FlowId) -> bool {
        self.pipeline.flows[flow.0].is_flow()
    }

    fn push(&mut self, source: Source, label: String) -> FlowId {
        let id = FlowId(self.pipeline.flows.len());
        let (calls, binding) = (Vec::new(), None);
        self.pipeline.flows.push(Flow { source, calls, state: ChainState::Flow, binding, label, is_argument: false });
        id
    }

    /// Adds a flow whose source is an expression of unknown form.
    fn unknown_source(&mut self, expr: &mut Expr) -> FlowId {
        let label = match expr {
            Expr::MethodCall(call) => format!("{}(..)", call.method),
            Expr::Call(call) => format!("{}(..)", call.func.to_token_stream()),
            _ => "..".to_owned(),
        };
        let expr = std::mem::replace(expr, Expr::Verbatim(Default::default()));
        self.push(Source::Expression(expr), label)
    }

    fn local(&mut self, name: Ident) -> Option<FlowId> {
        let Some(LocalKind::Flow(id)) = self.scope.find(&name) else {
            return None;
        };
        self.mark_used(&name);
        let label = name.to_string();
        let FlowName { state, is_reference, .. } = self.pipeline.names[id.0];
        let flow = self.push(Source::Local { name, is_cloned: !is_reference }, label);
        self.pipeline.flows[flow.0].state = state;
        Some(flow)
    }

    /// `flow!(expr)`: the user marks a flow.
    fn marked_flow(&mut self, call: &mut ExprMacro) -> Option<FlowId> {
        let Ok(mut inner) = call.mac.parse_body::<Expr>() else {
            return None;
        };
        if let Some(flow) = self.flow(&mut inner) {
            return Some(flow);
        }
        let label = text::of_tokens(inner.to_token_stream());
        Some(self.push(Source::Expression(inner), label))
    }

    /// `expr?`: a flow if `expr` is a fallible pipeline or source.
    fn try_expression(&mut self, attempt: &mut ExprTry) -> Option<FlowId> {
        let inner = self.flow(&mut attempt.expr)?;
        *attempt.expr = hole(inner);
        if !self.is_flow(inner) {
            return None;
        }
        let label = self.pipeline.flows[inner.0].label.clone();
        self.pipeline.flows[inner.0].is_argument = true;
        let source = Expr::Try(attempt.clone());
        Some(self.push(Source::Expression(source), label))
    }

    /// `&x` only borrows the handle, so it is not cloned.
    fn reference(&mut self, reference: &mut ExprReference) {
        match plain_path(&reference.expr) {
            Some(name) => self.mark_used(&name.clone()),
            None => self.visit_expr_mut(&mut reference.expr),
        }
    }

    fn method_call(&mut self, call: &mut ExprMethodCall) -> Option<FlowId> {
        if self.is_solution(&call.receiver) && operators::is_known(&call.method) {
            self.pipeline.operators_on_solutions.push(call.method.clone());
        }
        if let Some(flow) = self.flow(&mut call.receiver).or_else(|| self.outer_flow(call)) {
            if self.is_flow(flow) {
                self.chain(flow, call);
                return Some(flow);
            }
            self.pipeline.methods_on_results.push((flow, call.method.clone()));
            *call.receiver = hole(flow);
            self.arguments(&mut call.args);
            return None;
        }
        let callee = call.method.clone();
        let takes_a_flow = self.arguments(&mut call.args);
        let mut expr = Expr::MethodCall(call.clone());
        if takes_a_flow {
            let label = format!("{callee}(..)");
            return Some(self.push(Source::Call { call: expr, callee }, label));
        }
        self.is_source(call).then(|| self.unknown_source(&mut expr))
    }

    fn function_call(&mut self, call: &mut ExprCall) -> Option<FlowId> {
        let callee = match &mut *call.func {
            Expr::Path(path) => path.path.segments.last()?.ident.clone(),
            other => {
                self.visit_expr_mut(other);
                Ident::new("call", Span::mixed_site())
            }
        };
        if let Some(name) = plain_path(&call.func).filter(|name| self.scope.find(name).is_none()) {
            self.pipeline.called.push(name.clone());
        }
        let takes_a_flow = self.arguments(&mut call.args);
        // `Ok(flow)` and `Wrapper(flow)` contain a flow but are none.
        if !takes_a_flow || looks_like_a_constant(&callee) {
            return None;
        }
        let label = format!("{callee}(..)");
        Some(self.push(Source::Call { call: Expr::Call(call.clone()), callee }, label))
    }

    /// Walks the arguments of a call. Returns `true` if one of them is a flow or a reference to a
    /// flow.
    fn arguments(&mut self, arguments: &mut Punctuated<Expr, Token![,]>) -> bool {
        let mut any = false;
        for argument in arguments {
            let inner = match argument {
                Expr::Reference(reference) => {
                    any |= plain_path(&reference.expr).is_some_and(|name| self.names_a_flow(name));
                    self.reference(reference);
                    flow_of(&reference.expr)
                }
                argument => {
                    self.visit_expr_mut(argument);
                    flow_of(argument)
                }
            };
            if let Some(flow) = inner {
                any |= self.is_flow(flow);
                self.pipeline.flows[flow.0].is_argument = true;
            }
        }
        any
    }

    fn names_a_flow(&self, name: &Ident) -> bool {
        matches!(self.scope.find(name), Some(LocalKind::Flow(_)))
    }

    /// Returns `true` for `env.read_*(..)` and `env.collection(..)`.
    fn is_source(&self, call: &ExprMethodCall) -> bool {
        let is_env = plain_path(&call.receiver)
            .is_some_and(|name| sources::is_environment(name) || matches!(self.scope.find(name), Some(LocalKind::Env)));
        is_env && sources::is_source(&call.method)
    }

    /// A flow from outside of `dataflow! { … }`: a name or a call on which an operator is called.
    fn outer_flow(&mut self, call: &mut ExprMethodCall) -> Option<FlowId> {
        let operator = operators::find(&call.method, ChainState::Flow)?;
        if !self.scope.is_open() || operator.takes == ClosureArguments::Values {
            return None;
        }
        match &mut *call.receiver {
            Expr::Path(_) => {
                let name = plain_path(&call.receiver)?.clone();
                let is_outside = self.scope.find(&name).is_none() && name != "self" && !looks_like_a_constant(&name);
                let label = name.to_string();
                is_outside.then(|| self.push(Source::Local { name, is_cloned: true }, label))
            }
            receiver @ Expr::Call(_) => Some(self.unknown_source(receiver)),
            _ => None,
        }
    }

    /// The operator of a call on a flow. Returns `None` for an unknown word, and for an operator
    /// that does not accept a solution set.
    fn operator_of(&mut self, flow: FlowId, call: &ExprMethodCall) -> Option<&'static Operator> {
        let operator = operators::find(&call.method, self.pipeline.flows[flow.0].state);
        let is_with_solution = call.args.first().is_some_and(|side| self.is_solution(side));
        let of_solution =
            operator.filter(|_| is_with_solution).and_then(|operator| operators::solution_join(operator.word));
        let is_refused = is_with_solution && operator.is_some() && of_solution.is_none();
        if is_refused {
            self.pipeline.operators_with_solutions.push(call.method.clone());
        }
        // Words after a rejected one are not checked.
        of_solution.or(operator).filter(|_| !is_refused)
    }

    /// Chains a call onto a flow.
    fn chain(&mut self, flow: FlowId, call: &mut ExprMethodCall) {
        let operator = self.operator_of(flow, call);
        let is_loop = operator
            .is_some_and(|operator| matches!(operator.takes, ClosureArguments::LoopBody | ClosureArguments::DeltaBody));
        // The operators in a loop's body are shown instead.
        let text = if is_loop { String::new() } else { text::between(call.paren_token, &call.args) };
        let mut args = std::mem::take(&mut call.args);
        match operator.map(|operator| operator.takes) {
            Some(takes @ (ClosureArguments::LoopBody | ClosureArguments::DeltaBody)) => {
                self.loop_body(&mut args, takes)
            }
            Some(takes) if takes != ClosureArguments::Values => self.closures(&mut args, takes),
            Some(_) | None => {
                self.arguments(&mut args);
                args.iter().filter_map(flow_of).for_each(|operand| self.clone_handle(operand));
            }
        }
        let (word, turbofish) = (call.method.clone(), call.turbofish.clone());
        let (dot, paren, scope) = (call.dot_token, call.paren_token, self.scope.clone());
        let flow = &mut self.pipeline.flows[flow.0];
        flow.state = operator.map_or(ChainState::Flow, |operator| operator.to);
        flow.calls.push(Call {
            dot,
            word,
            turbofish,
            paren,
            args,
            operator,
            scope,
            text,
            moved_below: None,
            is_as_written: false,
        });
    }

    /// Returns `true` for a solution set or a clone of one.
    fn is_solution(&self, expr: &Expr) -> bool {
        let name = match peeled(expr) {
            Expr::MethodCall(call) if call.method == "clone" => plain_path(&call.receiver),
            _ => plain_path(expr),
        };
        name.is_some_and(|name| matches!(self.scope.find(name), Some(LocalKind::Solution)))
    }

    /// Walks the arguments of a loop. Its body is a part of this pipeline: the parameters of the
    /// last closure are flows.
    fn loop_body(&mut self, arguments: &mut Punctuated<Expr, Token![,]>, takes: ClosureArguments) {
        let body = match arguments.pop() {
            Some(Expr::Closure(closure)) => Some(closure),
            other => {
                arguments.extend(other);
                None
            }
        };
        let is_key = |argument: &Expr| matches!(argument, Expr::Closure(_));
        for argument in arguments.iter_mut().filter(|argument| !is_key(argument)) {
            self.visit_expr_mut(argument);
            if let Some(operand) = flow_of(argument) {
                self.pipeline.flows[operand.0].is_argument = true;
                self.clone_handle(operand);
            }
        }
        let Some(mut body) = body else { return };
        if takes == ClosureArguments::DeltaBody
            && let Some(solution) = body.inputs.first()
            && !bound_names(solution).iter().any(|name| free_names(&body.body).contain(name))
        {
            self.pipeline.unused_solutions.push(solution.clone());
        }
        self.within(|walk| {
            let flow = usize::from(takes == ClosureArguments::DeltaBody);
            // `arity` reports a wrong number of parameters.
            let is_whole = body.inputs.len() == flow + 1;
            if let Some(solution) = body.inputs.first().filter(|_| flow == 1).and_then(plain_name) {
                walk.pipeline.repeated_solution_uses.extend(repeated_use(solution, &body.body));
            }
            for (position, input) in body.inputs.iter().enumerate() {
                match position == flow || takes == ClosureArguments::DeltaBody {
                    true => walk.bind_round(input, position == flow, is_whole),
                    false => walk.bind_all(input, LocalKind::Value),
                }
            }
            walk.visit_expr_mut(&mut body.body);
        });
        arguments.push(Expr::Closure(body));
    }

    /// Operators take handles by value, so the handle is cloned.
    fn clone_handle(&mut self, operand: FlowId) {
        if let Source::Local { is_cloned, .. } = &mut self.pipeline.flows[operand.0].source {
            *is_cloned = true;
        }
    }

    /// Walks the arguments of an operator that takes closures. A closure is not part of the body:
    /// it runs once per record, or names fields. A path to a function becomes a closure.
    fn closures(&mut self, arguments: &mut Punctuated<Expr, Token![,]>, takes: ClosureArguments) {
        for (position, argument) in arguments.iter_mut().enumerate() {
            let parameters = match takes {
                ClosureArguments::Records(count) => Some(count),
                ClosureArguments::TaskThenRecord => Some(position + 1),
                ClosureArguments::Partition => Some(2),
                ClosureArguments::Values
                | ClosureArguments::Symbols
                | ClosureArguments::Key
                | ClosureArguments::Order
                | ClosureArguments::Handle
                | ClosureArguments::LoopBody
                | ClosureArguments::DeltaBody
                | ClosureArguments::Groups(_) => None,
            };
            match (&mut *argument, parameters) {
                (Expr::Closure(closure), _) => {
                    let mentions = free_names_of_closure(closure);
                    mentions.plain.iter().for_each(|mention| self.mark_used(mention.name));
                    mentions.opaque.iter().for_each(|name| self.mark_used(name));
                }
                (Expr::Path(path), Some(count)) => {
                    let records = (0..count).map(generated_record).collect::<Vec<_>>();
                    *argument = parse_quote!(|#(#records),*| #path(#(#records),*));
                }
                _ => {
                    self.visit_expr_mut(argument);
                }
            }
        }
    }
}

/// The flow that an expression ends in, in any of its branches.
fn tail(expr: &Expr) -> Option<FlowId> {
    match expr {
        Expr::If(expr) => block_tail(&expr.then_branch).or_else(|| tail(&expr.else_branch.as_ref()?.1)),
        Expr::Match(expr) => expr.arms.iter().find_map(|arm| tail(&arm.body)),
        Expr::Block(expr) => block_tail(&expr.block),
        Expr::Unsafe(expr) => block_tail(&expr.block),
        other => flow_of(other),
    }
}

fn block_tail(block: &Block) -> Option<FlowId> {
    match block.stmts.last()? {
        Stmt::Expr(expr, None) => tail(expr),
        _ => None,
    }
}
