//! Calls of the builder that stand where the user wrote a call.
//!
//! Everything from the dot to the closing parenthesis keeps the user's own spans, the outer tokens of its arguments
//! included: the compiler reports mistakes in a call with spans of both the user and the macro at the attribute. Only
//! names must have the macro's own spans.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::syntax::Call;

/// `.method(arguments)` in the place of a call.
pub(super) fn in_place_of(call: &Call, method: &str, arguments: TokenStream) -> TokenStream {
    let (dot, method) = (call.dot, Ident::new(method, call.span()));
    let mut tokens = quote!(#dot #method);
    call.paren.surround(&mut tokens, |inside| inside.extend(arguments));
    tokens
}

/// `.method(arguments)` in the place of a single word.
pub(super) fn at_word(word: Span, method: &str, arguments: TokenStream) -> TokenStream {
    let method = Ident::new(method, word);
    quote_spanned!(word=> .#method(#arguments))
}
