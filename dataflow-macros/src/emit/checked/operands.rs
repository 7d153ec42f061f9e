//! Properties of an operator's operands and their side effects, as far as syntax shows.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprAssign, ExprCall, ExprField, ExprLit, ExprMethodCall, ExprReference, ExprUnary, Lit, Stmt, Type,
    UnOp,
};

use crate::syntax::names::{is_constant, peeled, plain_path};
use crate::words::is_one_of;

/// Returns `true` if the compiler computes an expression itself, and so reports an overflow.
pub(super) fn is_compile_time(expr: &Expr, is_leaf: &dyn Fn(&Expr) -> bool) -> bool {
    match peeled(expr) {
        Expr::Binary(binary) => is_compile_time(&binary.left, is_leaf) && is_compile_time(&binary.right, is_leaf),
        Expr::Unary(unary) => is_compile_time(&unary.expr, is_leaf),
        Expr::Cast(cast) => is_compile_time(&cast.expr, is_leaf),
        expr => is_leaf(expr),
    }
}

pub(super) fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Lit(_))
}

/// Returns `true` if an operand certainly is no integer: another literal, a cast to a float, a
/// branch among texts.
pub(super) fn is_not_integer(expr: &Expr) -> bool {
    match peeled(expr) {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => matches!(number.suffix(), "f32" | "f64"),
        Expr::Lit(literal) => is_not_integer_literal(&literal.lit),
        Expr::Cast(cast) => is_float(&cast.ty),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => is_not_integer(expr),
        expr => chooses_texts(expr),
    }
}

fn is_float(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("f64") || path.path.is_ident("f32"))
}

/// Returns `true` if an operand is a branch among texts or references: `if c { &a } else { "b" }`.
/// The type that the operator expects unifies the branches. A check would hide that type.
fn chooses_texts(expr: &Expr) -> bool {
    let is_text = |value: &Expr| match peeled(value) {
        Expr::Lit(literal) => is_not_integer_literal(&literal.lit),
        Expr::Reference(_) => true,
        value => chooses_texts(value),
    };
    let of_block = |block: &Block| matches!(block.stmts.last(), Some(Stmt::Expr(value, None)) if is_text(value));
    match peeled(expr) {
        Expr::If(branch) => {
            of_block(&branch.then_branch) || branch.else_branch.iter().any(|(_, otherwise)| chooses_texts(otherwise))
        }
        Expr::Match(choice) => choice.arms.iter().any(|arm| is_text(&arm.body)),
        Expr::Block(block) => of_block(&block.block),
        Expr::Unsafe(block) => of_block(&block.block),
        _ => false,
    }
}

fn is_not_integer_literal(literal: &Lit) -> bool {
    !matches!(literal, Lit::Int(_) | Lit::Byte(_))
}

/// Returns `true` if a place may be evaluated twice: a variable, or a field of one.
pub(super) fn is_plain_place(place: &Expr) -> bool {
    match peeled(place) {
        Expr::Path(_) => true,
        Expr::Field(field) => is_plain_place(&field.base),
        Expr::Unary(ExprUnary { op: UnOp::Deref(_), expr, .. }) => is_plain_place(expr),
        _ => false,
    }
}

/// Returns `true` if a place is in a `static mut`, by its spelling. It must not be borrowed. So a
/// variable that is spelled like a constant has no check.
pub(super) fn is_static(place: &Expr) -> bool {
    match peeled(place) {
        Expr::Field(field) => is_static(&field.base),
        Expr::Index(index) => is_static(&index.expr),
        place => matches!(place, Expr::Path(_)) && is_constant(place),
    }
}

/// Returns `true` if the order of two expressions does not matter: no variable is used in calls of
/// both, and neither exits before the other has a side effect.
pub(super) fn are_independent(place: &Expr, value: &Expr) -> bool {
    let (place, value) = (SideEffects::of(place), SideEffects::of(value));
    let may_exit_before = |first: &SideEffects<'_>, second: &SideEffects<'_>| first.may_exit && second.has_effect();
    !place.is_opaque
        && !value.is_opaque
        && !may_exit_before(&place, &value)
        && !may_exit_before(&value, &place)
        && !place.on.iter().any(|name| value.on.contains(name))
}

/// The variables that an expression calls, or calls methods of.
#[derive(Default)]
struct SideEffects<'a> {
    on: Vec<&'a Ident>,
    /// Whether it calls anything.
    calls: bool,
    /// Whether it may exit the surrounding code: `?`, `return`, `break`, `continue`.
    may_exit: bool,
    /// Whether it has a part whose side effects syntax does not show.
    is_opaque: bool,
}

impl<'a> SideEffects<'a> {
    fn of(expr: &'a Expr) -> Self {
        let mut acts = SideEffects::default();
        acts.visit_expr(expr);
        acts
    }

    fn has_effect(&self) -> bool {
        self.calls || self.may_exit
    }
}

impl<'a> Visit<'a> for SideEffects<'a> {
    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        self.calls = true;
        self.on.extend(plain_path(&call.func));
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        let mut root = peeled(&call.receiver);
        while let Expr::Field(ExprField { base, .. }) = root {
            root = peeled(base);
        }
        self.calls = true;
        self.on.extend(plain_path(root));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.may_exit |= matches!(expr, Expr::Try(_) | Expr::Return(_) | Expr::Break(_) | Expr::Continue(_));
        visit::visit_expr(self, expr);
    }

    fn visit_expr_reference(&mut self, reference: &'a ExprReference) {
        self.is_opaque |= reference.mutability.is_some();
        visit::visit_expr_reference(self, reference);
    }

    fn visit_expr_assign(&mut self, _: &'a ExprAssign) {
        self.is_opaque = true;
    }

    fn visit_block(&mut self, _: &'a syn::Block) {
        self.is_opaque = true;
    }

    fn visit_macro(&mut self, _: &'a syn::Macro) {
        self.is_opaque = true;
    }
}

/// Methods of texts that create a new text.
const TEXT_METHODS: &str =
    "repeat replace replacen to_ascii_lowercase to_ascii_uppercase to_lowercase to_string to_uppercase";

/// Returns `true` if an expression creates a new text, by its spelling.
pub(super) fn creates_text(expr: &Expr) -> bool {
    match peeled(expr) {
        Expr::MethodCall(call) => is_one_of(&call.method, TEXT_METHODS),
        Expr::Macro(call) => call.mac.path.is_ident("format"),
        _ => false,
    }
}
