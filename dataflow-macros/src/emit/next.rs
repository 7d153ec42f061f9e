//! Continuations: the code that receives the values of a stage.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use crate::emit::precedence::before_block;
use crate::spans::generated;

/// Receives a value: emits it, or passes it to the next stage.
#[derive(Clone)]
pub(crate) struct Continuation {
    receiver: Receiver,
    /// Whether the value's type must have the fields of its record.
    must_be_fieldwise: bool,
}

#[derive(Clone)]
enum Receiver {
    Emit {
        /// The word of the operator that emits.
        span: Span,
    },
    Stage {
        /// The patterns to which the stage binds its records.
        parameters: Vec<TokenStream>,
        /// The code of the stage.
        run: TokenStream,
    },
}

impl Continuation {
    /// Emits the value. `span` is the word of the operator that emits.
    pub(crate) fn emit(span: Span) -> Self {
        Continuation { receiver: Receiver::Emit { span }, must_be_fieldwise: false }
    }

    /// Passes the value to another stage.
    pub(crate) fn stage(parameters: Vec<TokenStream>, run: TokenStream) -> Self {
        Continuation { receiver: Receiver::Stage { parameters, run }, must_be_fieldwise: false }
    }

    /// The patterns and the code of a stage. `None` for the emitter.
    pub(crate) fn into_stage(self) -> Option<(Vec<TokenStream>, TokenStream)> {
        match self.receiver {
            Receiver::Stage { parameters, run } => Some((parameters, run)),
            Receiver::Emit { .. } => None,
        }
    }

    /// Requires, if `must_be_fieldwise`, that the value's type has the fields of its record.
    pub(crate) fn fieldwise_if(self, must_be_fieldwise: bool) -> Self {
        Continuation { must_be_fieldwise, ..self }
    }

    /// The code that passes the value of an expression on.
    pub(crate) fn take(&self, value: impl ToTokens, span: Span) -> TokenStream {
        match &self.receiver {
            // The user's span: the compiler reports an argument of a wrong type at this call.
            Receiver::Emit { span } => {
                let value = value.into_token_stream();
                let emit = Ident::new(if is_tuple(&value) { "emit_parts" } else { "emit" }, *span);
                let (out, value) = (out(*span), self.type_checked(value, *span));
                quote_spanned!(*span=> #out.#emit(#value))
            }
            // Unlike a `let`, a `match` keeps the temporaries of the expression alive.
            Receiver::Stage { .. } => {
                let (value, (name, run)) = (before_block(value), self.each(span));
                quote_spanned!(span=> match #value { #name => { #run } })
            }
        }
    }

    /// A variable for values, and the code that passes each value on. The next stage gets a value
    /// as if it had been written and read.
    pub(crate) fn each(&self, span: Span) -> (Ident, TokenStream) {
        match &self.receiver {
            Receiver::Emit { span: word } => {
                let value = Ident::new("__value", *word);
                let run = self.take(&value, span);
                (value, run)
            }
            Receiver::Stage { parameters, run } => {
                let value = Ident::new("value", generated(span));
                let seen = self.type_checked(quote_spanned!(span=> &#value), span);
                let run = quote_spanned!(span=> #(let #parameters = ::dataflow::Value::twin(#seen);)* #run);
                (value, run)
            }
        }
    }

    /// The code that passes records on unchanged.
    pub(crate) fn pass(&self, records: &[Ident], span: Span) -> TokenStream {
        match &self.receiver {
            Receiver::Emit { .. } => self.take(records.first().into_token_stream(), span),
            Receiver::Stage { parameters, run } => {
                let pairs = parameters.iter().zip(records);
                let renamed = pairs.filter(|(new, old)| new.to_string() != old.to_string());
                let (new, old): (Vec<_>, Vec<_>) = renamed.unzip();
                quote_spanned!(span=> #(let #new = #old;)* #run)
            }
        }
    }

    /// The value or reference, with the required check of its type.
    fn type_checked(&self, value: TokenStream, span: Span) -> TokenStream {
        if self.must_be_fieldwise { quote_spanned!(span=> ::dataflow::__private::fieldwise(#value)) } else { value }
    }
}

/// The emitter. Its name has the user's span, because all uses of it are in the user's code.
pub(super) fn out(at: Span) -> Ident {
    Ident::new("__out", at)
}

/// Returns `true` if a value is written as a tuple that can be a record.
fn is_tuple(value: &TokenStream) -> bool {
    let mut tokens = value.clone().into_iter();
    let (Some(TokenTree::Group(group)), None) = (tokens.next(), tokens.next()) else { return false };
    let parts = group.stream().into_iter().collect::<Vec<_>>();
    let is_comma = |token: &&TokenTree| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',');
    let is_last = parts.last().is_some_and(|last| is_comma(&last));
    let commas = parts.iter().filter(is_comma).count() - usize::from(is_last);
    group.delimiter() == Delimiter::Parenthesis && (commas > 0 || is_last) && commas < MAX_PARTS
}

/// The largest number of parts of a tuple that is a record or a key.
pub(super) const MAX_PARTS: usize = 8;
