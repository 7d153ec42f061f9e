//! Spans of the user's tokens and of generated code.

use proc_macro2::Span;
use quote::ToTokens;

/// The span of generated code: hygienic names, and compiler messages that point to the user's word.
pub(crate) fn generated(word: Span) -> Span {
    Span::mixed_site().located_at(word)
}

/// The span of the first token.
pub(crate) fn first_span(tokens: &impl ToTokens) -> Span {
    tokens.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// The span of the last token.
pub(crate) fn last_span(tokens: &impl ToTokens) -> Span {
    tokens.to_token_stream().into_iter().last().map_or_else(Span::call_site, |token| token.span())
}
