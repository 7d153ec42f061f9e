//! Checked arithmetic in closures over records: a check before each operator on integers.
//!
//! Integer operators wrap in a release build, and users choose the flags of their builds. So
//! `o.qty * 2` becomes
//!
//! ```text
//! match (o.qty, 2) {
//!     (__left, __right) => { Operands(&__left, &__right).mul("o.qty * 2"); __left * __right }
//! }
//! ```
//!
//! The user's operator stays, with its type and its compiler messages. Operands are evaluated once
//! and in order. The `match` keeps their temporaries alive as long as the operator would.
//!
//! The macro does not see which operands are integers. The compiler finds the check as a method of
//! a pair of integers. For all other types it finds a method that does nothing, by `Deref`. Read
//! sets are computed before checks are written.
//!
//! # Limits
//! These operators have no check, because they need none or cannot have one:
//!
//! * constants, which the compiler computes itself: lengths of arrays, `const` blocks, operators
//!   whose operands are all constants;
//! * functions and other items in a closure, and the tokens of macro calls;
//! * operators in inner closures that are bound to a name and have parameters without types: the
//!   compiler does not know the types yet;
//! * `place += value` if both sides use the same variable, as far as syntax shows, or one side may
//!   exit early. The type then decides which side is evaluated first;
//! * `place += value` of a `static mut`, which cannot be borrowed;
//! * operators with a literal float or text, or with a branch among texts or references, whose type
//!   the operator decides.
//!
//! # Cost
//! LLVM combines operator and check. A loop with only one or two checked operators took 0.1 ns more
//! per record. A loop over floats took no more.

mod operands;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    AngleBracketedGenericArguments, Attribute, BinOp, Expr, ExprBinary, ExprCall, ExprClosure, ExprConst,
    ExprMethodCall, ExprRepeat, ExprStruct, ExprUnary, Item, Pat, PathArguments, Token, Type, UnOp,
};

use crate::analyse::measures;
use crate::spans::{first_span, generated, last_span};
use crate::syntax::names::{is_constant, names_in_tokens};
use crate::syntax::text;

use operands::{are_independent, creates_text, is_compile_time, is_literal, is_not_integer, is_plain_place, is_static};

/// The longest source text in an error, in characters.
const TEXT_LIMIT: usize = 80;

/// The body of a closure with checked arithmetic.
pub(super) fn body(closure: &ExprClosure) -> Expr {
    let mut body = (*closure.body).clone();
    ArithmeticCheck.visit_expr_mut(&mut body);
    body
}

struct ArithmeticCheck;

