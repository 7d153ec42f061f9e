//! Emits calls of builder methods in place of the user's calls.
//!
//! All tokens from the dot to the closing parenthesis keep the user's spans, including the outer
//! tokens of the arguments. If a call mixed spans of the user and of the macro, the compiler would
//! report its mistakes at the attribute. Only names must have the macro's spans.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::syntax::Call;

/// `.method(arguments)` in place of a call.
pub(super) fn in_place_of(call: &Call, method: &str, arguments: TokenStream) -> TokenStream {
    let (dot, method) = (call.dot, Ident::new(method, call.span()));
    let mut tokens = quote!(#dot #method);
    call.paren.surround(&mut tokens, |inside| inside.extend(arguments));
    tokens
}

/// `.method(arguments)` in place of a single word.
pub(super) fn at_word(word: Span, method: &str, arguments: TokenStream) -> TokenStream {
    let method = Ident::new(method, word);
    quote_spanned!(word=> .#method(#arguments))
}
