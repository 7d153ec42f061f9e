//! Keys and orders: named fields, or values computed from records.
//!
//! A closure that only names fields, alone or in tuples, runs once, while the plan is built. Any
//! other closure runs per record. In a computed order, the arguments of `asc` and `desc` are
//! computed per record, and the directions are applied to the parts of the computed value.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Expr, ExprBlock, ExprCall, ExprClosure, ExprMethodCall, ExprPath, Stmt};

use crate::diagnostics::{Diagnostics, message};
use crate::operators::{ClosureArguments, Operator, directions};
use crate::syntax::Pipeline;
use crate::syntax::names::peeled;
use crate::syntax::patterns::bound_names;

/// Returns `true` if a closure of an operator runs over records of a flow or of a group.
pub(super) fn runs_per_record(operator: &Operator, closure: &ExprClosure) -> bool {
    match operator.takes {
        ClosureArguments::Values
        | ClosureArguments::Symbols
        | ClosureArguments::LoopBody
        | ClosureArguments::DeltaBody => false,
        ClosureArguments::Key | ClosureArguments::Order => is_computed(operator, closure),
        _ => true,
    }
}

/// Returns `true` if a closure computes a key or an order, instead of only naming fields.
pub(crate) fn is_computed(operator: &Operator, closure: &ExprClosure) -> bool {
    let records = closure.inputs.iter().flat_map(bound_names).collect::<Vec<_>>();
    let is_order = operator.takes == ClosureArguments::Order;
    (is_order || operator.takes == ClosureArguments::Key) && !names_fields(&closure.body, &records, is_order)
}

fn names_fields(expr: &Expr, records: &[&Ident], is_order: bool) -> bool {
    match peeled(expr) {
        Expr::Path(path) => path.path.get_ident().is_some_and(|name| records.contains(&name)),
        Expr::Field(field) => {
            !matches!(peeled(&field.base), Expr::Tuple(_)) && names_fields(&field.base, records, false)
        }
        Expr::Tuple(tuple) => tuple.elems.iter().all(|element| names_fields(element, records, is_order)),
        Expr::Call(call) if is_order && direction(call).is_some() => names_fields(&call.args[0], records, false),
        Expr::Block(ExprBlock { label: None, block, .. }) => match block.stmts.as_slice() {
            [Stmt::Expr(only, None)] => names_fields(only, records, is_order),
            _ => false,
        },
        _ => false,
    }
}

/// The function in `asc(..)` or `desc(..)`.
fn direction(call: &ExprCall) -> Option<&ExprPath> {
    let Expr::Path(path) = peeled(&call.func) else { return None };
    let word = &path.path.segments.last()?.ident;
    (call.args.len() == 1 && directions::is_direction(word)).then_some(path)
}

/// A computed order without its directions.
pub(crate) struct ComputedOrder {
    /// The value to compute per record: one part, or a tuple of parts.
    pub(crate) body: Expr,
    /// For each part, the function that gives its direction.
    pub(crate) directions: Vec<Option<ExprPath>>,
    /// Whether there is a tuple of parts.
    pub(crate) is_tuple: bool,
}

/// Separates the directions of an order from its values.
pub(crate) fn order(closure: &ExprClosure) -> ComputedOrder {
    let mut order = ComputedOrder { body: (*closure.body).clone(), directions: Vec::new(), is_tuple: false };
    let ComputedOrder { body, directions, is_tuple } = &mut order;
    at_value(body, &mut |value| match value {
        Expr::Tuple(tuple) => {
            *is_tuple = true;
            directions.extend(tuple.elems.iter_mut().map(undirected));
        }
        value => directions.push(undirected(value)),
    });
    order
}

/// Calls `f` with the final expression of `expr`.
pub(crate) fn at_value(expr: &mut Expr, f: &mut dyn FnMut(&mut Expr)) {
    match expr {
        Expr::Paren(inner) => at_value(&mut inner.expr, f),
        Expr::Group(inner) => at_value(&mut inner.expr, f),
        Expr::Block(ExprBlock { label: None, block, .. }) => match block.stmts.last_mut() {
            Some(Stmt::Expr(value, None)) => at_value(value, f),
            _ => f(expr),
        },
        value => f(value),
    }
}

/// Removes the direction from a part of an order.
fn undirected(part: &mut Expr) -> Option<ExprPath> {
    let Expr::Call(call) = peeled(part) else { return None };
    let word = direction(call)?.clone();
    *part = call.args[0].clone();
    Some(word)
}

/// Reports directions that the macro cannot remove: in one branch only, or inside of a part.
pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    for call in pipeline.calls() {
        let Some(operator) = call.operator.filter(|operator| operator.takes == ClosureArguments::Order) else {
            continue;
        };
        for closure in call.closures().filter(|closure| is_computed(operator, closure)) {
            let order = order(closure);
            match direction_by_other_words(&order.body) {
                Some((word, meant)) => mistakes.report_fatal(word.span(), message::direction_expected(word, meant)),
                None => HiddenDirections(mistakes).visit_expr(&order.body),
            }
        }
    }
}

/// A direction in the words of another system, `Reverse(r.price)` or `r.price.desc()`, and the
/// direction that it stands for.
fn direction_by_other_words(body: &Expr) -> Option<(&Ident, &'static str)> {
    match peeled(body) {
        Expr::Tuple(tuple) => tuple.elems.iter().find_map(direction_by_other_words),
        Expr::Call(ExprCall { func, args, .. }) if args.len() == 1 => {
            let Expr::Path(path) = peeled(func) else { return None };
            let word = &path.path.segments.last()?.ident;
            Some((word, directions::of_function(word)?))
        }
        Expr::MethodCall(ExprMethodCall { method, args, .. }) if args.is_empty() => {
            Some((method, directions::of_method(method)?))
        }
        _ => None,
    }
}

struct HiddenDirections<'a>(&'a mut Diagnostics);

impl<'ast> Visit<'ast> for HiddenDirections<'_> {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Some(word) = direction(call).and_then(|path| path.path.segments.last()) {
            self.0.report_fatal(word.ident.span(), message::hidden_direction(&word.ident));
        }
        visit::visit_expr_call(self, call);
    }
}
