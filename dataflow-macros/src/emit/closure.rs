//! The user's closures, written where their values are used.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprClosure, ReturnType};

use crate::analyse::returns;
use crate::emit::body::generated;
use crate::emit::checked;
use crate::emit::precedence::at_end;
use crate::emit::tail;
use crate::syntax::names::{peeled, plain_path};
use crate::syntax::patterns::plain_name;

/// A closure over records.
pub(crate) struct Closure<'a> {
    closure: &'a ExprClosure,
    /// Its body, whose arithmetic is checked.
    body: Expr,
    is_fallible: bool,
    /// Takes the records apart, where they have names of their own.
    bindings: TokenStream,
    /// The names of the records, to pass them on by.
    pub(crate) records: Vec<Ident>,
    /// For code around the user's: located at the operator's word.
    pub(crate) span: Span,
    word: Span,
}

impl<'a> Closure<'a> {
    /// A closure with the user's own parameters. The value of a fallible one is what its `Ok` holds.
    pub(super) fn new(closure: &'a ExprClosure, is_fallible: bool, word: Span) -> Self {
        let records = closure.inputs.iter().filter_map(plain_name).cloned().collect();
        let body = checked::body(closure);
        Closure { closure, body, is_fallible, bindings: TokenStream::new(), records, span: generated(word), word }
    }

    /// The closure, of records that are called otherwise; its own patterns bind inside of it only.
    pub(super) fn with_records_named(mut self, records: Vec<Ident>) -> Self {
        let patterns = self.closure.inputs.iter();
        self.bindings = quote_spanned!(self.span=> #(let #patterns = #records;)*);
        self.records = records;
        self
    }

    /// Writes the body, with `then` wherever a value of it is made.
    pub(crate) fn each_value(&self, then: &dyn Fn(&Expr) -> TokenStream) -> TokenStream {
        let then = |value: &Expr| match self.is_fallible {
            true => self.unwrapped(value, then),
            false => then(value),
        };
        self.bound(match self.must_be_called() {
            true => then(&self.called()),
            false => tail::push(&self.body, &then),
        })
    }

    /// The closure's value as one expression.
    pub(crate) fn value(&self) -> TokenStream {
        self.bound(match self.must_be_called() {
            true => self.called().into_token_stream(),
            false => at_end(peeled(&self.body)),
        })
    }

    fn must_be_called(&self) -> bool {
        returns::needs_its_closure(self.closure, self.is_fallible)
    }

    /// Takes the records apart for `run` alone: what these variables hide, the stages after it may mean.
    fn bound(&self, run: TokenStream) -> TokenStream {
        match &self.bindings {
            none if none.is_empty() => run,
            bindings => quote_spanned!(self.span=> { #bindings #run }),
        }
    }

    /// `(|| body)()`, for bodies that only make sense in a closure.
    fn called(&self) -> Expr {
        let (span, body) = (self.span, &self.body);
        let output = match &self.closure.output {
            ReturnType::Default if self.is_fallible => {
                quote_spanned!(span=> -> ::core::result::Result<_, ::dataflow::UserError>)
            }
            output => output.to_token_stream(),
        };
        let body = match body {
            Expr::Block(_) => body.to_token_stream(),
            body => quote_spanned!(span=> { #body }),
        };
        Expr::Verbatim(quote_spanned!(span=> (|| #output #body)()))
    }

    /// Takes the value out of a `Result`. `Ok(..)` and `Err(..)` as they stand say nothing about each other's type,
    /// so they are not put together only to be taken apart.
    fn unwrapped(&self, result: &Expr, then: &dyn Fn(&Expr) -> TokenStream) -> TokenStream {
        let span = self.span;
        match constructor(result) {
            Some((name, value)) if name == "Ok" => then(value),
            Some((name, error)) if name == "Err" => quote_spanned! {span=>
                return ::core::result::Result::Err(::core::convert::From::from(#error))
            },
            _ => {
                let at = self.word.located_at(last_span(result));
                let result = quote_spanned!(at=> ::core::convert::identity::<::core::result::Result<_, _>>(#result)?);
                then(&Expr::Verbatim(result))
            }
        }
    }
}

fn last_span(expr: &Expr) -> Span {
    let tokens = expr.to_token_stream().into_iter();
    tokens.last().map_or_else(Span::mixed_site, |token| token.span())
}

/// The name and the argument of `Name(argument)`.
pub(super) fn constructor(expr: &Expr) -> Option<(&Ident, &Expr)> {
    let Expr::Call(call) = peeled(expr) else { return None };
    let name = plain_path(&call.func)?;
    match call.args.first() {
        Some(argument) if call.args.len() == 1 => Some((name, argument)),
        _ => None,
    }
}
