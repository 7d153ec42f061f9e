//! Which predicates may run on records that they would never have seen, and which closures may see fewer.
//!
//! A predicate that is moved below another operator sees records that this operator would have dropped: it must have a value for each. So it
//! may compare fields, captured values and literals, and combine that by logic; `10 / x.n > 2` may stand behind a guard.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{
    BinOp, Expr, ExprCall, ExprClosure, ExprForLoop, ExprLet, ExprMatch, ExprMethodCall, LocalInit, Macro, UnOp,
};

use crate::analyse::captures;
use crate::syntax::Call;
use crate::syntax::names::{is_constant, names_in_tokens, peeled, plain_path};
use crate::syntax::scope::Scope;

/// Methods of the language's own values that have an answer for each of them.
const TOTAL_METHODS: &[&str] =
    &["contains", "ends_with", "is_empty", "is_none", "is_none_or", "is_some", "is_some_and", "len", "starts_with"];

/// Whether an expression has a value whatever its fields hold, and does nothing else.
pub(crate) fn is_total(expr: &Expr) -> bool {
    match peeled(expr) {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Macro(_) => is_constant(expr),
        Expr::Field(field) => is_total(&field.base),
        Expr::Reference(reference) => is_total(&reference.expr),
        Expr::Cast(cast) => is_total(&cast.expr),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_total),
        Expr::Array(array) => array.elems.iter().all(is_total),
        Expr::Unary(unary) => match unary.op {
            UnOp::Not(_) => is_total(&unary.expr),
            UnOp::Neg(_) => matches!(peeled(&unary.expr), Expr::Lit(_)),
            _ => false,
        },
        Expr::Binary(binary) => is_comparison_or_logic(&binary.op) && is_total(&binary.left) && is_total(&binary.right),
        Expr::Range(range) => range.start.iter().chain(&range.end).all(|end| is_total(end)),
        Expr::MethodCall(call) => {
            TOTAL_METHODS.iter().any(|word| call.method == word)
                && is_total(&call.receiver)
                && call.args.iter().all(is_total)
        }
        Expr::Closure(closure) => is_total(&closure.body),
        Expr::Block(block) if block.label.is_none() => match block.block.stmts.as_slice() {
            [syn::Stmt::Expr(only, None)] => is_total(only),
            _ => false,
        },
        _ => false,
    }
}

fn is_comparison_or_logic(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::And(_)
            | BinOp::Or(_)
            | BinOp::Eq(_)
            | BinOp::Ne(_)
            | BinOp::Lt(_)
            | BinOp::Le(_)
            | BinOp::Gt(_)
            | BinOp::Ge(_)
            | BinOp::BitAnd(_)
            | BinOp::BitOr(_)
            | BinOp::BitXor(_)
    )
}

/// Whether a closure may act on something outside of it: it calls a method of a captured value, which may be an accumulator, or hands one
/// on. Such a closure must see each record that the program shows it.
pub(crate) fn may_act(call: &Call) -> bool {
    call.closures().any(|closure| closure_may_act(closure, &call.scope))
}

/// Whether one closure of a call may act on something outside of it.
pub(crate) fn closure_may_act(closure: &ExprClosure, scope: &Scope) -> bool {
    let captured = captures::of(closure, scope);
    let mut acts = Acts { captured: &captured, found: false };
    acts.visit_expr_closure(closure);
    acts.found
}

struct Acts<'a> {
    captured: &'a [captures::Capture],
    found: bool,
}

impl Acts<'_> {
    fn hands_on(&mut self, expr: &Expr) {
        match peeled(expr) {
            Expr::Reference(reference) => self.hands_on(&reference.expr),
            Expr::Field(field) => self.hands_on(&field.base),
            Expr::Index(index) => self.hands_on(&index.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|element| self.hands_on(element)),
            Expr::Array(array) => array.elems.iter().for_each(|element| self.hands_on(element)),
            Expr::Struct(made) => made.fields.iter().for_each(|field| self.hands_on(&field.expr)),
            root => self.found |= plain_path(root).is_some_and(|name| self.is_captured(name)),
        }
    }

    fn is_captured(&self, name: &Ident) -> bool {
        self.captured.iter().any(|capture| capture.name == *name)
    }
}

impl<'ast> Visit<'ast> for Acts<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.hands_on(&call.receiver);
        call.args.iter().for_each(|argument| self.hands_on(argument));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        self.hands_on(&call.func);
        call.args.iter().for_each(|argument| self.hands_on(argument));
        visit::visit_expr_call(self, call);
    }

    // Under another name it may do the same.
    fn visit_local_init(&mut self, init: &'ast LocalInit) {
        self.hands_on(&init.expr);
        visit::visit_local_init(self, init);
    }

    fn visit_expr_let(&mut self, condition: &'ast ExprLet) {
        self.hands_on(&condition.expr);
        visit::visit_expr_let(self, condition);
    }

    fn visit_expr_match(&mut self, choice: &'ast ExprMatch) {
        self.hands_on(&choice.expr);
        visit::visit_expr_match(self, choice);
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast ExprForLoop) {
        self.hands_on(&expr.expr);
        visit::visit_expr_for_loop(self, expr);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let mut names = Vec::new();
        names_in_tokens(call.tokens.clone(), &mut names);
        self.found |= names.iter().any(|name| self.is_captured(name));
    }
}

/// Whether a predicate has a value for every record, and does nothing else.
pub(crate) fn is_movable(closure: &ExprClosure) -> bool {
    is_total(&closure.body)
}