impl VisitMut for ArithmeticCheck {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let user_text = || text::shortened(&shown(expr), TEXT_LIMIT);
        let user_text = match &*expr {
            Expr::Binary(binary) if check_of(&binary.op).is_some() => user_text(),
            Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }) => user_text(),
            // A reference to a constant is `'static`. A reference to a checked value would not be.
            Expr::Reference(reference) if is_compile_time(&reference.expr, &is_constant) => return,
            _ => return visit_mut::visit_expr_mut(self, expr),
        };
        let written = match expr {
            Expr::Binary(binary) => self.binary(binary, user_text),
            Expr::Unary(unary) => self.negation(unary, user_text),
            _ => None,
        };
        match written {
            Some(written) => *expr = Expr::Verbatim(written),
            None => visit_mut::visit_expr_mut(self, expr),
        }
    }

    /// A new text for a field of a twin, as in `UserRef { name: u.name.to_uppercase() }`. For it,
    /// the compiler would suggest to remove the call.
    fn visit_expr_struct_mut(&mut self, record: &mut ExprStruct) {
        visit_mut::visit_expr_struct_mut(self, record);
        let is_twin = record.path.segments.last().is_some_and(|name| name.ident.to_string().ends_with("Ref"));
        for field in record.fields.iter_mut().filter(|field| is_twin && creates_text(&field.expr)) {
            let (value, at) = (&field.expr, first_span(&field.expr));
            field.expr = Expr::Verbatim(quote_spanned!(at=> ::dataflow::__private::field_of_twin((#value,))));
        }
    }

    // The parameter types of an inner closure are known if it is an argument or writes them.
    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        if closure.inputs.iter().all(|input| matches!(input, Pat::Type(_))) {
            self.visit_expr_mut(&mut closure.body);
        }
    }

    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        self.visit_expr_mut(&mut call.func);
        self.arguments(&mut call.args);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        self.visit_expr_mut(&mut call.receiver);
        self.arguments(&mut call.args);
    }

    fn visit_expr_repeat_mut(&mut self, repeat: &mut ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }

    fn visit_expr_const_mut(&mut self, _: &mut ExprConst) {}
    fn visit_angle_bracketed_generic_arguments_mut(&mut self, _: &mut AngleBracketedGenericArguments) {}
    fn visit_path_arguments_mut(&mut self, _: &mut PathArguments) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

impl ArithmeticCheck {
    fn arguments(&mut self, arguments: &mut Punctuated<Expr, Token![,]>) {
        for argument in arguments {
            match argument {
                Expr::Closure(closure) => self.visit_expr_mut(&mut closure.body),
                argument => self.visit_expr_mut(argument),
            }
        }
    }

    fn binary(&mut self, binary: &mut ExprBinary, user_text: String) -> Option<TokenStream> {
        let (check, assigns) = check_of(&binary.op)?;
        let (left, right) = (&*binary.left, &*binary.right);
        let is_constant = !assigns && is_compile_time(left, &is_literal) && is_compile_time(right, &is_literal);
        let has_unknown_order = assigns && !is_plain_place(left) && !are_independent(left, right);
        let is_static = assigns && is_static(left);
        if is_constant || is_static || has_unknown_order || is_not_integer(left) || is_not_integer(right) {
            return None;
        }
        let this = ArithmeticOperator::new(binary, check, user_text);
        let attrs = take_attributes(&mut binary.left);
        self.visit_expr_mut(&mut binary.left);
        self.visit_expr_mut(&mut binary.right);
        let written = match assigns {
            true if is_plain_place(&binary.left) => this.assigned(binary),
            true => this.assigned_by_reference(binary),
            false => this.value(binary),
        };
        Some(quote!(#(#attrs)* #written))
    }

    fn negation(&mut self, unary: &mut ExprUnary, user_text: String) -> Option<TokenStream> {
        let UnOp::Neg(minus) = &unary.op else { return None };
        if is_compile_time(&unary.expr, &is_literal) || is_not_integer(&unary.expr) {
            return None;
        }
        let (span, minus) = (minus.span, *minus);
        let value = Ident::new("__value", span.located_at(last_span(&unary.expr)));
        self.visit_expr_mut(&mut unary.expr);
        let (at, operand) = (generated(span), &unary.expr);
        let check = method(quote_spanned!(span=> ::dataflow::__private::Negated(&#value)), "neg", span, &user_text);
        let operand = quote_spanned!(at=> (#operand,));
        let checked = quote_spanned!(at=> (#value,) => { #check; #minus #value });
        Some(located(span, (span, value.span()), &operand, checked))
    }
}

/// An operator with its check.
struct ArithmeticOperator {
    check: &'static str,
    /// The expression as the user wrote it.
    user_text: String,
    /// The span of the operator.
    span: Span,
    left: Ident,
    right: Ident,
}

impl ArithmeticOperator {
    fn new(binary: &ExprBinary, check: &'static str, user_text: String) -> Self {
        // The user's spans, so that compiler messages are the same as for the user's expression.
        let span = first_span(&binary.op);
        let left = Ident::new("__left", span.located_at(first_span(&binary.left)));
        let right = Ident::new("__right", span.located_at(last_span(&binary.right)));
        ArithmeticOperator { check, user_text, span, left, right }
    }

    /// `Operands(left, right).add("…")`
    fn check(&self, left: &TokenStream) -> TokenStream {
        let (span, right) = (self.span, &self.right);
        let operands = quote_spanned!(span=> ::dataflow::__private::Operands(#left, &#right));
        method(operands, self.check, span, &self.user_text)
    }

    /// `left * right`
    fn value(&self, ExprBinary { left: first, op, right: second, .. }: &ExprBinary) -> TokenStream {
        let (at, ArithmeticOperator { left, right, .. }) = (generated(self.span), self);
        let check = self.check(&quote_spanned!(self.span=> &#left));
        let operands = quote_spanned!(at=> (#first, #second));
        let checked = quote_spanned!(at=> (#left, #right) => { #check; #left #op #right });
        located(self.span, (left.span(), right.span()), &operands, checked)
    }

    /// `place += right`, for a place that may be evaluated twice.
    fn assigned(&self, ExprBinary { left: place, op, right: value, .. }: &ExprBinary) -> TokenStream {
        let (at, right) = (generated(self.span), &self.right);
        let check = self.check(&quote_spanned!(self.span=> &#place));
        quote_spanned!(at=> (match (#value,) { (#right,) => { #check; #place #op #right } }))
    }

    /// `place += right`, for a place that is evaluated once, after the value, as Rust does for
    /// integers.
    fn assigned_by_reference(&self, ExprBinary { left: place, op, right: value, .. }: &ExprBinary) -> TokenStream {
        let (at, ArithmeticOperator { left, right, .. }) = (generated(self.span), self);
        let check = self.check(&quote_spanned!(self.span=> &*#left));
        quote_spanned!(at=> (match (#value,) { (#right,) => match &mut #place { #left => { #check; *#left #op #right } } }))
    }
}

/// `(match operands { arm })` for an operator. Compiler messages about its value point to the
/// user's whole expression, from the first span to the second. The parentheses have the macro's
/// span, so that no lint calls them superfluous.
fn located(operator: Span, (from, to): (Span, Span), operands: &TokenStream, arm: TokenStream) -> TokenStream {
    let word = Ident::new("match", from);
    let mut arms = Group::new(Delimiter::Brace, arm);
    arms.set_span(to);
    quote_spanned!(generated(operator)=> (#word #operands #arms))
}

/// `operands.check(user_text)`. Its tokens have the user's spans, because the error names their
/// file and line.
fn method(operands: TokenStream, check: &str, span: Span, user_text: &str) -> TokenStream {
    let check = Ident::new(check, span);
    quote_spanned!(span=> #operands.#check(#user_text))
}

/// The check of an operator, and whether the operator assigns to its left side.
fn check_of(op: &BinOp) -> Option<(&'static str, bool)> {
    Some(match op {
        BinOp::Add(_) => ("add", false),
        BinOp::Sub(_) => ("sub", false),
        BinOp::Mul(_) => ("mul", false),
        BinOp::Shl(_) => ("shl", false),
        BinOp::Shr(_) => ("shr", false),
        BinOp::AddAssign(_) => ("add", true),
        BinOp::SubAssign(_) => ("sub", true),
        BinOp::MulAssign(_) => ("mul", true),
        BinOp::ShlAssign(_) => ("shl", true),
        BinOp::ShrAssign(_) => ("shr", true),
        // A division by zero, or of the smallest number by -1, panics in any build. Bit operators
        // cannot overflow.
        _ => return None,
    })
}

/// Attributes of a statement. The parser attaches them to the first operand.
fn take_attributes(expr: &mut Expr) -> Vec<Attribute> {
    match expr {
        Expr::Binary(binary) => take_attributes(&mut binary.left),
        Expr::Cast(cast) => take_attributes(&mut cast.expr),
        Expr::Path(path) => std::mem::take(&mut path.attrs),
        Expr::Field(field) => std::mem::take(&mut field.attrs),
        Expr::Index(index) => std::mem::take(&mut index.attrs),
        Expr::Unary(unary) => std::mem::take(&mut unary.attrs),
        Expr::Paren(paren) => std::mem::take(&mut paren.attrs),
        Expr::MethodCall(call) => std::mem::take(&mut call.attrs),
        _ => Vec::new(),
    }
}

/// An expression as the user wrote it: generated names are replaced by the user's text.
fn shown(expr: &Expr) -> String {
    let mut text = text::of_condition(expr);
    let mut names = Vec::new();
    names_in_tokens(expr.to_token_stream(), &mut names);
    for name in names.iter().filter(|name| name.to_string().starts_with("__")) {
        let Some(source) = name.span().source_text() else { continue };
        let (is_slot, name) = (measures::is_slot(name), name.to_string());
        text = match is_slot {
            true => text.replacen(&format!("{name}.sum()"), &name, 1).replacen(&name, &format!("{source}(…)"), 1),
            false => text.replacen(&format!("{name}."), "", 1).replacen(&name, &source, 1),
        };
    }
    text
}
