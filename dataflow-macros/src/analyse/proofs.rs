//! Proofs: the questions that types must answer before a predicate may move.
//!
//! A predicate that moves below another operator reads records that this operator would have
//! dropped. So it must have a value for each record. It may compare fields, captured values and
//! literals, and combine the results by logic. `10 / x.n > 2` may follow a guard.
//!
//! Syntax shows that much, but not whether a comparison runs code of the program, which may panic,
//! count, or order backwards. So the macro writes the values of the predicate a second time, each
//! as a [`TypeQuestion`]. `Flow::proven` of the builder API answers by types (`flow::proof`), when
//! the graph is built. The answers decide which predicates move, and which bounds a source may use.
//!
//! A filter that was taken out of a body is still evaluated there if the types do not prove it. If
//! they do, that code folds to nothing. A bound, which a derive fulfils, ensures that a struct's
//! fields are those of its record.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{BinOp, Block, Expr, ExprCall, ExprClosure, ExprMethodCall, Lit, Stmt, Type, UnOp, parse_quote_spanned};

use crate::analyse::captures::Capture;
use crate::syntax::names::{Mention, MentionKind, is_associated_constant, is_constant, peeled, plain_path};
use crate::syntax::patterns::bound_names;
use crate::syntax::scope::Scope;
use crate::words::is_one_of;

/// Methods of an `Option` that have a value for every receiver.
const OPTION_METHODS: &str = "is_none is_none_or is_some is_some_and";

/// Methods of texts and lists that have a value for every receiver.
const LIST_METHODS: &str = "contains ends_with is_empty len like starts_with";

/// A value, and the question that its type must answer.
#[derive(Clone)]
pub(crate) struct TypeQuestion {
    value: Expr,
    /// The method of the question.
    method: &'static str,
}

/// Whether the value is of a type of Rust or of the engine, whose comparisons have a result for all
/// values.
const PLAIN: &str = "__plain";
/// Whether it is a text or a list of such values.
const PLAIN_LIST: &str = "__several";
/// Whether it is an `Option` of such a value.
const OPTION: &str = "__option";
/// Whether it is a float, whose arithmetic has a result for all values.
const FLOAT: &str = "__float";

/// Methods of floats that have a value for every receiver.
const FLOAT_METHODS: &str = "abs cbrt ceil exp floor ln log10 log2 max min mul_add powf powi round sqrt trunc";

/// Number types with an infallible `from`.
const NUMBERS: &str = "i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64";

/// The values whose types decide whether a predicate has a value for every record and no side
/// effects. `None` if its syntax already rules that out.
pub(crate) fn of(predicate: &ExprClosure, scope: &Scope) -> Option<Vec<TypeQuestion>> {
    let records = predicate.inputs.iter().flat_map(bound_names).collect();
    let mut search = TotalitySearch { records, inner: Vec::new(), scope, questions: Vec::new() };
    search.is_total(&predicate.body).then_some(search.questions)
}

/// Like [`of`], for a closure with a value of any type, such as a measure.
pub(crate) fn of_value(closure: &ExprClosure, scope: &Scope) -> Option<Vec<TypeQuestion>> {
    let records = closure.inputs.iter().flat_map(bound_names).collect();
    let mut search = TotalitySearch { records, inner: Vec::new(), scope, questions: Vec::new() };
    search.has_value(&closure.body).then_some(search.questions)
}

/// The questions that are not about captured values.
pub(crate) fn without_captures(questions: &[TypeQuestion], captures: &[Capture]) -> Vec<TypeQuestion> {
    let is_captured = |question: &TypeQuestion| {
        plain_path(&question.value).is_some_and(|name| captures.iter().any(|it| it.name == *name))
    };
    questions.iter().filter(|question| question.method != PLAIN || !is_captured(question)).cloned().collect()
}

