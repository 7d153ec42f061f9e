//! The user's closures, written at the places where their values are used.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprClosure, Pat, ReturnType, Type};

use crate::analyse::returns;
use crate::emit::checked;
use crate::emit::precedence::at_end;
use crate::emit::tail;
use crate::spans::{generated, last_span};
use crate::syntax::names::{peeled, plain_path};
use crate::syntax::patterns::plain_name;

/// A closure over records.
pub(crate) struct Closure<'a> {
    closure: &'a ExprClosure,
    /// The body with checked arithmetic.
    body: Expr,
    pub(super) is_fallible: bool,
    /// Statements that match the closure's patterns against records with generated names, or check
    /// the records' types.
    bindings: TokenStream,
    /// The names of the records, for the next stage.
    pub(crate) records: Vec<Ident>,
    /// The span of generated code, located at the operator's word.
    pub(crate) span: Span,
    word: Span,
}

impl<'a> Closure<'a> {
    /// A closure with the user's parameters. The value of a fallible closure is the content of its
    /// `Ok`.
    pub(super) fn new(closure: &'a ExprClosure, is_fallible: bool, word: Span) -> Self {
        let records = closure.inputs.iter().filter_map(plain_name).cloned().collect();
        let body = checked::body(closure);
        Closure { closure, body, is_fallible, bindings: TokenStream::new(), records, span: generated(word), word }
    }

    /// Adds a check that the records have the written types. The parameters themselves are emitted
    /// [`untyped`]. The check has its own message for a type that closures do not get.
    pub(super) fn with_records_typed(mut self) -> Self {
        let typed = self.closure.inputs.iter().filter_map(typed);
        self.bindings = typed.map(|(name, ty)| seen_as(name, name, ty)).collect();
        self
    }

    /// Uses records with these names. The closure's patterns bind only inside of it.
    pub(super) fn with_records_named(mut self, records: Vec<Ident>) -> Self {
        let bindings = self.closure.inputs.iter().zip(&records).map(|(pattern, record)| match typed(pattern) {
            Some((name, ty)) => seen_as(name, record, ty),
            None => quote_spanned!(self.span=> let #pattern = #record;),
        });
        self.bindings = bindings.collect();
        self.records = records;
        self
    }

    /// Moves messages about the records to another place than the parameters.
    pub(super) fn with_records_located(mut self, at: Option<Span>) -> Self {
        if let Some(at) = at {
            self.records.iter_mut().for_each(|record| record.set_span(record.span().located_at(at)));
        }
        self
    }

    /// Emits the body, with `then` applied to each of its values.
    pub(crate) fn each_value(&self, then: &dyn Fn(&Expr) -> TokenStream) -> TokenStream {
        let then = |value: &Expr| match self.is_fallible {
            true => self.unwrap_result(value, then),
            false => then(value),
        };
        self.with_bindings(match self.must_stay_closure() {
            true => then(&self.call_expression()),
            false => tail::push_continuation(&self.body, &then),
        })
    }

    /// Like [`Closure::each_value`], but all branches become one value if `part` of one of them
    /// contains a `None`. The `None` then gets the type of the other branches.
    pub(crate) fn each_typed_value(
        &self,
        part: fn(&Expr) -> Option<&Expr>,
        then: &dyn Fn(&Expr) -> TokenStream,
    ) -> TokenStream {
        match !self.is_fallible && tail::has_untyped_none(&self.body, part) {
            true => then(&Expr::Verbatim(self.value())),
            false => self.each_value(then),
        }
    }

    /// The closure's value as one expression.
    pub(crate) fn value(&self) -> TokenStream {
        self.with_bindings(match self.must_stay_closure() {
            true => self.call_expression().into_token_stream(),
            false => at_end(peeled(&self.body)),
        })
    }

    fn must_stay_closure(&self) -> bool {
        returns::needs_its_closure(self.closure, self.is_fallible)
    }

    /// Binds the patterns for `run` only: these variables may hide names that later stages use.
    fn with_bindings(&self, run: TokenStream) -> TokenStream {
        match &self.bindings {
            none if none.is_empty() => run,
            bindings => quote_spanned!(self.span=> { #bindings #run }),
        }
    }

    /// `(|| body)()`, for a body that must stay a closure.
    fn call_expression(&self) -> Expr {
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

    /// `function(value)`. The compiler reports a wrong type at the value.
    pub(super) fn called_with(&self, function: &TokenStream, value: &Expr) -> TokenStream {
        let at = self.word.located_at(last_span(value));
        quote_spanned!(at=> #function(#value))
    }

    /// Takes the value out of a `Result`. A written `Ok(..)` does not determine the error type, and
    /// an `Err(..)` not the value type. So neither is made a `Result` first.
    fn unwrap_result(&self, result: &Expr, then: &dyn Fn(&Expr) -> TokenStream) -> TokenStream {
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

/// The parameters of a closure over records, without the types of plain names.
pub(super) fn untyped(closure: &ExprClosure) -> impl Iterator<Item = TokenStream> {
    closure
        .inputs
        .iter()
        .map(|input| typed(input).map_or_else(|| input.to_token_stream(), |(name, _)| name.to_token_stream()))
}

/// The name and the type of a parameter that has both.
fn typed(input: &Pat) -> Option<(&Ident, &Type)> {
    match input {
        Pat::Type(typed) => Some((plain_name(&typed.pat)?, &typed.ty)),
        _ => None,
    }
}

/// Emits `let order = seen_as::<Order, _>(order);`.
fn seen_as(name: &Ident, record: &Ident, ty: &Type) -> TokenStream {
    let at = name.span().located_at(ty.span());
    let record = Ident::new(&record.to_string(), record.span().located_at(ty.span()));
    quote_spanned!(at=> let #name = ::dataflow::__private::seen_as::<#ty, _>(#record);)
}

/// The value itself, as the `part` of [`Closure::each_typed_value`].
pub(super) fn whole(value: &Expr) -> Option<&Expr> {
    Some(value)
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
