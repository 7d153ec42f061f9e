//! What the compiler is asked about a predicate before it may run elsewhere.
//!
//! A predicate that is moved below another operator sees records that this operator would have dropped: it must have a value for each. It may
//! compare fields, captured values and literals, and combine that by logic; `10 / x.n > 2` may stand behind a guard. That much is syntax. Whether
//! a comparison is one of the language's own, or code of the program's that may panic, only types say. So the values that a predicate looks at
//! are written down once more, each as an [`Asked`], and `Flow::proven` of the builder API finds out.
//!
//! **Syntax proposes, types dispose.** The macro sees that a filter compares `r.id` with `least`, not what comparing them does: a type of the
//! program's may panic, count, or order backwards. So it writes the values that a filter looks at once more, as questions that the compiler answers
//! by a type (`flow::proof`), and what moves, and which bounds a source may trust, follows when the graph is built. A filter that the macro has
//! taken out of a body is still asked there where types say no; where they say yes, that code folds to nothing. That a struct's fields are its
//! record's is a bound, which a derive fulfils.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{BinOp, Expr, ExprClosure, ExprMethodCall, UnOp, parse_quote_spanned};

use crate::analyse::captures::Capture;
use crate::syntax::names::{Mention, MentionKind, is_constant, is_of_a_type, peeled, plain_path};
use crate::syntax::patterns::bound_names;
use crate::syntax::scope::Scope;
use crate::words::is_one_of;

/// Methods of an `Option` that have an answer for each.
const OPTION_METHODS: &str = "is_none is_none_or is_some is_some_and";

/// Methods of texts and lists that have an answer for each.
const LIST_METHODS: &str = "contains ends_with is_empty len like starts_with";

/// A value whose type is to say something.
#[derive(Clone)]
pub(crate) struct Asked {
    value: Expr,
    /// The method that asks it.
    question: &'static str,
}

/// It is a value of the language or of the engine, whose comparisons have an answer for each.
const PLAIN: &str = "__plain";
/// It is a text or a list of such values.
const SEVERAL: &str = "__several";
/// It is an `Option` of such a value.
const OPTION: &str = "__option";

/// The values whose types decide whether a predicate has an answer for every record and does nothing else; `None` where its words do not say so.
pub(crate) fn of(predicate: &ExprClosure, scope: &Scope) -> Option<Vec<Asked>> {
    let records = predicate.inputs.iter().flat_map(bound_names).collect();
    let mut search = TotalitySearch { records, inner: Vec::new(), scope, asked: Vec::new() };
    search.is_total(&predicate.body).then_some(search.asked)
}

/// The questions that are not about captured values.
pub(crate) fn of_others(asked: &[Asked], captures: &[Capture]) -> Vec<Asked> {
    let is_captured =
        |asked: &Asked| plain_path(&asked.value).is_some_and(|name| captures.iter().any(|it| it.name == *name));
    asked.iter().filter(|asked| asked.question != PLAIN || !is_captured(asked)).cloned().collect()
}

/// The questions whether captured values are plain, and so no accumulators.
pub(crate) fn of_captures(captures: &[Capture]) -> Vec<Asked> {
    let asked =
        |Capture { name, .. }: &Capture| Asked { value: parse_quote_spanned!(name.span()=> #name), question: PLAIN };
    captures.iter().map(asked).collect()
}

/// The most values that are asked at once, as a tuple.
const ASKED_AT_ONCE: usize = 8;

/// The answers to some questions, beside those that have a name already, as one value of a type that says whether all of them are yes.
pub(crate) fn answers(asked: &[Asked], known: Option<&Ident>, span: Span) -> Expr {
    let answers = known.map(ToTokens::to_token_stream).into_iter().chain(questions(asked, span));
    let all = answers.reduce(|all, answer| quote_spanned!(span=> (#all, #answer)));
    let all = all.unwrap_or_else(|| quote_spanned!(span=> ()));
    parse_quote_spanned!(span=> #all)
}

/// Each question is a call, which the compiler looks for by the types of values. So it is called once for all values that are to be plain,
/// as a tuple of plain values is.
fn questions(asked: &[Asked], span: Span) -> Vec<TokenStream> {
    let mut once: Vec<(&'static str, String, &Expr)> = Vec::new();
    for Asked { value, question } in asked {
        let text = value.to_token_stream().to_string();
        if !once.iter().any(|(other, known, _)| other == question && *known == text) {
            once.push((question, text, value));
        }
    }
    let (plain, others): (Vec<_>, Vec<_>) = once.into_iter().partition(|(question, ..)| *question == PLAIN);
    let values = plain.into_iter().map(|(.., value)| value).collect::<Vec<_>>();
    let plain = values.chunks(ASKED_AT_ONCE).map(|values| match values {
        [value] => question(PLAIN, value.to_token_stream(), span),
        values => question(PLAIN, quote_spanned!(span=> (#(&#values),*)), span),
    });
    plain.chain(others.into_iter().map(|(word, _, value)| question(word, value.to_token_stream(), span))).collect()
}

/// `Of(&value).__plain()`
fn question(word: &str, value: TokenStream, span: Span) -> TokenStream {
    let word = Ident::new(word, span);
    quote_spanned!(span=> ::dataflow::__private::Of(&#value).#word())
}

struct TotalitySearch<'a> {
    /// What the predicate's parameters bind.
    records: Vec<&'a Ident>,
    /// What the parameters of closures inside of it bind: parts of values that are asked.
    inner: Vec<&'a Ident>,
    scope: &'a Scope,
    asked: Vec<Asked>,
}

impl<'a> TotalitySearch<'a> {
    /// Whether an expression has a value whatever its fields hold, and does nothing else, as far as its words say.
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
                [syn::Stmt::Expr(only, None)] => self.is_total(only),
                _ => false,
            },
            _ => false,
        }
    }

    fn is_total_call(&mut self, call: &'a ExprMethodCall) -> bool {
        let is_method = |words| is_one_of(&call.method, words);
        let receiver = peeled(&call.receiver);
        let is_known = match receiver {
            // A range or an array of plain values, and a text, as they are written.
            Expr::Range(_) | Expr::Array(_) | Expr::Lit(_) => is_method(LIST_METHODS) && self.is_total(receiver),
            _ if is_method(LIST_METHODS) => self.is_value(receiver, SEVERAL),
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

    /// Whether an expression is a field, a captured value or a constant; its type is asked.
    fn is_value(&mut self, expr: &'a Expr, question: &'static str) -> bool {
        let root = root(expr);
        if is_of_a_type(root) {
            return false;
        }
        if let Some(name) = plain_path(root) {
            if self.inner.contains(&name) {
                // A part of a plain value is plain. Which methods it has, nobody asks.
                return question == PLAIN;
            }
            if name == "None" {
                return question == PLAIN && plain_path(expr).is_some();
            }
            let captured = Mention { name, how: MentionKind::Value, fields: Vec::new() };
            if !(self.records.contains(&name) || self.scope.captures(&captured) || is_constant(root)) {
                return false;
            }
        } else if !is_constant(root) {
            return false;
        }
        self.asked.push(Asked { value: peeled(expr).clone(), question });
        true
    }
}

/// What a path of fields begins with.
fn root(expr: &Expr) -> &Expr {
    match peeled(expr) {
        Expr::Field(field) => root(&field.base),
        root => root,
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