/// The questions whether captured values are plain, and so not accumulators.
pub(crate) fn of_captures(captures: &[Capture]) -> Vec<TypeQuestion> {
    let question = |Capture { name, .. }: &Capture| TypeQuestion {
        value: parse_quote_spanned!(name.span()=> #name),
        method: PLAIN,
    };
    captures.iter().map(question).collect()
}

/// The longest tuple that is passed to one question.
const MAX_VALUES_PER_QUESTION: usize = 8;

/// An expression whose type shows whether all answers are yes: the answers to `questions`, and
/// those named `known`.
pub(crate) fn answers(questions: &[TypeQuestion], known: Option<&Ident>, span: Span) -> Expr {
    let answers = known.map(ToTokens::to_token_stream).into_iter().chain(question_calls(questions, span));
    let all = answers.reduce(|all, answer| quote_spanned!(span=> (#all, #answer)));
    let all = all.unwrap_or_else(|| quote_spanned!(span=> ()));
    parse_quote_spanned!(span=> #all)
}

/// One call per question. The compiler resolves each call by the type of its value. Values that
/// must be plain share a call, because a tuple of plain values is plain.
fn question_calls(questions: &[TypeQuestion], span: Span) -> Vec<TokenStream> {
    let mut once: Vec<(&'static str, String, &Expr)> = Vec::new();
    for TypeQuestion { value, method } in questions {
        let text = value.to_token_stream().to_string();
        if !once.iter().any(|(other, known, _)| other == method && *known == text) {
            once.push((method, text, value));
        }
    }
    let (plain, others): (Vec<_>, Vec<_>) = once.into_iter().partition(|(method, ..)| *method == PLAIN);
    let values = plain.into_iter().map(|(.., value)| value).collect::<Vec<_>>();
    let plain = values.chunks(MAX_VALUES_PER_QUESTION).map(|values| match values {
        [value] => question_call(PLAIN, value.to_token_stream(), span),
        values => question_call(PLAIN, quote_spanned!(span=> (#(&#values),*)), span),
    });
    plain.chain(others.into_iter().map(|(word, _, value)| question_call(word, value.to_token_stream(), span))).collect()
}

/// Writes `Of(&value).__plain()`.
fn question_call(word: &str, value: TokenStream, span: Span) -> TokenStream {
    let word = Ident::new(word, span);
    quote_spanned!(span=> ::dataflow::__private::Of(&#value).#word())
}

struct TotalitySearch<'a> {
    /// The names that the predicate's parameters bind.
    records: Vec<&'a Ident>,
    /// The names that parameters of inner closures bind. They are parts of values that have a
    /// question.
    inner: Vec<&'a Ident>,
    scope: &'a Scope,
    questions: Vec<TypeQuestion>,
}

impl<'a> TotalitySearch<'a> {
    /// Returns `true` if an expression has a value for all values of its fields and no side
    /// effects, as far as syntax shows.
    fn is_total(&mut self, expr: &'a Expr) -> bool {
        match peeled(expr) {
            Expr::Lit(_) => true,
            Expr::Path(_) | Expr::Field(_) | Expr::Macro(_) => self.is_value(expr, PLAIN),
            Expr::Reference(reference) => self.is_total(&reference.expr),
            Expr::Cast(cast) => self.is_total(&cast.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().all(|element| self.is_total(element)),
            Expr::Array(array) => array.elems.iter().all(|element| self.is_total(element)),
            Expr::Unary(unary) => match unary.op {
                UnOp::Not(_) => self.is_total(&unary.expr),
                UnOp::Neg(_) => matches!(peeled(&unary.expr), Expr::Lit(_)),
                _ => false,
            },
            Expr::Binary(binary) => {
                is_comparison_or_logic(&binary.op) && self.is_total(&binary.left) && self.is_total(&binary.right)
            }
            Expr::Range(range) => range.start.iter().chain(&range.end).all(|end| self.is_total(end)),
            Expr::MethodCall(call) => self.is_total_call(call),
            Expr::Block(block) if block.label.is_none() => match block.block.stmts.as_slice() {
                [Stmt::Expr(only, None)] => self.is_total(only),
                _ => false,
            },
            _ => false,
        }
    }

    /// Like [`is_total`](Self::is_total), for a value that is not compared. A copied value may have
    /// any type, and float arithmetic is allowed.
    fn has_value(&mut self, expr: &'a Expr) -> bool {
        match peeled(expr) {
            Expr::Path(_) | Expr::Field(_) => self.is_known(expr) || is_constant(expr),
            Expr::Tuple(tuple) => tuple.elems.iter().all(|element| self.has_value(element)),
            Expr::If(branch) => {
                let otherwise = branch.else_branch.as_ref();
                self.is_total(&branch.cond)
                    && self.block_has_value(&branch.then_branch)
                    && otherwise.is_some_and(|(_, otherwise)| self.has_value(otherwise))
            }
            Expr::Block(block) if block.label.is_none() => self.block_has_value(&block.block),
            Expr::Call(call) if plain_path(&call.func).is_some_and(|name| name == "Some") => {
                call.args.iter().all(|argument| self.has_value(argument))
            }
            Expr::Call(call) if number_converted_to(call).is_some() => {
                call.args.iter().all(|argument| self.is_total(argument))
            }
            other => self.is_float(other) || self.is_total(other),
        }
    }

    fn block_has_value(&mut self, block: &'a Block) -> bool {
        matches!(block.stmts.as_slice(), [Stmt::Expr(only, None)] if self.has_value(only))
    }

    /// Returns `true` if an expression is a float for all values of its fields, provided that these
    /// are floats.
    fn is_float(&mut self, expr: &'a Expr) -> bool {
        let count = self.questions.len();
        let is_float = match peeled(expr) {
            Expr::Lit(literal) => matches!(literal.lit, Lit::Float(_)),
            Expr::Path(_) | Expr::Field(_) => self.is_value(expr, FLOAT),
            Expr::Cast(cast) if is_float_type(&cast.ty) => {
                self.is_total(&cast.expr) || {
                    self.questions.truncate(count);
                    self.is_float(&cast.expr)
                }
            }
            Expr::Call(call) if number_converted_to(call).is_some_and(|number| is_one_of(number, "f32 f64")) => {
                call.args.iter().all(|argument| self.is_total(argument))
            }
            Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && self.is_float(&unary.expr),
            Expr::Binary(binary) => {
                is_arithmetic(&binary.op) && self.is_float(&binary.left) && self.is_float(&binary.right)
            }
            Expr::MethodCall(call) => {
                let is_argument = |this: &mut Self, argument: &'a Expr| {
                    this.is_float(argument) || matches!(peeled(argument), Expr::Lit(_))
                };
                is_one_of(&call.method, FLOAT_METHODS)
                    && self.is_float(&call.receiver)
                    && call.args.iter().all(|argument| is_argument(self, argument))
            }
            _ => false,
        };
        if !is_float {
            self.questions.truncate(count);
        }
        is_float
    }

    fn is_total_call(&mut self, call: &'a ExprMethodCall) -> bool {
        let is_method = |words| is_one_of(&call.method, words);
        let receiver = peeled(&call.receiver);
        let is_known = match receiver {
            // A range or an array of plain values, or a text, as written.
            Expr::Range(_) | Expr::Array(_) | Expr::Lit(_) => is_method(LIST_METHODS) && self.is_total(receiver),
            _ if is_method(LIST_METHODS) => self.is_value(receiver, PLAIN_LIST),
            _ if is_method(OPTION_METHODS) => self.is_value(receiver, OPTION),
            _ => false,
        };
        is_known && call.turbofish.is_none() && call.args.iter().all(|argument| self.is_total_argument(argument))
    }

    fn is_total_argument(&mut self, argument: &'a Expr) -> bool {
        let Expr::Closure(closure) = argument else { return self.is_total(argument) };
        let outside = self.inner.len();
        self.inner.extend(closure.inputs.iter().flat_map(bound_names));
        let is_total = self.is_total(&closure.body);
        self.inner.truncate(outside);
        is_total
    }

    /// Returns `true` if an expression is a field, a captured value or a constant, and adds the
    /// question about its type.
    fn is_value(&mut self, expr: &'a Expr, method: &'static str) -> bool {
        if let Some(name) = plain_path(root(expr)) {
            if self.inner.contains(&name) {
                // A part of a plain value is plain, so it needs no question.
                return method == PLAIN;
            }
            if name == "None" {
                return method == PLAIN && plain_path(expr).is_some();
            }
        }
        let is_known = self.is_known(expr);
        if is_known {
            self.questions.push(TypeQuestion { value: peeled(expr).clone(), method });
        }
        is_known
    }

    /// Returns `true` if an expression is a field, a captured value or a constant.
    fn is_known(&self, expr: &Expr) -> bool {
        let root = root(expr);
        let is_named = plain_path(root).is_some_and(|name| {
            let captured = Mention { name, kind: MentionKind::Value, fields: Vec::new() };
            self.records.contains(&name) || self.scope.captures(&captured) || name == "None"
        });
        (is_named || is_constant(root)) && !is_associated_constant(root)
    }
}

/// The root of a field path.
fn root(expr: &Expr) -> &Expr {
    match peeled(expr) {
        Expr::Field(field) => root(&field.base),
        root => root,
    }
}

/// The type in `i64::from(value)`, if it is a number.
fn number_converted_to(call: &ExprCall) -> Option<&Ident> {
    let Expr::Path(path) = &*call.func else { return None };
    let segments = path.path.segments.iter().collect::<Vec<_>>();
    match segments[..] {
        [number, from] if from.ident == "from" && is_one_of(&number.ident, NUMBERS) => Some(&number.ident),
        _ => None,
    }
}

fn is_float_type(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("f64") || path.path.is_ident("f32"))
}

fn is_arithmetic(op: &BinOp) -> bool {
    matches!(op, BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) | BinOp::Div(_) | BinOp::Rem(_))
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
