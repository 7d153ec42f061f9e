//! Holes: what a flow expression leaves behind in the syntax tree when it is taken out.
//!
//! A hole is a verbatim expression that consists of a single literal. The parser never makes one: it reads literals
//! as literal expressions, and keeps verbatim only what it does not understand.

use proc_macro2::{Literal, TokenStream, TokenTree};
use syn::Expr;

use crate::syntax::ids::FlowId;

/// The hole of a flow.
pub(crate) fn hole(flow: FlowId) -> Expr {
    Expr::Verbatim(TokenStream::from(TokenTree::Literal(Literal::usize_unsuffixed(flow.0))))
}

/// The flow whose hole `expr` is.
pub(crate) fn flow_of(expr: &Expr) -> Option<FlowId> {
    let Expr::Verbatim(tokens) = expr else { return None };
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Literal(literal)), None) => literal.to_string().parse().ok().map(FlowId),
        _ => None,
    }
}
