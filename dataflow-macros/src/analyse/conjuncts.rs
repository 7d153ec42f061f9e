//! Splits predicates into conjuncts.
//!
//! `filter(|l| a && b)` becomes two filters. The optimizer can move, order and push each into a
//! source. Conjuncts keep their order, because a later one may rely on an earlier one:
//! `n > 0 && 10 / n > 2`.

use quote::ToTokens;
use syn::{
    BinOp, Expr, ExprBinary, ExprBlock, ExprClosure, ExprLit, ExprMethodCall, Lit, LitInt, Member, Pat, RangeLimits,
    Stmt,
};

use crate::analyse::captures;
use crate::analyse::returns::needs_its_closure;
use crate::syntax::names::{free_names, is_associated_constant, is_constant, member_text, peeled, plain_path};
use crate::syntax::patterns::{binds_plainly, plain_name};
use crate::syntax::scope::Scope;
use crate::syntax::text;

/// The conjuncts of a predicate, each a closure with the same parameters.
///
/// A predicate is not split in these cases:
/// * A parameter is a pattern: no conjunct would use all of its names.
/// * A parameter is `mut`, so a conjunct may change it.
/// * A `return` could skip the later conjuncts.
pub(crate) fn of(closure: &ExprClosure) -> Vec<ExprClosure> {
    let mut conjuncts = Vec::new();
    let has_plain_names = closure.inputs.iter().all(|input| plain_name(input).is_some() && binds_plainly(input));
    if has_plain_names && !needs_its_closure(closure, false) {
        split(&closure.body, &mut conjuncts);
    }
    if conjuncts.len() < 2 {
        return vec![closure.clone()];
    }
    conjuncts.into_iter().map(|body| with_body(closure, body)).collect()
}

fn split<'a>(expr: &'a Expr, conjuncts: &mut Vec<&'a Expr>) {
    match peeled(expr) {
        Expr::Binary(ExprBinary { left, op: BinOp::And(_), right, .. }) => {
            split(left, conjuncts);
            split(right, conjuncts);
        }
        // rustfmt puts long conditions into a block.
        Expr::Block(ExprBlock { label: None, block, .. }) => match block.stmts.as_slice() {
            [Stmt::Expr(only, None)] => split(only, conjuncts),
            _ => conjuncts.push(expr),
        },
        conjunct => conjuncts.push(conjunct),
    }
}

/// The text of each of the `count` conjuncts. A predicate that is not split is shown as the user
/// wrote it.
pub(crate) fn texts(closure: &ExprClosure, whole: &str, count: usize) -> Vec<String> {
    if count < 2 {
        return vec![whole.to_owned()];
    }
    let mut conjuncts = Vec::new();
    split(&closure.body, &mut conjuncts);
    let inputs = closure.inputs.iter().map(|input| text::of_tokens(input.to_token_stream())).collect::<Vec<_>>();
    conjuncts.into_iter().map(|body| format!("|{}| {}", inputs.join(", "), text::of_condition(body))).collect()
}

/// A conjunct with this body. Parameters that it does not mention become `_`.
fn with_body(closure: &ExprClosure, body: &Expr) -> ExprClosure {
    let mut conjunct = closure.clone();
    let mentions = free_names(body);
    for input in &mut conjunct.inputs {
        if !plain_name(input).is_some_and(|name| mentions.contain(name)) {
            discard(input);
        }
    }
    conjunct.body = Box::new(body.clone());
    conjunct
}

fn discard(pattern: &mut Pat) {
    match pattern {
        Pat::Type(typed) => discard(&mut typed.pat),
        other => *other = syn::parse_quote!(_),
    }
}

/// A bound of a predicate on a field: `l.shipdate > day`.
pub(crate) struct FieldBound {
    pub(crate) path: String,
    /// A variant of `::dataflow::Comparison`.
    pub(crate) comparison: &'static str,
    /// A constant or a captured local.
    pub(crate) value: Expr,
}

