//! Walks a body, takes its flows out and tracks the names in scope.
//!
//! Statements are visited in the order in which they run, so that names resolve like in the
//! compiler. [`chain`] recognises flow expressions.

mod chain;

use proc_macro2::Ident;
use syn::visit_mut::{self, VisitMut};
use syn::{Arm, Block, Expr, ExprAssign, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprWhile, FnArg, Item, Local};
use syn::{FieldValue, LocalInit, Macro, Pat, PatType, Signature, Stmt, Token, parse_quote};

use crate::syntax::groups::ungroup;
use crate::syntax::hole::{flow_of, hole};
use crate::syntax::names::{names_in_tokens, plain_path, repeated_use};
use crate::syntax::patterns::{bound_names, plain_name};
use crate::syntax::scope::{LocalKind, Scope};
use crate::syntax::{FlowId, FlowName, NameId, Pipeline, types};

/// Reads a function. Its flow parameters are flows in the body.
pub(crate) fn read_function(signature: &Signature, body: &mut Block) -> Pipeline {
    ungroup(body);
    let mut walk = BodyWalk::new(Scope::default());
    for parameter in &signature.inputs {
        if let FnArg::Typed(parameter) = parameter {
            let kind = match walk.kind_of_type(&parameter.pat, &parameter.ty) {
                LocalKind::Value if is_borrowed(parameter) => LocalKind::Borrowed,
                kind => kind,
            };
            if let (LocalKind::Solution, Some(name)) = (&kind, plain_name(&parameter.pat)) {
                walk.pipeline.repeated_solution_uses.extend(repeated_use(name, &parse_quote!(#body)));
            }
            walk.bind_all(&parameter.pat, kind);
        }
    }
    walk.visit_block_mut(body);
    if let Some(Stmt::Expr(last, None)) = body.stmts.last() {
        walk.pipeline.returned = flow_of(last);
    }
    walk.pipeline
}

/// Reads the contents of `dataflow! { … }`. The code around it is not visible.
pub(crate) fn read_expression(body: &mut Block) -> Pipeline {
    ungroup(body);
    let mut walk = BodyWalk::new(Scope::open());
    walk.visit_block_mut(body);
    walk.pipeline
}

/// The state of the walk.
pub(super) struct BodyWalk {
    pub(super) scope: Scope,
    pub(super) pipeline: Pipeline,
}

impl BodyWalk {
    fn new(scope: Scope) -> Self {
        BodyWalk { scope, pipeline: Pipeline::default() }
    }

    /// Records that a name is mentioned.
    pub(super) fn mark_used(&mut self, name: &Ident) {
        if let Some(LocalKind::Flow(id)) = self.scope.find(name) {
            self.pipeline.names[id.0].used = true;
        }
    }

    /// Walks in an inner scope, which ends with `walk`.
    pub(super) fn within(&mut self, walk: impl FnOnce(&mut Self)) {
        let outside = self.scope.clone();
        walk(self);
        self.scope = outside;
    }

    pub(super) fn bind_all(&mut self, pattern: &Pat, kind: LocalKind) {
        for name in bound_names(pattern) {
            self.scope.bind(name.clone(), kind);
        }
    }

    /// Adds a name that is bound to a flow. Returns the kind to bind it as.
    fn add_flow_name(&mut self, name: FlowName) -> LocalKind {
        let id = NameId(self.pipeline.names.len());
        self.pipeline.names.push(name);
        LocalKind::Flow(id)
    }

    fn kind_of_type(&mut self, pattern: &Pat, ty: &syn::Type) -> LocalKind {
        match plain_name(pattern) {
            Some(name) if types::is_flow(ty) => self.add_flow_name(FlowName {
                is_certain: true,
                is_reference: types::is_reference(ty),
                ..FlowName::new(name)
            }),
            Some(_) if types::is_env(ty) => LocalKind::Env,
            Some(_) if types::is_solution(ty) => LocalKind::Solution,
            _ => LocalKind::Value,
        }
    }

    /// Binds a parameter of a loop's body: the flow of a round, or the solution set.
    pub(super) fn bind_round(&mut self, pattern: &Pat, is_flow: bool, is_needed: bool) {
        let kind = match plain_name(pattern) {
            Some(name) if is_flow => {
                let must_be_used = is_needed && !name.to_string().starts_with('_');
                self.add_flow_name(FlowName {
                    is_certain: true,
                    is_loop_parameter: true,
                    must_be_used,
                    ..FlowName::new(name)
                })
            }
            Some(_) => LocalKind::Solution,
            None => LocalKind::Value,
        };
        self.bind_all(pattern, kind);
    }

    /// Walks the value of a `let` and returns the bindings of the pattern. The caller binds them
    /// after the whole statement.
    fn bindings(&mut self, pattern: &Pat, value: &mut Expr) -> Vec<(Ident, LocalKind)> {
        if let (Pat::Tuple(patterns), Expr::Tuple(values)) = (pattern, &mut *value)
            && patterns.elems.len() == values.elems.len()
            && !patterns.elems.iter().any(|element| matches!(element, Pat::Rest(_)))
        {
            let pairs = patterns.elems.iter().zip(&mut values.elems);
            return pairs.flat_map(|(pattern, value)| self.bindings(pattern, value)).collect();
        }
        let kinds = |kind: LocalKind| bound_names(pattern).into_iter().map(move |name| (name.clone(), kind)).collect();
        self.visit_expr_mut(value);
        match flow_of(value).filter(|flow| self.pipeline.flows[flow.0].is_flow()) {
            Some(flow) => self.flow_bindings(pattern, flow),
            None if is_env(value) => kinds(LocalKind::Env),
            None => match (pattern, plain_name(pattern)) {
                (Pat::Type(typed), Some(name)) => vec![(name.clone(), self.kind_of_type(&typed.pat, &typed.ty))],
                _ => kinds(LocalKind::Value),
            },
        }
    }

    /// The bindings of a pattern whose value is a flow. A pattern with several names may match a
    /// pipeline's tuple of flows.
    fn flow_bindings(&mut self, pattern: &Pat, flow: FlowId) -> Vec<(Ident, LocalKind)> {
        let Some(name) = plain_name(pattern) else {
            let names = bound_names(pattern).into_iter();
            return names.map(|name| (name.clone(), self.add_flow_name(FlowName::new(name)))).collect();
        };
        let flow = &mut self.pipeline.flows[flow.0];
        flow.binding.get_or_insert_with(|| name.clone());
        let is_certain = flow.is_certain() || matches!(pattern, Pat::Type(typed) if types::is_flow(&typed.ty));
        let must_be_used = is_certain && !name.to_string().starts_with('_');
        let state = flow.state;
        let flow_name = FlowName { state, is_certain, must_be_used, ..FlowName::new(name) };
        vec![(name.clone(), self.add_flow_name(flow_name))]
    }
}

impl VisitMut for BodyWalk {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Some(flow) = self.flow(expr) {
            *expr = hole(flow);
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.within(|walk| block.stmts.iter_mut().for_each(|statement| walk.visit_stmt_mut(statement)));
    }

    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        visit_mut::visit_stmt_mut(self, statement);
        if let Stmt::Expr(expr, Some(_)) = statement
            && let Some(flow) = flow_of(expr)
        {
            self.pipeline.dropped.push(flow);
        }
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        let Some(LocalInit { expr, diverge, .. }) = &mut local.init else {
            return self.bind_all(&local.pat, LocalKind::Value);
        };
        let bindings = self.bindings(&local.pat, expr);
        if let Some((_, otherwise)) = diverge {
            self.visit_expr_mut(otherwise);
        }
        for (name, kind) in bindings {
            self.scope.bind(name, kind);
        }
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.within(|walk| {
            walk.bind_all(&arm.pat, LocalKind::Value);
            walk.visit_pat_mut(&mut arm.pat);
            walk.visit_expr_mut(&mut arm.body);
        });
    }

    fn visit_expr_let_mut(&mut self, expr: &mut ExprLet) {
        self.visit_expr_mut(&mut expr.expr);
        self.bind_all(&expr.pat, LocalKind::Value);
    }

    fn visit_expr_if_mut(&mut self, expr: &mut ExprIf) {
        self.within(|walk| {
            walk.visit_expr_mut(&mut expr.cond);
            walk.visit_block_mut(&mut expr.then_branch);
        });
        if let Some((_, otherwise)) = &mut expr.else_branch {
            self.visit_branch(otherwise);
        }
    }

    fn visit_expr_while_mut(&mut self, expr: &mut ExprWhile) {
        self.within(|walk| visit_mut::visit_expr_while_mut(walk, expr));
    }

    fn visit_expr_for_loop_mut(&mut self, expr: &mut ExprForLoop) {
        self.visit_expr_mut(&mut expr.expr);
        self.pipeline.for_loop_flows.extend(flow_of(&expr.expr));
        self.within(|walk| {
            walk.bind_all(&expr.pat, LocalKind::Value);
            walk.visit_block_mut(&mut expr.body);
        });
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.within(|walk| {
            for input in &closure.inputs {
                let kind = match input {
                    Pat::Type(typed) => walk.kind_of_type(&typed.pat, &typed.ty),
                    _ => LocalKind::Value,
                };
                walk.bind_all(input, kind);
            }
            walk.visit_expr_mut(&mut closure.body);
        });
    }

    fn visit_expr_assign_mut(&mut self, expr: &mut ExprAssign) {
        let target = plain_path(&expr.left).cloned();
        if target.is_none() {
            self.visit_expr_mut(&mut expr.left);
        }
        self.visit_expr_mut(&mut expr.right);
        if let (Some(name), Some(flow)) = (target, flow_of(&expr.right)) {
            self.pipeline.flows[flow.0].binding.get_or_insert(name);
        }
    }

    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        visit_mut::visit_field_value_mut(self, field);
        if field.colon_token.is_none() && flow_of(&field.expr).is_some() {
            field.colon_token = Some(Token![:](proc_macro2::Span::mixed_site()));
        }
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let mut names = Vec::new();
        names_in_tokens(call.tokens.clone(), &mut names);
        names.iter().for_each(|name| self.mark_used(name));
    }

    fn visit_item_mut(&mut self, _: &mut Item) {
        // Items cannot use local variables. A pipeline among them has its own attribute.
    }
}

impl BodyWalk {
    /// Walks an `else` branch, which must stay an `if` or a block. So it is not taken out as a
    /// flow.
    fn visit_branch(&mut self, branch: &mut Expr) {
        match branch {
            Expr::If(branch) => self.visit_expr_if_mut(branch),
            Expr::Block(branch) => self.visit_block_mut(&mut branch.block),
            other => self.visit_expr_mut(other),
        }
    }
}

/// Returns `true` if a parameter is a reference that is not `'static`, and its pattern is a plain
/// name.
fn is_borrowed(parameter: &PatType) -> bool {
    plain_name(&parameter.pat).is_some() && types::is_borrowed(&parameter.ty)
}

/// Returns `true` for values made by `Env`: `Env::new()`, `dataflow::Env::from_args()?`.
fn is_env(value: &Expr) -> bool {
    match value {
        Expr::Try(inner) => is_env(&inner.expr),
        Expr::MethodCall(call) => is_env(&call.receiver),
        Expr::Reference(inner) => is_env(&inner.expr),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.iter().rev().nth(1).is_some_and(|segment| segment.ident == "Env"),
            _ => false,
        },
        _ => false,
    }
}
