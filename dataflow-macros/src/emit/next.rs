//! What happens to the value that a stage makes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use crate::emit::body::{generated, out};
use crate::emit::precedence::before_block;

/// What happens to a value: it is emitted, or another stage looks at it.
pub(crate) enum Next {
    Emit {
        /// The word of the operator that emits.
        span: Span,
    },
    Stage {
        /// The patterns that the stage binds its records to.
        parameters: Vec<TokenStream>,
        /// What the stage does with them.
        run: TokenStream,
    },
}

impl Next {
    /// What happens to the value of an expression.
    pub(crate) fn take(&self, value: impl ToTokens, span: Span) -> TokenStream {
        match self {
            // The user's span, as the call is reported where its argument is of a wrong type.
            Next::Emit { span } => {
                let out = out(*span);
                quote_spanned!(*span=> #out.emit(#value))
            }
            // A `match` keeps the temporaries of the expression alive, as a `let` would not.
            Next::Stage { .. } => {
                let (value, (name, run)) = (before_block(value), self.each(span));
                quote_spanned!(span=> match #value { #name => { #run } })
            }
        }
    }

    /// A name for values, and what happens to each. The next stage sees them as if they had been written and read.
    pub(crate) fn each(&self, span: Span) -> (Ident, TokenStream) {
        match self {
            Next::Emit { span: word } => {
                let value = Ident::new("__value", *word);
                let run = self.take(&value, span);
                (value, run)
            }
            Next::Stage { parameters, run } => {
                let value = Ident::new("value", generated(span));
                let run = quote_spanned!(span=> #(let #parameters = ::dataflow::Value::twin(&#value);)* #run);
                (value, run)
            }
        }
    }

    /// What happens to records that are passed on as they are.
    pub(crate) fn pass(&self, records: &[Ident], span: Span) -> TokenStream {
        match self {
            Next::Emit { .. } => self.take(records.first().into_token_stream(), span),
            Next::Stage { parameters, run } => {
                let pairs = parameters.iter().zip(records);
                let renamed = pairs.filter(|(new, old)| new.to_string() != old.to_string());
                let (new, old): (Vec<_>, Vec<_>) = renamed.unzip();
                quote_spanned!(span=> #(let #new = #old;)* #run)
            }
        }
    }
}