/// The bounds of a conjunct on fields. A source can skip data outside of them by its statistics.
pub(crate) fn bounds(conjunct: &ExprClosure, scope: &Scope) -> Vec<FieldBound> {
    let Some(record) = conjunct.inputs.first().and_then(plain_name) else {
        return Vec::new();
    };
    let captures = captures::of(conjunct, scope);
    let path = |expr: &Expr| field_path(expr).filter(|path| path.0 == *record).map(|path| path.1);
    let value = |expr: &Expr| wide(peeled(expr).clone()).filter(|expr| is_known_beforehand(expr, &captures));
    match peeled(&conjunct.body) {
        Expr::Binary(binary) => comparison(binary, path, value).into_iter().collect(),
        Expr::MethodCall(call) => containment(call, path, value),
        _ => Vec::new(),
    }
}

fn comparison(
    binary: &ExprBinary,
    path: impl Fn(&Expr) -> Option<String>,
    value: impl Fn(&Expr) -> Option<Expr>,
) -> Option<FieldBound> {
    let (comparison, mirrored) = match binary.op {
        BinOp::Lt(_) => ("Less", "Greater"),
        BinOp::Le(_) => ("LessOrEqual", "GreaterOrEqual"),
        BinOp::Gt(_) => ("Greater", "Less"),
        BinOp::Ge(_) => ("GreaterOrEqual", "LessOrEqual"),
        BinOp::Eq(_) => ("Equal", "Equal"),
        _ => return None,
    };
    match (path(&binary.left), value(&binary.right)) {
        (Some(path), Some(value)) => Some(FieldBound { path, comparison, value }),
        _ => Some(FieldBound { path: path(&binary.right)?, comparison: mirrored, value: value(&binary.left)? }),
    }
}

/// The bounds of `(a..=b).contains(&l.field)`.
fn containment(
    call: &ExprMethodCall,
    path: impl Fn(&Expr) -> Option<String>,
    value: impl Fn(&Expr) -> Option<Expr>,
) -> Vec<FieldBound> {
    let (Expr::Range(range), Some(Expr::Reference(field)), true) =
        (peeled(&call.receiver), call.args.first(), call.method == "contains")
    else {
        return Vec::new();
    };
    let Some(path) = path(&field.expr) else {
        return Vec::new();
    };
    let upper = match range.limits {
        RangeLimits::Closed(_) => "LessOrEqual",
        RangeLimits::HalfOpen(_) => "Less",
    };
    let ends = [(range.start.as_deref(), "GreaterOrEqual"), (range.end.as_deref(), upper)];
    let bound = |(end, comparison): (Option<&Expr>, &'static str)| {
        Some(FieldBound { path: path.clone(), comparison, value: value(end?)? })
    };
    ends.into_iter().filter_map(bound).collect()
}

/// The variable and the fields of `l.home.zip`.
fn field_path(expr: &Expr) -> Option<(proc_macro2::Ident, String)> {
    let Expr::Field(field) = peeled(expr) else { return None };
    let text = |member: &Member| member_text(member);
    match field_path(&field.base) {
        Some((name, path)) => Some((name, format!("{path}.{}", text(&field.member)))),
        None => Some((plain_path(&field.base)?.clone(), text(&field.member))),
    }
}

/// A value for a place that does not determine the type of a literal: an integer that is too large
/// for `i32` gets a suffix. Returns `None` if it is too large for `u64`.
fn wide(mut value: Expr) -> Option<Expr> {
    let literal = match &mut value {
        Expr::Unary(syn::ExprUnary { expr, .. }) => &mut **expr,
        expr => expr,
    };
    if let Expr::Lit(ExprLit { lit: Lit::Int(integer), .. }) = literal
        && integer.suffix().is_empty()
        && integer.base10_parse::<i32>().is_err()
    {
        let ty = if integer.base10_parse::<i64>().is_ok() { "i64" } else { "u64" };
        integer.base10_parse::<u64>().ok()?;
        *integer = LitInt::new(&format!("{}{ty}", integer.base10_digits()), integer.span());
    }
    Some(value)
}

/// Returns `true` if a value is known when the graph is built: a constant or a captured local.
fn is_known_beforehand(expr: &Expr, captures: &[captures::Capture]) -> bool {
    match peeled(expr) {
        expr if is_constant(expr) => !is_associated_constant(expr),
        Expr::Unary(negative) => matches!(negative.op, syn::UnOp::Neg(_)) && matches!(*negative.expr, Expr::Lit(_)),
        expr => plain_path(expr).is_some_and(|name| captures.iter().any(|capture| capture.name == *name)),
    }
}
