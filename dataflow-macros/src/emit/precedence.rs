//! Adds parentheses to expressions whose tokens would have another meaning in their new place.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

/// An expression before a block, as after `if` or `in`. Its own braces would be taken for that
/// block.
pub(super) fn before_block(expr: impl ToTokens) -> TokenStream {
    let tokens = expr.into_token_stream();
    let is_brace = |token: TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    match tokens.clone().into_iter().any(is_brace) {
        true => parenthesized(tokens),
        false => tokens,
    }
}

/// An expression that is the value of a block. A block at its start would be taken for a statement.
pub(super) fn at_end(expr: &Expr) -> TokenStream {
    match begins_with_block(expr) {
        true => parenthesized(expr.to_token_stream()),
        false => expr.to_token_stream(),
    }
}

fn begins_with_block(expr: &Expr) -> bool {
    let first = match expr {
        Expr::Binary(binary) => &binary.left,
        Expr::Cast(cast) => &cast.expr,
        Expr::Call(call) => &call.func,
        Expr::Index(index) => &index.expr,
        Expr::Range(range) => match &range.start {
            Some(start) => start,
            None => return false,
        },
        _ => return false,
    };
    matches!(**first, Expr::Block(_) | Expr::If(_) | Expr::Match(_) | Expr::Unsafe(_)) || begins_with_block(first)
}

/// An expression before `.`, `?` or a call.
pub(super) fn before_postfix(expr: &Expr) -> TokenStream {
    match expr {
        Expr::Path(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Field(_) | Expr::Index(_) | Expr::Try(_) => {
            expr.to_token_stream()
        }
        Expr::Paren(_) | Expr::Group(_) | Expr::Macro(_) | Expr::Lit(_) | Expr::Verbatim(_) => expr.to_token_stream(),
        _ => parenthesized(expr.to_token_stream()),
    }
}

fn parenthesized(tokens: TokenStream) -> TokenStream {
    let span = Span::mixed_site();
    quote_spanned!(span=> (#tokens))
}
